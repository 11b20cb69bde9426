"""Photos to batches. For training: random crops, sharpness and colours, each a pure function of (seed, epoch, index).

Crops are resized photo by photo in uint8, antialiased, so that fine patterns do not alias where a crop shrinks. All
that happens to the colours, up to the normalisation, is one affine map of RGB for each photo, applied as one product.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from alexnet_viz.images.preprocess import center_crop, preprocess
from alexnet_viz.training.data import ImageSet
from alexnet_viz.training.recipe import Recipe
from alexnet_viz.values import Photo, Preprocessing

# Krizhevsky et al. 2012, section 4.1: the principal components of ImageNet's RGB values, one a column, and what their
# random weights are multiplied by, for pixels in [0, 1] (as published in fb.resnet.torch, datasets/imagenet.lua).
PCA_VECTORS = np.array([[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]])
PCA_VALUES = np.array([0.2175, 0.0188, 0.0045])
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, as torchvision and Pillow make grey
TRIES = 10  # for a random-resized crop that fits into the photo
MIRRORED = 2.0  # a photo is shown so many times smaller at most, with mirrored surroundings

_CROP, _FLIP, _SHARPNESS, _COLOUR = range(4)  # what the draws are for


def train_batch(
    images: ImageSet, indices: np.ndarray, recipe: Recipe, *, size: int, epoch: int, device: torch.device | str
) -> Tensor:
    """The photos as this epoch shows them: float32 (B, 3, size, size), normalised.

    Photo i of an epoch is the same in whatever batch, process or thread.
    """
    preprocessing = Preprocessing.for_size(size)
    photos = [images.image(i) for i in indices]
    if recipe.augmentation == "none":
        pixels = torch.from_numpy(np.stack([center_crop(_photo(photo), preprocessing)[0] for photo in photos]))
    else:
        sides = np.array([photo.shape[:2] for photo in photos])
        uniform = draws(recipe.seed, epoch, indices, _CROP, 2 * TRIES + 2)
        boxes = _random_areas(sides, uniform, recipe.min_area)
        if recipe.augmentation == "crop-flip":
            boxes = _random_squares(sides, uniform, preprocessing)
        flips = draws(recipe.seed, epoch, indices, _FLIP, 1)[:, 0] < 0.5
        sharpness = draws(recipe.seed, epoch, indices, _SHARPNESS, 2)
        pixels = torch.empty(len(photos), size, size, 3, dtype=torch.uint8)
        for out, photo, box, flip, (which, amount) in zip(pixels, photos, boxes, flips, sharpness, strict=True):
            crop = _crop(photo, box, size, recipe.sharpness, which, amount)[0].permute(1, 2, 0)
            out.copy_(crop.flip(1) if flip else crop)
    colour_maps = _colour_maps(recipe, draws(recipe.seed, epoch, indices, _COLOUR, 7), preprocessing)
    return _coloured(pixels.to(device), *colour_maps)


def eval_batch(
    images: ImageSet,
    indices: np.ndarray,
    preprocessing: Preprocessing,
    *,
    device: torch.device | str,
    ten_crop: bool = False,
) -> Tensor:
    """The photos as the classify page prepares them, float32 (B, 3, S, S).

    ``ten_crop`` gives (B, 10, 3, S, S), Krizhevsky et al. 2012, section 4.1: the corners and the centre of the
    photo's middle square, then those of its mirror image.
    """
    size, square = preprocessing.crop, preprocessing.resize
    if not ten_crop:
        return _stacked([preprocess(_photo(images.image(i)), preprocessing).tensor for i in indices], device)
    whole = Preprocessing(square, square, preprocessing.mean, preprocessing.std)
    x = _stacked([preprocess(_photo(images.image(i)), whole).tensor for i in indices], device)
    far, middle = square - size, round((square - size) / 2)
    corners = ((0, 0), (0, far), (far, 0), (far, far), (middle, middle))
    views = [view[..., top : top + size, left : left + size] for view in (x, x.flip(-1)) for top, left in corners]
    return torch.stack(views, 1)


def eval_pixels(images: ImageSet, indices: np.ndarray, preprocessing: Preprocessing) -> np.ndarray:
    """What a network sees of the photos, as pixels again: uint8 (B, S, S, 3)."""
    if not len(indices):
        return np.zeros((0, preprocessing.crop, preprocessing.crop, 3), np.uint8)
    x = eval_batch(images, indices, preprocessing, device="cpu")
    std, mean = (np.array(values, np.float32) for values in (preprocessing.std, preprocessing.mean))
    pixels = x.permute(0, 2, 3, 1).numpy() * std + mean
    return np.rint(255 * pixels.clip(0, 1)).astype(np.uint8)


def draws(seed: int, epoch: int, indices: np.ndarray, purpose: int, count: int) -> np.ndarray:
    """Uniform numbers in [0, 1), float64 (B, count), for each photo by a hash of all four (SplitMix64, Steele 2014)."""
    state = np.zeros(1, np.uint64)
    for value in (seed, epoch, purpose, indices):
        state = _scrambled(state + np.asarray(value, np.uint64))
    counter = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return (_scrambled(state[:, None] + counter) >> np.uint64(11)) * 2.0**-53


def _scrambled(z: np.ndarray) -> np.ndarray:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def _photo(pixels: np.ndarray) -> Photo:
    height, width = pixels.shape[:2]
    return Photo("", pixels, (width, height), "", "")


def _stacked(tensors: list[np.ndarray], device: torch.device | str) -> Tensor:
    return torch.from_numpy(np.stack(tensors)).to(device)


# --- crops: boxes are (top, left, height, width) -------------------------------------------------------


def _random_squares(sides: np.ndarray, uniform: np.ndarray, preprocessing: Preprocessing) -> np.ndarray:
    """The paper's crops: 224 of the middle 256×256, in the photo's own pixels; int (B, 4)."""
    short = sides.min(1, keepdims=True)
    side = np.maximum(1, np.rint(short * preprocessing.crop / preprocessing.resize))
    corner = (sides - short) // 2 + np.floor(uniform[:, -2:] * (short - side + 1))
    return np.concatenate([corner, side, side], 1).astype(int)


def _random_areas(sides: np.ndarray, uniform: np.ndarray, min_area: float) -> np.ndarray:
    """Boxes of a random share of the photo's area and an aspect of 3:4 to 4:3 (Szegedy et al. 2015), int (B, 4).

    As torchvision's RandomResizedCrop: the first of ten tries that fits, else the middle at the nearest such aspect.
    """
    height, width = sides[:, :1], sides[:, 1:]
    area = height * width * (min_area + (1 - min_area) * uniform[:, :TRIES])
    aspect = np.exp(np.log(4 / 3) * (2 * uniform[:, TRIES : 2 * TRIES] - 1))
    h, w = np.rint(np.sqrt(area / aspect)), np.rint(np.sqrt(area * aspect))
    fits = (h >= 1) & (h <= height) & (w >= 1) & (w <= width)
    first = fits.argmax(1)[:, None]
    box = np.concatenate([np.take_along_axis(side, first, 1) for side in (h, w)], 1)
    widest = np.concatenate([np.minimum(height, np.rint(width * 4 / 3)), np.minimum(width, np.rint(height * 4 / 3))], 1)
    has_fit = fits.any(1, keepdims=True)
    box = np.where(has_fit, box, widest)
    corner = np.where(has_fit, np.floor(uniform[:, -2:] * (sides - box + 1)), (sides - box) // 2)
    return np.concatenate([corner, box], 1).astype(int)


def _crop(photo: np.ndarray, box: np.ndarray, size: int, share: float, which: float, amount: float) -> Tensor:
    """The box at size × size, uint8 (1, 3, size, size); a ``share`` of all photos blurred, sharpened or made smaller.

    Photos of 64 pixels would otherwise teach that nothing has fine detail. The third kind shows as many of the photo's
    own pixels as the crop can hold, mirrored where the photo ends.
    """
    kind = int(3 * which / share) if which < share else None
    if kind == 2:
        return _resized(_as_tensor(_smaller(photo, box, size, amount)), size)
    top, left, height, width = box
    crop = _as_tensor(photo[top : top + height, left : left + width])
    detail = min(height, width, size)  # pixels across that carry anything
    if kind == 0:
        return _resized(_resized(crop, max(4, round(detail * (0.35 + 0.5 * amount)))), size)
    x = _resized(crop, size)
    if kind == 1:
        blurred = _resized(_resized(crop, max(4, detail // 2)), size).float()
        return blurred.lerp_(x.float(), 1.5 + 1.5 * amount).clamp_(0, 255).byte()  # unsharp mask
    return x


def _smaller(photo: np.ndarray, box: np.ndarray, size: int, amount: float) -> np.ndarray:
    """A box up to twice as large about the same centre, but of no more than ``size`` pixels across."""
    corner, sides = box[:2], box[2:]
    grow = 1 + amount * max(0, min(MIRRORED, size / sides.max()) - 1)
    larger = np.rint(sides * grow).astype(int)
    start = corner - (larger - sides) // 2
    rows, columns = (_mirrored(np.arange(a, a + n), end) for a, n, end in zip(start, larger, photo.shape, strict=False))
    return photo[rows[:, None], columns]


def _mirrored(positions: np.ndarray, length: int) -> np.ndarray:
    """Positions beyond 0 … length − 1 thrown back at either end."""
    positions = positions % (2 * length)
    return np.minimum(positions, 2 * length - 1 - positions)


def _as_tensor(pixels: np.ndarray) -> Tensor:
    """uint8 (H, W, 3) as (1, 3, H, W) in channels_last, which is what makes interpolate fast."""
    return torch.from_numpy(pixels).permute(2, 0, 1)[None]


def _resized(x: Tensor, size: int) -> Tensor:
    if x.shape[-2:] == (size, size):
        return x
    return F.interpolate(x, (size, size), mode="bilinear", antialias=True)


# --- colours -------------------------------------------------------------------------------------


def _colour_maps(recipe: Recipe, uniform: np.ndarray, preprocessing: Preprocessing) -> tuple[Tensor, Tensor, Tensor]:
    """For each photo y = matrix · rgb + offset + mix · (the photo's mean grey), with rgb from 0 to 255.

    That is brightness, contrast and saturation as torchvision's ColorJitter has them, the paper's PCA shift and the
    normalisation. Nothing is clipped in between. Shapes: (B, 3, 3), (B, 3, 1), (B, 3, 1), float32.
    """
    brightness, contrast, saturation = 1 + recipe.colour_jitter * (2 * uniform.T[:3, :, None, None] - 1)  # (B, 1, 1)
    mean, std = (np.array(values)[:, None] for values in (preprocessing.mean, preprocessing.std))
    saturate = saturation * np.eye(3) + (1 - saturation) * np.array(LUMA)
    shift = PCA_VECTORS @ (PCA_VALUES * recipe.pca_colour * _normal(uniform[:, 3:]))[..., None]
    matrix = brightness * contrast * saturate / 255 / std
    mix = (1 - contrast) * brightness / 255 / std  # a saturation leaves grey as it is
    matrix, offset, mix = (torch.from_numpy(part).float() for part in (matrix, (shift - mean) / std, mix))
    return matrix, offset, mix


def _normal(uniform: np.ndarray) -> np.ndarray:
    """Three N(0, 1) from four uniform numbers (Box & Muller 1958): (B, 4) to (B, 3)."""
    radius = np.sqrt(-2 * np.log1p(-uniform[:, :2]))
    angle = 2 * np.pi * uniform[:, 2:]
    return np.concatenate([radius * np.cos(angle), radius[:, :1] * np.sin(angle[:, :1])], 1)


def _coloured(pixels: Tensor, matrix: Tensor, offset: Tensor, mix: Tensor) -> Tensor:
    """The maps applied: uint8 (B, S, S, 3) to float32 (B, 3, S, S), on the pixels' device."""
    matrix, offset, mix = (part.to(pixels.device) for part in (matrix, offset, mix))
    luma = torch.tensor(LUMA, device=pixels.device)
    batch, size = pixels.shape[:2]
    out = torch.empty(batch, 3, size * size, device=pixels.device)
    step = 1 if pixels.device.type == "cpu" else batch  # one photo at a time stays in a CPU's cache
    for i in range(0, batch, step):
        part = slice(i, i + step)
        rgb = pixels[part].permute(0, 3, 1, 2).to(torch.float32, memory_format=torch.contiguous_format).flatten(2)
        grey = (rgb.mean(2) @ luma)[:, None, None]
        torch.baddbmm(offset[part] + mix[part] * grey, matrix[part], rgb, out=out[part])
    return out.view(batch, 3, size, size)
