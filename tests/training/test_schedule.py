"""The schedule's values against torch's own schedulers, and the plan of a run."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from alexnet_viz.errors import RecipeError
from alexnet_viz.training.recipe import Recipe
from alexnet_viz.training.schedule import (
    dropout_seed,
    ends_early,
    is_best,
    learning_rate,
    order,
    plan_training,
    plateaus,
    steps_to_keep,
)

PHOTOS = 320  # ten steps an epoch


def ours(recipe, top1=()):
    plan = plan_training(recipe, PHOTOS)
    return [learning_rate(recipe, plan, step, top1[: step // 10]) for step in range(plan.steps)]


def torchs(recipe, make, every=1):
    """The learning rate of each step under a torch scheduler that is moved on every so many steps."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], recipe.learning_rate)
    scheduler, rates = make(optimizer), []
    for step in range(10 * recipe.epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if (step + 1) % every == 0:
            scheduler.step()
    return rates


def test_cosine():
    recipe = Recipe(schedule="cosine", epochs=5)
    theirs = torchs(recipe, lambda optimizer: lr_scheduler.CosineAnnealingLR(optimizer, 50))
    np.testing.assert_allclose(ours(recipe), theirs, rtol=1e-9)


def test_warm_up_then_cosine():
    recipe = Recipe(schedule="cosine", epochs=5, warmup_epochs=1.0)

    def make(optimizer):
        warm = lr_scheduler.LinearLR(optimizer, 1 / 11, 1.0, 10)
        return lr_scheduler.SequentialLR(optimizer, [warm, lr_scheduler.CosineAnnealingLR(optimizer, 40)], [10])

    np.testing.assert_allclose(ours(recipe), torchs(recipe, make), rtol=1e-9)


def test_steps():
    recipe = Recipe(schedule="step", epochs=5, step_epochs=2)
    theirs = torchs(recipe, lambda optimizer: lr_scheduler.StepLR(optimizer, 2), every=10)
    np.testing.assert_allclose(ours(recipe), theirs, rtol=1e-9)


def test_constant():
    assert set(ours(Recipe(epochs=2))) == {0.01}


@given(st.lists(st.integers(0, 5).map(lambda n: n / 5), max_size=30), st.integers(1, 4))
def test_plateaus_as_torch_finds_them(top1, patience):
    optimizer = torch.optim.SGD([torch.zeros(1)], 1.0)
    scheduler = lr_scheduler.ReduceLROnPlateau(
        optimizer, "max", 0.1, patience, threshold=0, threshold_mode="abs", eps=0
    )
    for value in top1:
        scheduler.step(value)
    assert 0.1 ** plateaus(top1, patience) == pytest.approx(optimizer.param_groups[0]["lr"], rel=1e-9)


def test_a_plateau_divides_the_rate_from_the_next_epoch_on():
    recipe = Recipe(schedule="plateau", epochs=5, patience=1)
    rates = ours(recipe, [0.5, 0.4, 0.4, 0.6])
    assert rates[::10] == pytest.approx([0.01, 0.01, 0.01, 0.001, 0.001])


def test_early_stopping_counts_the_epochs_without_a_new_best():
    assert not ends_early([0.1, 0.3, 0.2], 2)
    assert ends_early([0.1, 0.3, 0.2, 0.3], 2)
    assert not ends_early([0.1, 0.3, 0.2, 0.31], 2)
    assert not ends_early([0.5] * 50, 0)
    assert not ends_early([], 3)


def test_of_equally_good_epochs_the_last_is_the_best():
    assert is_best([0.5])
    assert is_best([0.1, 0.3, 0.3])
    assert not is_best([0.1, 0.3, 0.29])


def test_an_epoch_leaves_out_the_incomplete_batch():
    plan = plan_training(Recipe(batch_size=32, epochs=3, snapshots=4), 100)
    assert (plan.steps_per_epoch, plan.steps) == (3, 9)
    assert plan.snapshot_steps == {0, 1, 4, 9}


@pytest.mark.parametrize(
    ("megabytes", "parameters", "steps"),
    [
        (128, 7_460_000, (0, 7, 30, 67, 120, 187, 269, 366)),  # the preset quick on its textures
        (128, 61_100_840, ()),  # one of torchvision's alone would fit, and shows no change
        (245, 61_100_840, (0, 366)),
        (0, 1000, ()),
    ],
)
def test_whole_weights_are_kept_as_often_as_the_recipes_megabytes_hold_them(megabytes, parameters, steps):
    assert tuple(sorted(steps_to_keep(Recipe(kept_megabytes=megabytes), 366, parameters))) == steps


def test_small_weights_are_kept_no_more_often_than_can_be_looked_at():
    assert len(steps_to_keep(Recipe(), 10_000, 1000)) == 24


def test_fewer_photos_than_a_batch_are_refused():
    with pytest.raises(RecipeError, match="at most 20"):
        plan_training(Recipe(), 20)


def test_the_order_is_a_permutation_of_its_own_in_each_epoch_and_seed():
    orders = [tuple(order(seed, epoch, 50)) for seed in (0, 1) for epoch in (0, 1)]
    assert len(set(orders)) == 4
    assert all(sorted(photos) == list(range(50)) for photos in orders)
    assert orders[0] == tuple(order(0, 0, 50))


def test_dropout_differs_by_seed_step_and_process():
    assert len({dropout_seed(*which) for which in [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]}) == 4
