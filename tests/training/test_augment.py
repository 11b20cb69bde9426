from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import RandomResizedCrop, functional

from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.training import augment
from alexnet_viz.training.data import ImageSet
from alexnet_viz.training.recipe import Recipe
from alexnet_viz.values import Photo, Preprocessing

CROP, FLIP, SHARPNESS, COLOUR = range(4)
SIZES = [(64, 64), (256, 341), (400, 256), (30, 90), (256, 256), (9, 8)]  # height, width
EVERYTHING = Recipe(
    augmentation="random-resized-crop", min_area=0.1, pca_colour=0.1, colour_jitter=0.4, sharpness=0.9, seed=5
)


def image_set(*photos):
    return ImageSet(photos, np.arange(len(photos)), np.zeros(len(photos), np.int64), ("a", "b"))


@pytest.fixture
def ragged():
    """Smooth random photos of several sizes."""
    rng = np.random.default_rng(0)
    small = (rng.integers(0, 256, (7, 9, 3), dtype=np.uint8) for _ in range(2 * len(SIZES)))
    scaled = (Image.fromarray(a).resize(size[::-1], Image.BICUBIC) for a, size in zip(small, SIZES * 2, strict=True))
    return image_set(*(np.asarray(photo).copy() for photo in scaled))


def batch(images, indices, recipe, size=64, epoch=3):
    return augment.train_batch(images, np.array(indices), recipe, size=size, epoch=epoch, device="cpu")


def to_pixels(x):
    """Normalised (…, 3, H, W) back to 0 … 255."""
    mean, std = (torch.tensor(v)[:, None, None] for v in (Preprocessing().mean, Preprocessing().std))
    return (x * std + mean) * 255


# --- the same whatever the circumstances ---------------------------------------------------------


@pytest.mark.parametrize("augmentation", ["none", "crop-flip", "random-resized-crop"])
def test_a_photo_is_the_same_in_any_batch_and_thread(ragged, augmentation):
    recipe = EVERYTHING.changed(augmentation=augmentation)
    whole = batch(ragged, range(12), recipe)
    assert whole.shape == (12, 3, 64, 64)
    assert whole.dtype == torch.float32
    assert torch.equal(batch(ragged, [7, 2, 11], recipe), whole[[7, 2, 11]])
    with ThreadPoolExecutor(3) as threads:
        alone = list(threads.map(lambda i: batch(ragged, [i], recipe)[0], range(12)))
    assert torch.equal(torch.stack(alone), whole)


def test_epochs_and_seeds_differ(ragged):
    first = batch(ragged, range(12), EVERYTHING)
    for other in (batch(ragged, range(12), EVERYTHING, epoch=4), batch(ragged, range(12), EVERYTHING.changed(seed=6))):
        assert all(not torch.equal(a, b) for a, b in zip(first, other, strict=True))


def test_draws_are_uniform_and_independent():
    u = np.concatenate([augment.draws(seed, epoch, np.arange(500), 1, 4) for seed in (0, 1) for epoch in range(5)])
    assert u.shape == (5000, 4)
    assert 0 <= u.min() < 0.002
    assert 0.998 < u.max() < 1
    counts = np.stack([np.histogram(column, 20, (0, 1))[0] for column in u.T])
    assert abs(counts - 250).max() < 5 * 250**0.5
    neighbours = np.concatenate([u[:-1], u[1:]], 1)
    correlation = np.corrcoef(neighbours.T) - np.eye(8)
    correlation[np.abs(correlation) > 0.99] = 0
    assert abs(correlation).max() < 0.07
    assert (u == augment.draws(0, 0, np.array([0]), 2, 4)).sum() == 0


# --- crops ---------------------------------------------------------------------------------------


def test_no_augmentation_is_what_validation_sees(ragged):
    how = Preprocessing.for_size(64)
    plain = batch(ragged, range(12), Recipe(augmentation="none"))
    torch.testing.assert_close(plain, augment.eval_batch(ragged, np.arange(12), how, device="cpu"), atol=2e-6, rtol=0)


