"""Names of output files: the photo's own where it is the only one, else told apart, never longer than a disk takes."""

import os
from pathlib import Path

import pytest

from alexnet_viz.output_names import output_names

END = ".integrated-gradients.json"


@pytest.mark.parametrize(
    ("photos", "names"),
    [
        (["a/1.jpg", "b/2.jpg"], ["1.jpg", "2.jpg"]),
        (["a/1.jpg", "b/1.jpg", "b/2.jpg"], ["a-1.jpg", "b-1.jpg", "2.jpg"]),
        (["x/a/1.jpg", "y/a/1.jpg", "z/1.jpg"], ["x-a-1.jpg", "y-a-1.jpg", "z-1.jpg"]),
        (["1.jpg", "2.png"], ["1.jpg", "2.png"]),
        (["a/IMG.JPG", "b/img.jpg"], ["a-IMG.JPG", "b-img.jpg"]),  # one name where case does not count
        (["a/\u00e9.jpg", "b/e\u0301.jpg"], ["a-\u00e9.jpg", "b-e\u0301.jpg"]),
        (["a/new\nline\x1b[2J.jpg"], ["new_line_[2J.jpg"]),
        ([os.fsdecode(b"caf\xe9.jpg")], ["caf_.jpg"]),
    ],
)
def test_a_name_is_the_photos_own_or_told_apart_by_its_folders(photos, names):
    assert output_names([Path("/photos", photo) for photo in photos], END) == names


def test_names_that_stay_alike_or_are_too_long_end_in_digits_of_their_own():
    long = "/p/" + "\u00e9" * 120
    photos = [f"{long}.jpg", f"{long}.png", "/p/a\nb.jpg", "/p/a\tb.jpg", "/p/b-1.jpg", "/a/b/1.jpg", "/p/1.jpg"]
    names = output_names([Path(photo) for photo in photos], END)
    assert len({name.casefold() for name in names}) == len(photos)
    assert max(len((name + END).encode()) for name in names) <= 255
    assert names == output_names([Path(photo) for photo in photos], END)
    assert names[0][:100] == "\u00e9" * 100
