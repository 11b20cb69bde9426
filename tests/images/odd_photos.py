"""Parts of files that no encoder writes: segments, chunks, profiles, and photos that cost more than they look."""

import struct
import zlib

import numpy as np

P3 = ((0.51512, 0.2412, -0.00105), (0.29198, 0.69225, 0.04189), (0.1571, 0.06657, 0.78407))
ADOBE = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
AFTER_IHDR = 33
AFTER_SOI = 2


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def chunk(kind: bytes, body: bytes, wrong: bool = False) -> bytes:
    """With ``wrong`` its checksum is."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body) ^ wrong)


def srgb_curve() -> np.ndarray:
    x = np.linspace(0, 1, 1024)
    return (np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4) * 65535).round().astype(">u2")


def profile(colorants: tuple | None, gamma: float | None, name: str) -> bytes:
    """An ICC v2 profile of primaries (XYZ at D50) and a gamma or sRGB's curve; without primaries one of greys."""

    def xyz(value):
        return b"XYZ \0\0\0\0" + b"".join(struct.pack(">i", round(part * 65536)) for part in value)

    text = name.encode() + b"\0"
    if gamma is None:
        curve = b"curv\0\0\0\0" + struct.pack(">I", 1024) + srgb_curve().tobytes()
    else:
        curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))
    tags = [(b"desc", b"desc\0\0\0\0" + struct.pack(">I", len(text)) + text + bytes(78))]
    tags.append((b"wtpt", xyz((0.9642, 1, 0.8249))))
    if colorants is None:
        tags.append((b"kTRC", curve))
    else:
        tags += [(b"%cXYZ" % letter, xyz(value)) for letter, value in zip(b"rgb", colorants, strict=True)]
        tags += [(b"%cTRC" % letter, curve) for letter in b"rgb"]
    table, body, start = b"", b"", 132 + 12 * len(tags)
    for kind, data in tags:
        table += kind + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(">I4sI4s4s4s", start + len(body), b"lcms", 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    head = head if colorants else head[:16] + b"GRAY" + head[20:]
    head += bytes(12) + b"acsp" + bytes(28) + struct.pack(">iii", 0xF6D6, 0x10000, 0xD32D)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def bitmap_of_runs(width: int, height: int, run: int = 255) -> bytes:
    """A run-length encoded BMP of one colour, in runs of that many pixels."""
    whole, rest = divmod(width, run)
    row = bytes((run, 0)) * whole + bytes((rest, 0)) * (rest > 0) + b"\0\0"
    body = row * height + b"\0\1"
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(body), 2835, 2835, 256, 256)
    return b"BM" + struct.pack("<IHHI", 1078 + len(body), 0, 0, 1078) + info + bytes(1024) + body


def tiff(entries: list[tuple[int, int, int, int | bytes]], pixels: bytes = b"") -> bytes:
    """Little-endian: entries of (tag, type, count, value or values), then the pixels' bytes."""
    table, values, start = b"", b"", 8 + 2 + 12 * len(entries) + 4
    for tag, kind, count, value in sorted(entries):
        table += struct.pack("<HHI", tag, kind, count)
        if isinstance(value, bytes):
            table += struct.pack("<I", start + len(values))
            values += value
        else:
            table += struct.pack("<HH", value, 0) if kind == 3 else struct.pack("<I", value)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + table + bytes(4) + values + pixels
