"""Reading a .zip of unknown origin: its table of members, and one member's bytes.

The standard library's zipfile refuses a whole archive for one odd member (a name that is not UTF-8, a field that is cut
short), takes 1 kB a member, unpacks bzip2 and LZMA without a limit, and reads for one thread at a time. The format is
PKWARE's APPNOTE.TXT 6.3.10; the sections are named below.
"""

from __future__ import annotations

import bz2
import lzma
import os
import struct
import zlib
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

METHODS = frozenset((0, 8, 12, 14))  # stored, deflated, bzip2, LZMA (4.4.5)
LZMA_MEMORY = 128 << 20  # bytes; a member may ask for 4 GB
MAX_TABLE = 512 << 20  # bytes of a central directory; that of a million members has about 100 MB

_END = struct.Struct("<4s4H2LH")  # 4.3.16 end of central directory record
_LOCATOR = struct.Struct("<4sLQL")  # 4.3.15 where its 64-bit form is
_END_64 = struct.Struct("<4sQ2H2L4Q")  # 4.3.14
_MEMBER = struct.Struct("<4s6H3L5H2L")  # 4.3.12 central directory header
_LOCAL = struct.Struct("<4s5H3L2H")  # 4.3.7 local file header
_LZMA_HEADER = struct.Struct("<2BH")  # 5.8.8: version, length of the properties
_ENCRYPTED = 1 | 1 << 6 | 1 << 13  # 4.4.4
_UTF8 = 1 << 11
_AES = 99


class ZipError(ValueError):
    """What is no readable .zip, or a member that cannot be read; says why."""


class Member(NamedTuple):
    """One member: ``size`` bytes after unpacking, ``packed`` before; ``offset`` is its local header's."""

    name: str
    size: int
    packed: int
    crc: int
    method: int
    offset: int
    encrypted: bool


def read_table(file: BinaryIO) -> Iterator[Member]:
    """The members of an archive, in the order of its central directory; ZipError if it is none."""
    start, size, shift = _find_table(file)
    file.seek(start)
    table = file.read(size)
    at = 0
    while at < len(table):
        if len(table) - at < _MEMBER.size or table[at : at + 4] != b"PK\1\2":
            raise ZipError("its table of contents is damaged")
        values = _MEMBER.unpack_from(table, at)
        flags, method, crc, packed, unpacked = values[3], values[4], *values[7:10]
        name, extra, comment, offset = *values[10:13], values[16]
        at += _MEMBER.size
        text = _name(table[at : at + name], flags)
        if 0xFFFFFFFF in (unpacked, packed, offset):
            unpacked, packed, offset = _sizes_64(table[at + name : at + name + extra], unpacked, packed, offset)
        at += name + extra + comment
        encrypted = bool(flags & _ENCRYPTED) or method == _AES
        yield Member(text, unpacked, packed, crc, method, offset + shift, encrypted)


def read_member(file: BinaryIO, member: Member) -> bytes:
    """A member's bytes, checked; ZipError says why there are none. Safe in many threads at once."""
    data = _unpack(_packed(file, member, member.packed), member, member.size + 1)
    if len(data) != member.size:
        raise ZipError(f"Bad size: {len(data):,} bytes or more, not {member.size:,}")
    if zlib.crc32(data) != member.crc:
        raise ZipError("Bad CRC-32")
    return data


def read_beginning(file: BinaryIO, member: Member, most: int) -> bytes:
    """The first bytes of a member, unchecked. bzip2 and LZMA have to be unpacked whole for that."""
    if member.method in (0, 8):
        return _unpack(_packed(file, member, min(member.packed, 4096)), member, most)[:most]
    return read_member(file, member)[:most]


def _packed(file: BinaryIO, member: Member, most: int) -> bytes:
    """What stands behind the local header."""
    try:
        header = os.pread(file.fileno(), _LOCAL.size, member.offset)
        if len(header) < _LOCAL.size or header[:4] != b"PK\3\4":
            raise ZipError("Bad local header")
        *_, name, extra = _LOCAL.unpack(header)
        return os.pread(file.fileno(), most, member.offset + _LOCAL.size + name + extra)
    except (OSError, OverflowError) as error:
        raise ZipError(f"Bad offset ({error})") from error


def _find_table(file: BinaryIO) -> tuple[int, int, int]:
    """(offset, length) of the central directory, and how many bytes (a program) stand before the archive."""
    length = file.seek(0, os.SEEK_END)
    tail = os.pread(file.fileno(), _END.size + 0xFFFF, max(0, length - _END.size - 0xFFFF))
    start = tail.rfind(b"PK\5\6")
    if start < 0 or len(tail) - start < _END.size:
        raise ZipError("it has no table of contents, as when it was cut short")
    end = length - len(tail) + start
    *_, count, size, offset, _ = _END.unpack_from(tail, start)
    locator = os.pread(file.fileno(), _LOCATOR.size, max(0, end - _LOCATOR.size))
    if locator[:4] == b"PK\6\7":
        end = end - _LOCATOR.size - _END_64.size
        record = os.pread(file.fileno(), _END_64.size, max(0, end))
        if record[:4] != b"PK\6\6":
            raise ZipError("its table of contents is damaged")
        *_, count, size, offset = _END_64.unpack(record)
    if count * (_MEMBER.size + _LOCAL.size) > length:  # each member has both headers, and files share no bytes
        raise ZipError(f"it claims to hold {count:,} files, more than {length:,} bytes can")
    start = end - size
    if start < 0 or size > MAX_TABLE or offset > start:
        raise ZipError("its table of contents is damaged, or of more than some five million files")
    return start, size, start - offset


def _sizes_64(extra: bytes, *values: int) -> tuple[int, ...]:
    """Those of the sizes and the offset that did not fit into 32 bits, from the extra field 0x0001 (4.5.3)."""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<2H", extra)
        if kind == 1:
            numbers = iter(struct.unpack_from(f"<{length // 8}Q", extra[: 4 + length].ljust(4 + length, b"\0"), 4))
            return tuple(next(numbers, value) if value == 0xFFFFFFFF else value for value in values)
        extra = extra[4 + length :]
    return values


def _name(name: bytes, flags: int) -> str:
    """A member's name. Many archivers write UTF-8 without saying so; else it is in the code page of the first PCs."""
    try:
        return name.decode()
    except UnicodeDecodeError:
        return os.fsdecode(name) if flags & _UTF8 else name.decode("cp437")


def _unpack(packed: bytes, member: Member, most: int) -> bytes:
    """At most so many bytes of what a member holds (more if it is stored)."""
    try:
        match member.method:
            case 0:
                return packed
            case 8:
                return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, most)
            case 12:
                return bz2.BZ2Decompressor().decompress(packed, most)
            case 14:
                _, _, length = _LZMA_HEADER.unpack_from(packed)
                properties, body = packed[_LZMA_HEADER.size :][:length], packed[_LZMA_HEADER.size + length :]
                alone = properties + b"\xff" * 8 + body  # the header of a .lzma file: properties, an unknown size
                return lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=LZMA_MEMORY).decompress(alone, most)
    except (zlib.error, lzma.LZMAError, OSError, EOFError, struct.error) as error:
        raise ZipError(f"Bad packed data: {error}") from error
    raise ZipError(f"Packing method {member.method} is not read")
