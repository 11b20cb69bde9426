"""Photos of a collection for its map, over HTTP: the browser keeps them, and a rerun need not send them again.

An address holds a digest of the collection: nobody else can guess the one of photos that a visitor dropped in.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from alexnet_viz.components.photo_map import PhotoSource
from alexnet_viz.errors import DecoderBusy, UserError
from alexnet_viz.figures.photo_map import photo_sheet
from alexnet_viz.images.preprocess import preprocess
from alexnet_viz.lru_cache import LRUCache
from alexnet_viz.ui.hosts import app_path
from alexnet_viz.units.collection import Collection
from alexnet_viz.values import Preprocessing

_FEED = "map-photos"  # what all its addresses begin with
_SHEET = "sheet"
_MAY_KEEP = {"Cache-Control": "private, max-age=86400, immutable"}
_MUST_NOT = {"Cache-Control": "no-store"}  # what visitors dropped in stays out of the browser's own folder, too


@dataclass(frozen=True, eq=False)
class _Mapped:
    """A collection that some map shows: what its photos are read with, and all of them on one sheet."""

    collection: Collection
    preprocessing: Preprocessing
    sheet: bytes
    columns: int


_mapped: LRUCache[_Mapped] = LRUCache(16)
_photos: LRUCache[bytes] = LRUCache(32 << 20, len)


def source(collection: Collection, how: Preprocessing, photos: np.ndarray, thumbnails: np.ndarray) -> PhotoSource:
    """Where the browser gets photos (N,) of a collection, by their numbers; ``thumbnails`` uint8 (N, S, S, 3)."""
    key = hashlib.sha256(f"{collection.key} {how} ".encode() + photos.tobytes()).hexdigest()[:32]
    mapped = _mapped.get(key, lambda: _Mapped(collection, how, *photo_sheet(thumbnails)))
    place = f"{_FEED}/{key}"
    return PhotoSource(f"{place}/{_SHEET}", place, thumbnails.shape[1], mapped.columns)


def routes() -> list[Route]:
    """The route that the app serves."""
    return [Route(app_path(_FEED, "{key}", "{what}"), _answer)]


def _answer(request: Request) -> Response:
    """The sheet, or what the network sees of one photo; a sentence where there is none, or where it cannot be read."""
    key, what = request.path_params["key"], request.path_params["what"]
    mapped = _mapped.peek(key)
    if mapped is None:
        return PlainTextResponse("This map is no longer on this server: load the page again.", 404)
    headers = _MAY_KEEP if mapped.collection.place else _MUST_NOT
    if what == _SHEET:
        return Response(mapped.sheet, media_type="image/jpeg", headers=headers)
    if not (what.isascii() and what.isdigit() and len(what) < 10 and int(what) < len(mapped.collection)):
        return PlainTextResponse("The collection has no such photo.", 404)
    try:
        photo = _photos.get((key, what), lambda: _jpeg(mapped, int(what)))
    except UserError as error:
        return PlainTextResponse(str(error), 503 if isinstance(error, DecoderBusy) else 404)
    return Response(photo, media_type="image/jpeg", headers=headers)


def _jpeg(mapped: _Mapped, number: int) -> bytes:
    buffer = io.BytesIO()
    pixels = preprocess(mapped.collection.read(number), mapped.preprocessing).pixels
    Image.fromarray(pixels).save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
