import numpy as np
import pytest
import torch

from alexnet_viz.units.parameterisations import COLOURS, KINDS, Maco, fast_side, spectrum
from alexnet_viz.units.transforms import cut, moved

LIKE = torch.zeros(())


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_to_start_from_is_where_it_starts(kind):
    photo = torch.rand((2, 3, 36, 36), generator=torch.Generator().manual_seed(0)) * 0.8 + 0.1
    painting = KINDS[kind]([0, 1], 36, 0, LIKE)
    painting.start_from(photo)
    if kind == "maco":  # brightness and contrast are the parameterisation's own
        shown, expected = (torch.logit(x).flatten(1) for x in (painting.pictures(), photo))
        assert torch.corrcoef(torch.stack([shown[0], expected[0]]))[0, 1] > 0.95
    else:
        assert torch.allclose(painting.pictures(), photo, atol=1e-4)


def test_maco_keeps_the_spectrum_of_photos():
    painting = Maco([0], 48, 0, LIKE)
    plain = torch.einsum("rc,nchw->nrhw", torch.linalg.inv(torch.from_numpy(COLOURS)), torch.logit(painting.pictures()))
    magnitude = torch.fft.rfft2(plain)[0].abs()[:, 1:20, 1:20]
    ratio = magnitude / painting.magnitude[:, 1:20, 1:20]
    assert ratio.std() / ratio.mean() < 0.01  # one factor for all frequencies: the contrast


def test_the_spectrum_of_a_grating_is_its_frequency():
    x = np.arange(96)
    photo = np.repeat((127 + 100 * np.cos(2 * np.pi * x / 8))[None, :, None], 96, 0).repeat(3, 2).astype(np.uint8)
    found = spectrum([photo], 48)
    assert found.shape == (3, 48, 25)
    grey = found[0].copy()
    grey[0, 0] = 0
    assert np.unravel_index(grey.argmax(), grey.shape) == (0, 6)


def test_sides_suit_the_transform():
    assert [fast_side(n) for n in (13, 57, 179, 240)] == [16, 60, 180, 240]


def test_moving_by_whole_pixels_is_cutting():
    picture = torch.rand((1, 3, 31, 31), generator=torch.Generator().manual_seed(1))
    assert torch.allclose(moved(picture, 20, 3, -2, 1, 0), cut(picture, 20, 3, -2), atol=1e-5)
