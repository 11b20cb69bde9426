"""What a JPEG or PNG is made of, from its segments or chunks alone: is decoding it ordinary work, and the same file
without what pictures do not need.

Metadata may be large, many, damaged or a bomb. None of that is a reason to refuse the picture beside it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from alexnet_viz.images.formats import Format

ORDINARY_MEGAPIXELS = 25  # of the picture that is decoded
ORDINARY_PROGRESSIVE = 100  # megapixels × scans
_MOST_PARTS = 100  # segments or chunks before the pixels
_MOST_BYTES = 1 << 20  # of those
_MOST_SCANS = 1_000  # encoders write some ten
_MOST_IDAT = 20_000  # chunks of pixels
_LARGEST_PROFILE = 16 << 20  # bytes; of a larger one the rest is not looked at
_MOST_EXIF = 8 << 20  # bytes × entries: Pillow may copy nearly the whole for each entry

_SOF0, _SOF1, _SOF2 = 0xC0, 0xC1, 0xC2  # baseline, extended and progressive, each with Huffman's codes
_EOI, _SOS, _APP0, _APP15, _COM = 0xD9, 0xDA, 0xE0, 0xEF, 0xFE
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset((0x01, *range(0xD0, 0xD9)))  # markers without a length
_KEPT = (b"JFIF\0", b"Exif\0\0", b"Adobe")  # of application segments, the first of each; Adobe tells the colour space
_ICC = b"ICC_PROFILE\0"

_PNG_START = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset((b"IHDR", b"PLTE", b"tRNS", b"iCCP", b"sRGB", b"cICP", b"eXIf", b"acTL", b"fcTL"))


class Incomplete(Exception):
    """The file ends, or stops making sense, before its pixels begin."""


def is_ordinary(data: bytes, kind: Format, detail: int) -> bool:
    """Whether the cost of decoding is bounded by the pixels, and those are not too many.

    Other formats than JPEG and PNG never count as ordinary.
    """
    check = {"JPEG": _is_ordinary_jpeg, "PNG": _is_ordinary_png}.get(kind.title)
    try:
        return check is not None and check(data, detail)
    except (Incomplete, struct.error, IndexError):
        return False


def without_metadata(data: bytes, kind: Format) -> tuple[bytes, bytes | None]:
    """The same JPEG or PNG with its pixels and orientation alone, and its colour profile. Raises Incomplete.

    The profile is empty where there is none, and None where it cannot be read.
    """
    try:
        return {"JPEG": _bare_jpeg, "PNG": _bare_png}[kind.title](data)
    except (struct.error, IndexError) as error:
        raise Incomplete from error


# --- JPEG ----------------------------------------------------------------------------------------


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, start, end) of each segment up to and with the first SOS; ``data[start:end]`` is without the marker."""
    place = 2
    while True:
        place = data.find(b"\xff", place)  # readers skip what lies between segments
        if place < 0:
            raise Incomplete
        marker = data[place + 1]
        if marker in (0x00, 0xFF):
            place += 1
        elif marker in _ALONE:
            place += 2
        elif marker == _EOI:
            raise Incomplete
        else:
            end = place + 2 + (data[place + 2] << 8 | data[place + 3])
            yield marker, place + 2, end
            if marker == _SOS:
                return
            place = end


