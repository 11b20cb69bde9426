"""Pictures as data URIs: the browser gets them with the page, without a request of their own."""

from __future__ import annotations

import base64
import io

from PIL import Image


def jpeg_uri(image: Image.Image, quality: int = 88) -> str:
    """A picture as JPEG."""
    return _uri(image, "JPEG", quality=quality)


def png_uri(image: Image.Image) -> str:
    """A picture as PNG, to the bit."""
    return _uri(image, "PNG")


def _uri(image: Image.Image, kind: str, **options: int) -> str:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(buffer.getvalue()).decode()}"
