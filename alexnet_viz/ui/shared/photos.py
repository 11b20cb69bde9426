"""The photos of the visit: samples and uploads, each under a short reference that the address can carry.

Uploads are kept by this server, in bounded memory and under their SHA-256, so that a link reopens them elsewhere; on a
server of its own they are never written to the disk (photo_store.py). The bytes are shared by all who upload them; what
a visitor calls them is the visit's.
"""

from __future__ import annotations

import io

import streamlit as st
from PIL import Image

from alexnet_viz.errors import ImageError, StoreError
from alexnet_viz.figures.data_uri import jpeg_uri
from alexnet_viz.images.decode import decode
from alexnet_viz.images.samples import SAMPLES, sample
from alexnet_viz.lru_cache import LRUCache
from alexnet_viz.ui.shared.photo_store import MemoryStore, reference_of, shared_store
from alexnet_viz.values import Photo

_files = MemoryStore(shared=shared_store())
WHAT_HAPPENS = _files.what_happens  # to a photo that is uploaded, in a sentence
_texture_files: LRUCache[tuple[bytes, str]] = LRUCache(32)
_photos: LRUCache[Photo] = LRUCache(512 << 20, lambda photo: photo.pixels.nbytes)
_thumbnails: LRUCache[str] = LRUCache(512)
_wholes: LRUCache[str] = LRUCache(64)

_TEXTURE = "texture-"  # what the reference of a texture, which a run of textures knows, begins with
_OFFERED = "_textures_offered"
_REMEMBERED = 100  # photos of a browser tab that are fetched from a shared store, when its server has died
_ROLL = "_roll"  # the references of this visit's own photos, the newest first
_NAMES = "_photo_names"  # by reference: the file names under which this visit uploaded them


def remember_all(references: list[str] | None) -> bool:
    """Put the photos that are still kept on this visit's roll, the newest first; whether there was any."""
    known = [reference for reference in (references or [])[:_REMEMBERED] if _is_kept(reference)]
    for reference in reversed(known):
        remember(reference)
    return bool(known)


def _is_kept(reference: str) -> bool:
    """Whether an upload is in memory, into which it comes from a shared store if there is one."""
    try:
        return _files.get(reference) is not None
    except StoreError:
        return False


def load(reference: str) -> Photo:
    """The decoded photo behind a reference, for all visitors: its name is the first one's. Raises ImageError."""
    data, name = _file(reference)
    return _photos.get(reference, lambda: decode(data, name))


def file_name(reference: str) -> str:
    """What this visit calls a photo's file. Raises ImageError when this server no longer holds it."""
    name = _file(reference)[1]
    return st.session_state.get(_NAMES, {}).get(reference, name)


def _file(reference: str) -> tuple[bytes, str]:
    if reference.startswith("upload-"):
        file = _files.get(reference)
        if file is None:
            raise ImageError("This link's photo is no longer on this server: drop it in again, or choose a sample.")
        return file
    if (label := _texture_label(reference)) is not None:
        return _texture_files.get(reference, lambda: _texture_file(label))
    return sample(reference)


def textures() -> list[str]:
    """The references of one texture of each class that this visit's weights know; none for weights of photos."""
    return [f"{_TEXTURE}{name.replace(' ', '-')}" for name in st.session_state.get(_OFFERED, ())]


def offer_textures(names: tuple[str, ...]) -> None:
    """Put textures of these classes before the samples."""
    st.session_state[_OFFERED] = names


def _texture_label(reference: str) -> int | None:
    """Which class of textures a reference names; None for none."""
    if not reference.startswith(_TEXTURE):
        return None
    from alexnet_viz.training.textures import CLASS_NAMES

    names = [name.replace(" ", "-") for name in CLASS_NAMES]
    name = reference.removeprefix(_TEXTURE)
    return names.index(name) if name in names else None


def _texture_file(label: int) -> tuple[bytes, str]:
    from alexnet_viz.training.textures import CLASS_NAMES, held_out

    buffer = io.BytesIO()
    Image.fromarray(held_out(label)).save(buffer, "PNG")
    return buffer.getvalue(), CLASS_NAMES[label]


def add(data: bytes, name: str) -> str:
    """Check and keep a photo; it comes to the front of the visit's roll. Raises ImageError and keeps nothing."""
    reference = reference_of(data)
    _photos.get(reference, lambda: decode(data, name))
    _files.put(reference, data, name)
    st.session_state.setdefault(_NAMES, {})[reference] = name
    remember(reference)
    return reference


def remember(reference: str) -> None:
    """Put a photo on this visit's roll, also one that came with a link."""
    roll = st.session_state.setdefault(_ROLL, [])
    if reference.startswith("upload-") and reference not in roll:
        roll.insert(0, reference)


def own() -> list[str]:
    """This visit's own photos that this server's memory still holds, the newest first."""
    return [reference for reference in st.session_state.get(_ROLL, []) if _files.holds(reference)]


def all_references() -> list[str]:
    """Own photos, then textures where the weights know them, then the samples."""
    return own() + textures() + [photo.key for photo in SAMPLES]


def title(reference: str) -> str:
    """What a person calls the photo."""
    return next((photo.title for photo in SAMPLES if photo.key == reference), None) or file_name(reference)


def credit(reference: str) -> str:
    """Whose photo a sample is, and under which licence; empty for an upload."""
    return next((f" Photo: {photo.credit}, {photo.licence}." for photo in SAMPLES if photo.key == reference), "")


def alt(reference: str) -> str:
    """A photo's text alternative."""
    return next((photo.alt for photo in SAMPLES if photo.key == reference), f"The photo {title(reference)}")


def thumbnail(reference: str, side: int = 96) -> str:
    """A square JPEG of a photo's middle as a data URI."""

    def make() -> str:
        pixels = load(reference).pixels
        height, width = pixels.shape[:2]
        edge = min(width, height)
        left, top = (width - edge) // 2, (height - edge) // 2
        middle = Image.fromarray(pixels[top : top + edge, left : left + edge])
        image = middle.resize((side, side), Image.Resampling.LANCZOS, reducing_gap=3)
        return jpeg_uri(image, quality=80)

    return _thumbnails.get((reference, side), make)


def whole(reference: str, side: int = 640) -> str:
    """The whole photo as a JPEG of at most ``side`` pixels a side, as a data URI."""

    def make() -> str:
        image = Image.fromarray(load(reference).pixels)
        image.thumbnail((side, side), Image.Resampling.LANCZOS)
        return jpeg_uri(image)

    return _wholes.get((reference, side), make)