def test_crop_and_flip_cuts_windows_out_of_the_middle_square():
    rng = np.random.default_rng(1)
    photo = rng.integers(0, 256, (256, 300, 3), dtype=np.uint8)
    recipe = Recipe(augmentation="crop-flip")
    cut = to_pixels(batch(image_set(*[photo] * 60), range(60), recipe, size=224)).round().byte().permute(0, 2, 3, 1)
    windows = {
        photo[t : t + 224, s : s + 224].tobytes(): (t, s, False) for t in range(33) for s in range(22, 55)
    }  # the square is columns 22 to 277
    windows |= {
        photo[t : t + 224, s : s + 224][:, ::-1].tobytes(): (t, s, True) for t in range(33) for s in range(22, 55)
    }
    found = [windows[one.numpy().tobytes()] for one in cut]
    tops, lefts, flips = map(np.array, zip(*found, strict=True))
    assert len(set(found)) > 50
    assert tops.min() < 6
    assert tops.max() > 26
    assert lefts.min() < 28
    assert lefts.max() > 48
    assert 15 < flips.sum() < 45


@pytest.mark.parametrize("size", [(64, 64), (256, 341), (30, 200)])
def test_random_areas_are_distributed_as_torchvisions(size):
    torch.manual_seed(0)
    chance = augment.draws(0, 0, np.arange(3000), CROP, 22)
    ours = augment._random_areas(np.array([size] * 3000), chance, 0.08)
    blank = torch.zeros(3, *size)
    theirs = np.array([RandomResizedCrop.get_params(blank, (0.08, 1), (3 / 4, 4 / 3)) for _ in range(3000)])
    assert (ours[:, :2] >= 0).all()
    assert (ours[:, :2] + ours[:, 2:] <= size).all()
    for quantity in (lambda b: b[:, 0], lambda b: b[:, 1], lambda b: b[:, 2] * b[:, 3], lambda b: b[:, 2] / b[:, 3]):
        np.testing.assert_allclose(
            np.quantile(quantity(ours), [0.1, 0.3, 0.5, 0.7, 0.9]),
            np.quantile(quantity(theirs), [0.1, 0.3, 0.5, 0.7, 0.9]),
            atol=0.05 * np.ptp(quantity(theirs)),
        )


def test_a_shrinking_crop_does_not_alias():
    fine = np.zeros((256, 256, 3), np.uint8)
    fine[:, ::2] = 255  # one bright column in two: nothing but grey is left at less than half the size
    x = to_pixels(batch(image_set(*[fine] * 20), range(20), Recipe(augmentation="random-resized-crop", min_area=0.9)))
    assert x[..., 2:-2].std(-1).max() < 12
    assert abs(x.mean() - 127.5) < 3


def test_crops_are_resized_as_pillow_does(ragged):
    recipe = Recipe(augmentation="random-resized-crop", seed=3)
    found = to_pixels(batch(ragged, range(12), recipe, size=96, epoch=0))
    chance, flips = (augment.draws(3, 0, np.arange(12), what, n) for what, n in ((CROP, 22), (FLIP, 1)))
    for i, (x, chance_, flip) in enumerate(zip(found, chance, flips[:, 0] < 0.5, strict=True)):
        photo = ragged.image(i)
        ((top, left, height, width),) = augment._random_areas(np.array([photo.shape[:2]]), chance_[None], 0.08)
        crop = Image.fromarray(photo[top : top + height, left : left + width]).resize((96, 96), Image.BILINEAR)
        expected = np.asarray(crop)[:, ::-1] if flip else np.asarray(crop)
        assert abs(x.permute(1, 2, 0).numpy() - expected).max() < 1.01


# --- sharpness -----------------------------------------------------------------------------------


def fineness(x):
    """How much the brightness changes from pixel to pixel."""
    return to_pixels(x).mean(1).diff(dim=-1).abs().mean((1, 2))


def test_some_photos_are_blurred_others_sharpened_or_made_smaller():
    photo = np.random.default_rng(4).integers(60, 196, (64, 64, 3), dtype=np.uint8)
    images, recipe = image_set(*[photo] * 300), Recipe(augmentation="random-resized-crop", min_area=0.99)
    plain = fineness(batch(images, range(300), recipe, size=128))
    changed = fineness(batch(images, range(300), recipe.changed(sharpness=0.6), size=128)) / plain
    blurred, finer = (changed < 0.95).float().mean(), (changed > 1.05).float().mean()
    assert 0.12 < blurred < 0.28  # a third of 0.6
    assert 0.30 < finer < 0.50  # two thirds of it, less the hardly smaller ones
    assert torch.equal(batch(images, range(9), recipe), batch(images, range(9), recipe.changed(sharpness=0.0)))


