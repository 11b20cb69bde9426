"""A run's weights along the way as pictures, and as one that plays."""

import io
import re
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from alexnet_viz.figures.scrubber import KINDS, SIDE, animated, makes_videos, strips
from alexnet_viz.values import Geometry, Moment, Photo

PHOTO = Photo("photo", np.full((40, 60, 3), 90, np.uint8), (60, 40), "PNG", "")
GEOMETRY = Geometry((60, 40), (48, 32), (8, 0), 32)


def moment(step, strength, kernel=True):
    return Moment(
        step,
        np.full((3, 11, 11), strength, np.float32) if kernel else None,
        np.array([[0, strength], [0, 0]], np.float32),
        np.array([[0, 0], [strength, 0]], np.float32),
        (0.0, 16.0),
        "cat",
        (("cat", strength), ("dog", 1 - strength)),
    )


MOMENTS = [moment(0, 0.25), moment(50, 1.0)]


def test_filter_and_map_grow_on_one_scale_and_the_map_lies_where_the_value_is():
    filters, maps, cams = strips(MOMENTS, "conv1, channel 3", PHOTO, GEOMETRY)
    assert [strip.title for strip in (filters, maps, cams)] == ["Filter", "Map", "Grad-CAM"]
    assert [picture.getpixel((9, 9)) for picture in filters.pictures] == [(159,) * 3, (255,) * 3]
    weak, strong = (np.asarray(picture).astype(int) for picture in maps.pictures)
    assert (weak[:, : SIDE // 2] == weak[-1, 0]).all()
    assert np.abs(strong[0, -1] - strong[-1, 0]).sum() > np.abs(weak[0, -1] - weak[-1, 0]).sum() > 0
    assert {picture.size for picture in cams.pictures} == {(SIDE, SIDE * 2 // 3)}


def test_a_deeper_channel_has_no_filter_and_a_picture_that_is_not_made_yet_is_grey():
    deep = [moment(0, 0.5, kernel=False), moment(1, 0.6, kernel=False)]
    red = np.zeros((32, 32, 3), np.uint8) + np.array([200, 0, 0], np.uint8)
    maps, pictures, _ = strips(deep, "conv4, channel 3", PHOTO, GEOMETRY, [red, None])
    assert (maps.title, pictures.title) == ("Map", "Optimised picture")
    assert [picture.getpixel((5, 5)) for picture in pictures.pictures] == [(200, 0, 0), (128, 128, 128)]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "MP4"])
def test_all_moments_are_one_picture_that_plays(kind):
    data = animated(MOMENTS, strips(MOMENTS, "conv1, channel 3", PHOTO, GEOMETRY), "a run \n: conv1", "cat", kind)
    with Image.open(io.BytesIO(data)) as played:
        assert played.format == kind.upper()
        assert played.n_frames == 2
        assert played.width == 4 * (SIDE + 16) + 16
        first = np.asarray(played.convert("RGB")).astype(int)
        played.seek(1)
        assert np.abs(np.asarray(played.convert("RGB")) - first).sum() > 0


def animated_moments(kind):
    return animated(MOMENTS, strips(MOMENTS, "conv1, channel 3", PHOTO, GEOMETRY), "a run", "cat", kind)


def drawn_by_pillow():
    """The animated picture's moments, int (2, h, w, 3)."""
    with Image.open(io.BytesIO(animated_moments("WebP"))) as played:
        pictures = []
        for number in range(played.n_frames):
            played.seek(number)
            pictures.append(np.asarray(played.convert("RGB")).astype(int))
    return np.stack(pictures)


def test_a_video_is_made_of_each_moment_and_the_last_three_times(monkeypatch, tmp_path):
    program = tmp_path / "ffmpeg"
    lines = (
        "import sys",
        "sys.stdout.buffer.write(' '.join(sys.argv).encode() + b'|' + sys.stdin.buffer.read())",
    )
    program.write_text("\n".join([f"#!{sys.executable}", *lines]))
    program.chmod(0o755)
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", SimpleNamespace(get_ffmpeg_exe=lambda: str(program)))
    command, _, pixels = animated_moments("MP4").partition(b"|")
    width, height = map(int, re.search(r"-s (\d+)x(\d+)", command.decode()).groups())
    assert width % 2 == height % 2 == 0
    assert command.endswith(b" -f mp4 -")  # no file, as it may show a visitor's photo
    frames = np.frombuffer(pixels, np.uint8).reshape(4, height, width, 3)
    assert (frames[1] == frames[2]).all()
    assert (frames[1] == frames[3]).all()
    _, *size, _ = drawn_by_pillow().shape
    assert np.abs(frames[:2, : size[0], : size[1]] - drawn_by_pillow()).mean() < 2


def test_a_video_is_what_the_animated_picture_shows(tmp_path):
    ffmpeg = pytest.importorskip("imageio_ffmpeg").get_ffmpeg_exe()
    assert makes_videos()
    file = tmp_path / "moments.mp4"
    file.write_bytes(animated_moments("MP4"))
    raw = subprocess.run(
        [ffmpeg, "-i", file, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], capture_output=True, check=True
    )
    assert b"h264" in raw.stderr
    expected = drawn_by_pillow()
    height, width = (size + size % 2 for size in expected.shape[1:3])
    frames = np.frombuffer(raw.stdout, np.uint8).reshape(-1, height, width, 3).astype(int)
    assert abs(len(frames) - 28) <= 1  # 0.7 s and 2.1 s
    for frame, picture in ((frames[3], expected[0]), (frames[-3], expected[1])):
        assert np.abs(frame[: picture.shape[0], : picture.shape[1]] - picture).mean() < 6