def _is_ordinary_jpeg(data: bytes, detail: int) -> bool:
    frame, exif = None, 0
    for parts, (marker, start, end) in enumerate(_segments(data)):
        if parts > _MOST_PARTS or end > _MOST_BYTES:
            return False
        if marker in _FRAMES:
            frame = marker, *struct.unpack(">HHB", data[start + 3 : start + 8])
        elif marker == 0xE1 and data.startswith(b"Exif\0\0", start + 2):
            exif += _exif_cost(data[start + 8 : end])
    if frame is None or frame[0] not in (_SOF0, _SOF1, _SOF2) or exif > _MOST_EXIF:
        return False
    marker, height, width, components = frame
    if marker == _SOF2 or data[start + 2] != components:  # else all is in this one scan
        scans = data.count(b"\xff\xda", start, _end_of_image(data, start))
        if scans > _MOST_SCANS or width * height * (scans + 2) > ORDINARY_PROGRESSIVE * 1_000_000:
            return False
        return has_all_scans(data)
    scale = max(1, min(8, width // detail, height // detail))
    return width * height <= ORDINARY_MEGAPIXELS * 1_000_000 * scale**2


def _end_of_image(data: bytes, start: int) -> int:
    """Where the end marker lies, which the codes of pixels cannot contain; the file's length if there is none."""
    end = data.find(b"\xff\xd9", start)
    return len(data) if end < 0 else end


def _exif_cost(exif: bytes) -> int:
    order = "<" if exif[:2] == b"II" else ">"
    try:
        (directory,) = struct.unpack_from(f"{order}4xL", exif)
        return len(exif) * struct.unpack_from(f"{order}H", exif, directory)[0]
    except struct.error:
        return 0


def _bare_jpeg(data: bytes) -> tuple[bytes, bytes | None]:
    parts, seen = [b"\xff\xd8"], set()
    profile: list[bytes] = []
    for marker, start, end in _segments(data):
        if marker == _SOS:
            parts.append(data[start - 2 :])
        elif marker == _COM:
            pass
        elif not _APP0 <= marker <= _APP15:
            parts.append(data[start - 2 : end])
        elif data.startswith(_ICC, start + 2):
            if len(profile) <= 255:  # one more than there can be, so that they do not fit together
                profile.append(data[start + 2 + len(_ICC) : end])
        else:
            name = next((name for name in _KEPT if data.startswith(name, start + 2)), None)
            if name and name not in seen:
                seen.add(name)
                parts.append(data[start - 2 : end])
    return b"".join(parts), _joined(profile)


def _joined(profile: list[bytes]) -> bytes | None:
    """A profile's parts, each behind its number (from 1) and how many there are, as one."""
    profile.sort()
    if any(part[:2] != bytes((number & 255, len(profile) & 255)) for number, part in enumerate(profile, 1)):
        return None
    return b"".join(part[2:] for part in profile)


def without_end(data: bytes) -> bytes:
    """A JPEG up to its end marker: without it, and without what may follow it. The same where there is none."""
    return data[: _end_of_image(data, _first_scan(data))]


def has_all_scans(data: bytes) -> bool:
    """Whether a JPEG's scans bring every coefficient of every component to its last bit, if each scan is whole."""
    ((frame, components),) = (
        (marker, data[start + 8 : end : 3]) for marker, start, end in _segments(data) if marker in _FRAMES
    )
    missing = {component: set(range(64)) for component in components}
    place = _first_scan(data) - 2
    end = _end_of_image(data, place)
    while place >= 0:
        count = data[place + 4]
        first, last, bits = data[place + 5 + 2 * count : place + 8 + 2 * count]
        if frame in (_SOF0, _SOF1):  # readers do not look at what these say
            first, last, bits = 0, 63, 0
        for component in data[place + 5 : place + 5 + 2 * count : 2]:
            if bits & 15 == 0:
                missing.get(component, set()).difference_update(range(first, last + 1))
        place = data.find(b"\xff\xda", place + 2, end)
    return not any(missing.values())


def next_restart(data: bytes) -> bytes:
    """The restart marker that a JPEG's codes would go on with."""
    last = max(range(8), key=lambda number: data.rfind(b"\xff%c" % (0xD0 + number)))
    return b"\xff%c" % (0xD0 + (last + 1) % 8 if b"\xff%c" % (0xD0 + last) in data else 0xD0)


def _first_scan(data: bytes) -> int:
    return next(start for marker, start, _ in _segments(data) if marker == _SOS)


# --- PNG -----------------------------------------------------------------------------------------


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """(kind, start, end) of each chunk before IEND; ``data[start:end]`` is its body, perhaps cut short."""
    place, size = len(_PNG_START), len(data)
    while place + 8 <= size:
        length, kind = int.from_bytes(data[place : place + 4]), data[place + 4 : place + 8]
        if kind == b"IEND":
            return
        yield kind, place + 8, min(place + 8 + length, size)
        place += length + 12


def _is_ordinary_png(data: bytes, detail: int) -> bool:
    width, height = struct.unpack(">LL", data[16:24])
    parts = pixels = 0
    for kind, start, end in _chunks(data):
        if kind == b"IDAT":
            pixels += 1
        else:
            parts += 1
            if kind == b"eXIf" and _exif_cost(data[start:end]) > _MOST_EXIF:
                return False
        if parts > _MOST_PARTS or pixels > _MOST_IDAT or not (pixels or end <= _MOST_BYTES):
            return False
    return width * height <= ORDINARY_MEGAPIXELS * 1_000_000


def _bare_png(data: bytes) -> tuple[bytes, bytes | None]:
    """The pixels come in one chunk. As libpng does it, a chunk that could be left out goes if its checksum is wrong."""
    parts, pixels, seen = [_PNG_START], [], set()
    profile: bytes | None = b""
    for kind, start, end in _chunks(data):
        if kind == b"IDAT":
            pixels.append(data[start:end])
        elif kind in _PNG_KEPT and kind not in seen and not (pixels and kind in (b"acTL", b"fcTL")):
            seen.add(kind)
            is_whole = data[end : end + 4] == zlib.crc32(data[start - 4 : end]).to_bytes(4)
            if kind == b"iCCP":
                profile = _unpacked(data[start:end]) if is_whole else None
            elif is_whole or kind[:1].isupper():
                parts.append(data[start - 8 : end + 4])
    if not pixels:
        raise Incomplete
    return b"".join([*parts, _chunk(b"IDAT", b"".join(pixels)), _chunk(b"IEND", b"")]), profile


def _unpacked(profile: bytes) -> bytes | None:
    """An iCCP chunk's profile: a name, a zero, the method (0: deflate), then the packed bytes."""
    _, _, packed = profile.partition(b"\0")
    try:
        return zlib.decompressobj().decompress(packed[1:], _LARGEST_PROFILE) if packed[:1] == b"\0" else None
    except zlib.error:
        return None


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">L", len(body)) + kind + body + struct.pack(">L", zlib.crc32(kind + body))
