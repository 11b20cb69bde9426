"""The photos that a command names: files and folders, read one by one, each with its own failure."""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alexnet_viz.display import one_line
from alexnet_viz.errors import ImageError
from alexnet_viz.images.formats import MAX_PHOTO_BYTES


def photos_in(places: list[Path]) -> list[Path]:
    """The files named, and the photos in the folders named; a folder stands for itself where there is none."""
    photos = []
    for place in places:
        try:
            files = sorted(file for file in place.iterdir() if file.is_file() and not file.name.startswith("."))
        except OSError:  # a file, or what cannot be read: that says so when its turn comes
            photos.append(place)
            continue
        inside = [file for file in files if _is_photo(file)]
        for file in files:
            if file not in inside:
                print(one_line(f"left out: {file} is not a photo"), file=sys.stderr)
        photos += inside or [place]
    return photos


def _is_photo(file: Path) -> bool:
    """Whether a file in a folder is meant as a photo: by its suffix, else by its content."""
    from alexnet_viz.images.formats import START_BYTES, SUFFIXES, format_of

    if file.suffix.lower() in SUFFIXES:
        return True
    try:
        return format_of(read(file, START_BYTES)) is not None
    except ImageError:
        return True  # it cannot be read: that is said when its turn comes


def read(photo: Path, count: int = -1) -> bytes:
    """A photo's bytes, or the first ``count`` of them. Raises ImageError."""
    try:
        about = photo.stat()
        if stat.S_ISDIR(about.st_mode):
            raise ImageError(f"There is no photo in the folder {photo}: name another.")
        if not stat.S_ISREG(about.st_mode):
            raise ImageError(f"{photo} is no file: name a photo.")
        if about.st_size > MAX_PHOTO_BYTES:
            raise ImageError(f"{photo} has more than {MAX_PHOTO_BYTES >> 20} MB: scale the photo down first.")
        with photo.open("rb") as file:
            return file.read(count)
    except OSError as error:
        raise ImageError(f"{photo} cannot be read ({error.strerror}): check the path.") from error


class Failures:
    """Photos that could not be used, out of ``count``: each is a line on stderr, and the rest goes on.

    The failure of an only photo is an error like any other.
    """

    def __init__(self, count: int) -> None:
        self.count, self.failed = count, 0

    @contextmanager
    def of(self, photo: Path) -> Iterator[None]:
        """Do what is to be done with one photo."""
        from tqdm import tqdm

        try:
            yield
        except ImageError as error:
            if self.count == 1:
                raise
            self.failed += 1
            tqdm.write(one_line(f"failed: {error}"), file=sys.stderr)  # it names the photo by its path

    def code(self) -> int:
        """The exit code, after a summary where it is not 0."""
        if not self.failed:
            return 0
        print(f"alexnet_viz: {self.failed} of {self.count} photos failed.", file=sys.stderr)
        return 1
