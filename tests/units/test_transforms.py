import torch

from alexnet_viz.units.choices import Choices
from alexnet_viz.units.transforms import Transforms, moved


def test_moves_are_drawn_by_seed_and_stay_within_what_was_chosen():
    transforms = Transforms.of(Choices(jitter=4, scale=0.2, rotate=10, seed=3), 224)
    moves = torch.tensor(transforms.draw(500))
    assert torch.equal(moves, torch.tensor(transforms.draw(500)))
    assert moves[:, :2].abs().max() <= 4
    assert (moves[:, 2] - 1).abs().max() <= 0.2
    assert moves[:, 3].rad2deg().abs().max() <= 10.001
    assert moves[:, :2].abs().max() > 3.5
    assert Transforms.of(Choices(), 11).jitter == 1


def test_a_quarter_turn_turns():
    picture = torch.rand((1, 3, 16, 16), generator=torch.Generator().manual_seed(1))
    turned = moved(picture, 16, 0, 0, 1, torch.pi / 2)
    assert torch.allclose(turned, picture.rot90(1, (2, 3)), atol=1e-4) or torch.allclose(
        turned, picture.rot90(-1, (2, 3)), atol=1e-4
    )
