"""A text as a QR code."""

from __future__ import annotations


def qr_code(text: str) -> str:
    """An SVG, black on white, with the light border that cameras need; little error correction, for large cells.

    ISO/IEC 18004; at most 2,953 bytes.
    """
    import segno

    return segno.make(text, error="l", micro=False).svg_inline(scale=8, border=4, dark="#000", light="#fff")