def test_a_smaller_photo_is_mirrored_where_it_ends():
    photo = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    shown = augment._smaller(photo, np.array([0, 0, 4, 4]), 8, 1.0)
    np.testing.assert_array_equal(shown, np.pad(photo, ((2, 2), (2, 2), (0, 0)), mode="symmetric"))
    np.testing.assert_array_equal(augment._smaller(photo, np.array([0, 0, 4, 4]), 4, 1.0), photo)


# --- colours -------------------------------------------------------------------------------------


def test_pca_colour_shifts_as_the_paper_says():
    """One shift a photo, whose covariance is P diag((σ λ)²) Pᵀ in [0, 1], with the published P and λ of ImageNet."""
    photo = np.full((9, 9, 3), 128, np.uint8)
    images, recipe = image_set(*[photo] * 4000), Recipe(pca_colour=0.1)
    x = to_pixels(batch(images, range(4000), recipe, size=16)) / 255 - 128 / 255
    shift = x[:, :, 0, 0].double().numpy()
    assert abs(x - x[:, :, :1, :1]).max() < 1e-5
    p = np.array([[-0.5675, -0.5808, -0.5836], [0.7192, -0.0045, -0.6948], [0.4009, -0.8140, 0.4203]]).T
    expected = sum((0.1 * value) ** 2 * np.outer(v, v) for value, v in zip((0.2175, 0.0188, 0.0045), p.T, strict=True))
    np.testing.assert_allclose(np.cov(shift.T), expected, atol=0.06 * expected.max())
    along = (shift @ p) / (0.1 * np.array([0.2175, 0.0188, 0.0045]))
    assert abs(along.mean(0)).max() < 0.08
    np.testing.assert_allclose(along.std(0), 1, atol=0.08)
    assert abs((along**4).mean(0) - 3).max() < 0.6  # normal, not uniform


def test_colour_jitter_is_torchvisions():
    photo = (np.random.default_rng(2).integers(90, 150, (64, 64, 3))).astype(np.uint8)  # nothing to be clipped
    found = to_pixels(batch(image_set(*[photo] * 8), range(8), Recipe(colour_jitter=0.4, seed=9), epoch=2)) / 255
    factors = 0.6 + 0.8 * augment.draws(9, 2, np.arange(8), COLOUR, 7)[:, :3]
    plain = torch.from_numpy(prepared(photo, Preprocessing.for_size(64)).pixels.copy()).permute(2, 0, 1) / 255
    for x, (brightness, contrast, saturation) in zip(found, factors, strict=True):
        expected = functional.adjust_contrast(functional.adjust_brightness(plain, brightness), contrast)
        torch.testing.assert_close(x, functional.adjust_saturation(expected, saturation), atol=1e-4, rtol=0)


# --- validation ----------------------------------------------------------------------------------


def prepared(pixels, how):
    return preprocess(Photo("", pixels, (pixels.shape[1], pixels.shape[0]), "", ""), how)


@pytest.mark.parametrize("how", [Preprocessing(), Preprocessing.for_size(128)])
def test_validation_sees_what_the_classify_page_sees(ragged, how):
    found = augment.eval_batch(ragged, np.arange(12), how, device="cpu")
    expected = np.stack([prepared(ragged.image(i), how).tensor for i in range(12)])
    np.testing.assert_array_equal(found.numpy(), expected)


def test_ten_crops_are_torchvisions(ragged):
    how = Preprocessing()
    found = augment.eval_batch(ragged, np.array([1, 2]), how, device="cpu", ten_crop=True)
    assert found.shape == (2, 10, 3, 224, 224)
    for crops, i in zip(found, (1, 2), strict=True):
        square = functional.center_crop(functional.resize(Image.fromarray(ragged.image(i)), 256), 256)
        for crop, expected in zip(crops, functional.ten_crop(square, 224), strict=True):
            expected = functional.normalize(functional.to_tensor(expected), how.mean, how.std)
            torch.testing.assert_close(crop, expected, atol=1e-5, rtol=0)
