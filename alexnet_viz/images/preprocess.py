"""Pixels to the network's input, exactly as torchvision's ImageNet transforms do it, and the way back to the photo."""

from __future__ import annotations

import math
import time

import numpy as np
from PIL import Image

from alexnet_viz.values import Geometry, Photo, Preprocessed, Preprocessing

LONGEST = 16384  # pixels; a panorama whose resized long side exceeds it is resized around its middle alone


def preprocess(photo: Photo, how: Preprocessing) -> Preprocessed:
    """Resize the short side, crop the centre, scale to [0, 1], normalise.

    Equal, bit by bit, to torchvision.transforms' Resize, CenterCrop, ToTensor and Normalize on the same pixels (within
    1/255 for panoramas beyond ``LONGEST``, which torchvision would blow up whole). Sizes follow the original photo, so
    the geometry does not depend on the scale at which a JPEG was decoded; what a reduced scale rounds away at the
    photo's edge is less than half an input pixel.
    """
    start = time.perf_counter()
    pixels, geometry = center_crop(photo, how)
    scaled = pixels.transpose(2, 0, 1).astype(np.float32, order="C") / np.float32(255)
    mean, std = (np.array(value, np.float32)[:, None, None] for value in (how.mean, how.std))
    tensor = (scaled - mean) / std
    return Preprocessed(tensor, pixels, geometry, (time.perf_counter() - start) * 1000)


def center_crop(photo: Photo, how: Preprocessing) -> tuple[np.ndarray, Geometry]:
    """The short side resized (bilinear, antialiased) and the centre cut out: uint8 (crop, crop, 3)."""
    resized = _resized(*photo.size, how.resize)
    left, top = (round((side - how.crop) / 2) for side in resized)  # half to even, as torchvision
    geometry = Geometry(photo.size, resized, (left, top), how.crop)
    if photo.pixels.shape[1::-1] == resized and how.crop <= how.resize:  # as training keeps its photos
        return photo.pixels[top : top + how.crop, left : left + how.crop], geometry
    if max(resized) <= LONGEST:
        whole = Image.fromarray(photo.pixels).resize(resized, Image.Resampling.BILINEAR)
        return np.asarray(whole.crop((left, top, left + how.crop, top + how.crop))), geometry
    return np.asarray(_resized_crop(photo.pixels, geometry)), geometry


def _resized(width: int, height: int, short: int) -> tuple[int, int]:
    """torchvision's rule: the short side becomes ``short``, the long side is cut to a whole number."""
    if width <= height:
        return short, int(short * height / width)
    return int(short * width / height), short


def _resized_crop(pixels: np.ndarray, geometry: Geometry) -> Image.Image:
    """The crop of the resized picture, without the rest of it.

    Pillow takes a box in single precision, so the picture is first cut to whole pixels around the crop, wide enough
    that the filter's support reaches no cut edge.
    """
    cuts, box = [], []
    for side, resized, offset in zip(pixels.shape[1::-1], geometry.resized, geometry.offset, strict=True):
        scale = side / resized
        near, far = offset * scale, (offset + geometry.crop) * scale
        support = math.ceil(max(scale, 1)) + 1
        cut = max(0, math.floor(near) - support), min(side, math.ceil(far) + support)
        cuts.append(cut)
        box.append((near - cut[0], far - cut[0]))
    (left, right), (top, bottom) = cuts
    around = Image.fromarray(pixels[top:bottom, left:right])
    (left, right), (top, bottom) = box
    return around.resize((geometry.crop, geometry.crop), Image.Resampling.BILINEAR, (left, top, right, bottom))
