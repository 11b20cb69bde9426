"""File names and numbers as text that can be encoded and shown on a page, in a file and on a terminal.

Python reads a name that is not UTF-8 with lone surrogates in place of its odd bytes. With those the file can be opened,
but encoding them to UTF-8 raises UnicodeEncodeError.
"""

from __future__ import annotations

import json
import unicodedata
from typing import Any

_EMOJI_JOINER = "\u200d"
# Overrides, embeddings and isolates of the writing's direction: unclosed in a name, they turn the sentence around it.
_DIRECTIONS = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)), "\N{REPLACEMENT CHARACTER}")


def display_name(name: object) -> str:
    """A name or path as text to show or to write down: each byte that is not UTF-8 becomes U+FFFD, the replacement.

    >>> display_name(b"caf\\xe9.jpg".decode("utf-8", "surrogateescape"))
    'caf�.jpg'
    """
    return str(name).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def within_a_sentence(name: object) -> str:
    """As ``display_name``, without what would turn the words that follow the name from right to left."""
    return display_name(name).translate(_DIRECTIONS)


def number_text(value: float, form: str = ".4g") -> str:
    """A number with a true minus sign, in one of Python's formats.

    >>> number_text(-0.12345, ".2f")
    '−0.12'
    """
    return f"{value:{form}}".replace("-", "−")


def json_text(value: Any, **options: Any) -> str:
    """JSON that can be encoded as UTF-8 and reads back as the same value: only names that are not UTF-8 are escaped."""
    text = json.dumps(value, ensure_ascii=False, **options)
    return text if display_name(text) == text else json.dumps(value, **options)


def one_line(text: object) -> str:
    """As ``display_name``, for a line of a terminal: line breaks and other control characters become U+FFFD, too.

    Spaces of all widths stay, such as macOS puts into the names of screenshots, and what joins emoji.
    """
    return "".join(letter if _is_harmless(letter) else "\N{REPLACEMENT CHARACTER}" for letter in display_name(text))


def _is_harmless(letter: str) -> bool:
    """Python calls no space but the plain one printable, nor what joins several emoji into one."""
    return letter.isprintable() or unicodedata.category(letter) == "Zs" or letter == _EMOJI_JOINER
