"""A text as a QR code."""

from __future__ import annotations


def qr_code(text: str) -> str:
    """An SVG, black on white, that cameras read from afar: without error correction beyond the least, for size."""
    import segno

    return segno.make(text, error="l", micro=False).svg_inline(scale=8, border=4, dark="#000", light="#fff")
