"""What the network sees is what torchvision's transforms make of the photo, and the way back leads to its place."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image
from torchvision.models import AlexNet_Weights
from torchvision.transforms import functional as v1
from torchvision.transforms import v2

from alexnet_viz.images.decode import decode
from alexnet_viz.images.preprocess import LONGEST, preprocess
from alexnet_viz.values import Photo, Preprocessing

SIDES = st.integers(8, 700)


def noise(width: int, height: int) -> Photo:
    pixels = np.random.default_rng(width * 10_000 + height).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Photo("noise", pixels, (width, height), "PNG", "")


def torchvision_crop(photo: Photo, how: Preprocessing) -> Image.Image:
    return v2.Compose([v2.Resize(how.resize), v2.CenterCrop(how.crop)])(Image.fromarray(photo.pixels))


SIZES = [(640, 480), (480, 640), (300, 300), (256, 256), (257, 256), (8, 8), (9, 13), (451, 300), (1001, 333)]
PANORAMAS = [(3000, 50), (50, 3000), (6400, 100)]


@pytest.mark.parametrize("size", SIZES + PANORAMAS)
def test_equal_to_the_transforms_of_torchvisions_weights(size):
    photo = noise(*size)
    seen = preprocess(photo, Preprocessing())
    reference = AlexNet_Weights.IMAGENET1K_V1.transforms()(Image.fromarray(photo.pixels)).numpy()
    assert seen.tensor.dtype == np.float32
    assert seen.tensor.flags.c_contiguous
    assert np.array_equal(seen.tensor, reference)
    assert np.array_equal(seen.pixels, torchvision_crop(photo, Preprocessing()))


@settings(max_examples=40, deadline=None)
@given(width=SIDES, height=SIDES, crop=st.integers(32, 260), margin=st.integers(0, 40))
@example(width=8, height=500, crop=223, margin=40)
def test_equal_to_torchvision_for_any_size_and_crop(width, height, crop, margin):
    how = Preprocessing(resize=crop + margin, crop=crop, mean=(0.5, 0.4, 0.3), std=(0.2, 0.25, 0.3))
    photo = noise(width, height)
    seen = preprocess(photo, how)
    expected = torchvision_crop(photo, how)
    if max(seen.geometry.resized) > LONGEST:  # 8 × 500 pixels at a side of 263 or more
        assert np.abs(seen.pixels.astype(int) - expected).max() <= 1
        return
    assert np.array_equal(seen.pixels, expected)
    assert np.array_equal(seen.tensor, v1.normalize(v1.to_tensor(expected), how.mean, how.std).numpy())
    scaled = v2.functional.to_dtype(v2.functional.to_image(expected), scale=True)  # times 1/255 instead of over 255
    assert np.abs(seen.tensor - v2.functional.normalize(scaled, how.mean, how.std).numpy()).max() <= 1e-6


@pytest.mark.parametrize("size", [(12000, 100), (100, 8000), (20000, 280)])
def test_a_panorama_too_long_to_resize_whole_is_equal_to_within_a_rounding(size):
    photo, how = noise(*size), Preprocessing()
    seen = preprocess(photo, how)
    assert max(seen.geometry.resized) > LONGEST
    assert np.abs(seen.pixels.astype(int) - torchvision_crop(photo, how)).max() <= 1


def test_the_most_extreme_panorama_needs_no_memory_for_its_length():
    """8 × 8,000,000 pixels pass the size check; resized whole they would be 256 × 256,000,000."""
    pixels = np.zeros((8, 8_000_000, 3), np.uint8)
    pixels[:, 3_999_997:4_000_003] = 255, 0, 0
    seen = preprocess(Photo("line", pixels, (8_000_000, 8), "PNG", ""), Preprocessing())
    red = np.flatnonzero(seen.pixels[100, :, 0] > 127)
    assert (red[0], red[-1]) == (16, 207)  # 6 photo pixels, 32 input pixels each, around the middle


# --- the way back to the photo -------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(width=st.integers(8, 9000), height=st.integers(8, 9000), crop=st.integers(1, 300), margin=st.integers(0, 60))
def test_the_crop_lies_within_the_photo_in_its_middle(width, height, crop, margin):
    shrunk = np.zeros((height // 8 or 1, width // 8 or 1, 3), np.uint8)
    geometry = preprocess(Photo("", shrunk, (width, height), "JPEG", ""), Preprocessing(crop + margin, crop)).geometry
    left, top, right, bottom = geometry.box
    scale_x, scale_y = geometry.scale
    assert 0 <= left < right <= width + 1e-6
    assert 0 <= top < bottom <= height + 1e-6
    assert abs(left + right - width) <= scale_x * 1.001  # the offset is a whole number of resized pixels
    assert abs(top + bottom - height) <= scale_y * 1.001
    assert geometry.photo == (width, height)


def found(seen) -> tuple[float, float, float, float]:
    """Where in the photo the bright pixels of the input lie: left, top, right, bottom."""
    rows, columns = np.nonzero(seen.pixels[..., 0] > 127)
    first = seen.geometry.to_photo(columns.min(), rows.min())
    return first + seen.geometry.to_photo(columns.max() + 1, rows.max() + 1)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), width=st.integers(200, 900), height=st.integers(200, 900))
def test_a_painted_rectangle_is_found_where_it_was_painted(data, width, height):
    side = min(width, height)
    x = data.draw(st.integers((width - side) // 2 + side // 8, (width + side) // 2 - side // 4), label="x")
    y = data.draw(st.integers((height - side) // 2 + side // 8, (height + side) // 2 - side // 4), label="y")
    pixels = np.zeros((height, width, 3), np.uint8)
    box = x, y, x + side // 8, y + side // 8
    pixels[box[1] : box[3], box[0] : box[2]] = 255
    seen = preprocess(Photo("", pixels, (width, height), "PNG", ""), Preprocessing())
    assert np.abs(np.subtract(found(seen), box)).max() <= max(seen.geometry.scale)


@pytest.mark.parametrize("orientation", [1, 3, 6])
@pytest.mark.parametrize("size", [(2400, 1800), (1801, 2403), (1607, 1609)])
def test_a_painted_rectangle_is_found_in_a_jpeg_decoded_at_reduced_scale(size, orientation, encode):
    width, height = size
    upright = Image.new("RGB", size)
    box = width // 2 - 300, height // 2 + 100, width // 2 - 60, height // 2 + 450
    upright.paste((255, 255, 255), box)
    stored = {1: upright, 3: upright.rotate(180), 6: upright.transpose(Image.Transpose.ROTATE_90)}[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = decode(encode(stored, "JPEG", exif=exif, quality=90), "photo.jpg", detail=512)
    assert photo.pixels.shape[1] < width
    seen = preprocess(photo, Preprocessing())
    assert seen.geometry.photo == size
    assert np.abs(np.subtract(found(seen), box)).max() <= max(seen.geometry.scale)


def test_the_geometry_does_not_depend_on_the_scale_of_decoding(encode, picture):
    data = encode(picture(1227, 821), "JPEG", quality=90)
    small, full = (preprocess(decode(data, "a.jpg", detail), Preprocessing()) for detail in (300, 5000))
    assert small.geometry == full.geometry
    assert np.abs(small.pixels.astype(int) - full.pixels).max() <= 2


# --- light enough for the first page -------------------------------------------------------------


def test_a_photo_is_prepared_without_the_heavy_libraries():
    script = """
import sys
from alexnet_viz.images import decode, preprocess, samples
from alexnet_viz.values import Preprocessing
photo = decode.decode(*samples.sample("cat"))
assert preprocess.preprocess(photo, Preprocessing()).tensor.shape == (3, 224, 224)
print(*({"torch", "torchvision", "pandas", "matplotlib", "streamlit", "scipy"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")
