"""Where the blocks (strips or tiles) of a TIFF lie, from its header alone.

Only the structure is read here: what the pixels mean (codec, predictor, georeference, nodata) is
left to GDAL. Formats: TIFF 6.0 sections 2, 3 and 15, and BigTIFF (magic 43, 8-byte offsets).
"""

import itertools
import math
import struct
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from catalogs.portal.file_parts import ByteRange, FileParts
from catalogs.portal.window_errors import WholeFileNeededError
from catalogs.rasters.limits import refuse_absurd
from fringewatch.errors import CorruptProductError

UNCOMPRESSED: Final = 1

_UNSIGNED_NUMBERS: Final = 1
_NUMBERS: Final = frozenset({_UNSIGNED_NUMBERS, 2, 3})  # whole ones without and with a sign, floats

_MOST_ENTRIES: Final = 1000  # a GeoTIFF has about 20
_PIXEL_BYTES: Final = MappingProxyType({8: 1, 16: 2, 32: 4, 64: 8})
_TYPE_BYTES: Final = MappingProxyType(
    {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4}
    | {10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
)
_UNSIGNED: Final = MappingProxyType({1: "B", 3: "H", 4: "I", 16: "Q"})


class Tag(IntEnum):
    """The tags that say how a raster is cut into blocks."""

    WIDTH = 256
    HEIGHT = 257
    BITS_PER_SAMPLE = 258
    COMPRESSION = 259
    STRIP_OFFSETS = 273
    SAMPLES_PER_PIXEL = 277
    ROWS_PER_STRIP = 278
    STRIP_BYTE_COUNTS = 279
    TILE_WIDTH = 322
    TILE_HEIGHT = 323
    TILE_OFFSETS = 324
    TILE_BYTE_COUNTS = 325
    SAMPLE_FORMAT = 339


@dataclass(frozen=True)
class TiffLayout:
    """How the single band of a TIFF is cut into blocks, and where they lie."""

    width: int
    height: int
    pixel_bytes: int
    compression: int
    """The file's own number; 1 is none."""
    block_width: int
    """Pixels; the whole width for strips."""
    block_height: int
    """Rows."""
    blocks: tuple[ByteRange, ...]
    """Row by row of blocks; empty ranges are blocks that the writer left out (no data)."""

    @property
    def blocks_across(self) -> int:
        """Number of blocks beside each other."""
        return math.ceil(self.width / self.block_width)


def parse_layout(parts: FileParts) -> TiffLayout:
    """Return the layout of the first raster of a TIFF.

    When it returns, all values of the first directory are among `parts`, also those that only
    GDAL looks at.

    Raises
    ------
    BytesNeededError
        If parts of the directory lie where the file is not known yet: add them and call again.
    CorruptProductError
        If this is no TIFF, its directory is damaged, or it points beyond the end of the file.
    WholeFileNeededError
        If the file is sound so far but says too little of its blocks.
    """
    tags = _read_directory(parts)
    width, height = tags.one(Tag.WIDTH), tags.one(Tag.HEIGHT)
    if Tag.TILE_WIDTH in tags:
        block_width, block_height = tags.one(Tag.TILE_WIDTH), tags.one(Tag.TILE_HEIGHT)
        offsets, counts = Tag.TILE_OFFSETS, Tag.TILE_BYTE_COUNTS
    else:
        block_width, block_height = width, min(tags.one(Tag.ROWS_PER_STRIP, height), height)
        offsets, counts = Tag.STRIP_OFFSETS, Tag.STRIP_BYTE_COUNTS
    refuse_absurd((width, height), (block_width, block_height))
    if counts not in tags:
        message = "the header does not say how long the blocks are"
        raise WholeFileNeededError(message)
    blocks = _blocks(parts.size, tags.all(offsets), tags.all(counts))
    wanted = math.ceil(width / block_width) * math.ceil(height / block_height)
    if len(blocks) != wanted:
        message = f"the header lists {len(blocks)} blocks where the raster has {wanted}"
        raise CorruptProductError(message)
    return TiffLayout(
        width=width,
        height=height,
        pixel_bytes=_pixel_bytes(tags),
        compression=tags.one(Tag.COMPRESSION, UNCOMPRESSED),
        block_width=block_width,
        block_height=block_height,
        blocks=blocks,
    )


class _Form(NamedTuple):
    """Sizes and codes in which classic TIFF and BigTIFF differ."""

    order: str
    """Byte order, in the letters of `struct`."""
    offset: str
    """Code of an offset or a count of values."""
    entries: str
    """Code of the number of entries."""

    @property
    def entry(self) -> struct.Struct:
        value_bytes = struct.calcsize(self.order + self.offset)
        return struct.Struct(f"{self.order}HH{self.offset}{value_bytes}s")


class _Entry(NamedTuple):
    kind: int
    values: int
    """How many there are."""
    value: bytes
    """The field for the value: the value itself where it fits, else its offset."""


class _Tags:
    """The entries of a directory, whose values are looked up in the file when asked for."""

    def __init__(self, parts: FileParts, form: _Form, entries: dict[int, _Entry]) -> None:
        self._parts = parts
        self._form = form
        self._entries = entries

    def __contains__(self, tag: Tag) -> bool:
        return tag in self._entries

    def one(self, tag: Tag, default: int | None = None) -> int:
        """Return the single number of `tag`."""
        if default is not None and tag not in self:
            return default
        values = self.all(tag)
        if len(values) != 1:
            message = f"the header has {len(values)} values for its tag {tag.name}, expected one"
            raise CorruptProductError(message)
        return values[0]

    def all(self, tag: Tag) -> tuple[int, ...]:
        """Return all numbers of `tag`."""
        entry = self._entries.get(tag)
        if entry is None or entry.kind not in _UNSIGNED:
            message = f"the header has no usable tag {tag.name}: it is damaged"
            raise CorruptProductError(message)
        lies = self.lies(entry)
        size = entry.values * _TYPE_BYTES[entry.kind]
        content = entry.value[:size] if lies is None else self._parts.read(lies)
        return struct.unpack(f"{self._form.order}{entry.values}{_UNSIGNED[entry.kind]}", content)

    def lies(self, entry: _Entry) -> ByteRange | None:
        """Return where the value lies; None if inside the entry, or if its type is unknown."""
        size = entry.values * _TYPE_BYTES.get(entry.kind, 0)
        if size <= len(entry.value):
            return None
        (start,) = struct.unpack(self._form.order + self._form.offset, entry.value)
        return ByteRange(start, start + size)

    def require_all(self) -> None:
        """Make sure that all values are here; those beyond the file's end are left to GDAL."""
        lie = [self.lies(entry) for entry in self._entries.values()]
        self._parts.require(
            part for part in lie if part is not None and part.stop <= self._parts.size
        )


def _read_directory(parts: FileParts) -> _Tags:
    start = parts.read(ByteRange(0, min(16, parts.size)))
    form, at = _read_start(start)
    counted = struct.calcsize(form.order + form.entries)
    (count,) = struct.unpack(form.order + form.entries, parts.read(ByteRange(at, at + counted)))
    if not 1 <= count <= _MOST_ENTRIES:
        message = f"the header has a directory of {count} entries: it is damaged"
        raise CorruptProductError(message)
    first, entry = at + counted, form.entry
    content = parts.read(ByteRange(first, first + count * entry.size))
    entries: dict[int, _Entry] = {}
    for tag, kind, values, value in entry.iter_unpack(content):
        entries.setdefault(tag, _Entry(kind, values, value))  # of two, GDAL uses the first
    tags = _Tags(parts, form, entries)
    tags.require_all()
    return tags


def _read_start(start: bytes) -> tuple[_Form, int]:
    """Return the form of the file, and where its first directory lies."""
    order = {b"II": "<", b"MM": ">"}.get(start[:2])
    classic, big = struct.Struct("HI"), struct.Struct("HHHQ")
    if order is not None and len(start) >= 16:  # noqa: PLR2004 - the longer of both starts
        magic, at = struct.unpack_from(f"{order}{classic.format}", start, 2)
        if magic == 42:  # noqa: PLR2004 - the number that makes a file a TIFF
            return _Form(order, "I", "H"), at
        magic, offset_bytes, zero, at = struct.unpack_from(f"{order}{big.format}", start, 2)
        if (magic, offset_bytes, zero) == (43, 8, 0):
            return _Form(order, "Q", "Q"), at
    message = f"this is no TIFF: it starts with {start!r}"
    raise CorruptProductError(message)


def _pixel_bytes(tags: _Tags) -> int:
    bands, bits = tags.one(Tag.SAMPLES_PER_PIXEL, 1), tags.one(Tag.BITS_PER_SAMPLE, 1)
    kind = tags.one(Tag.SAMPLE_FORMAT, _UNSIGNED_NUMBERS)
    if bands != 1 or bits not in _PIXEL_BYTES or kind not in _NUMBERS:
        message = (
            f"the raster has {bands} band(s) of {bits} bits in sample format {kind}: it is not a "
            "LiCSAR product"
        )
        raise CorruptProductError(message)
    return _PIXEL_BYTES[bits]


def _blocks(size: int, offsets: tuple[int, ...], counts: tuple[int, ...]) -> tuple[ByteRange, ...]:
    if len(offsets) != len(counts):
        message = f"the header has {len(offsets)} offsets and {len(counts)} lengths of blocks"
        raise CorruptProductError(message)
    blocks = tuple(itertools.starmap(_block, zip(offsets, counts, strict=True)))
    end = max((block.stop for block in blocks), default=0)
    if end > size:
        message = f"the blocks end at byte {end}, but the file has {size} bytes: it is cut"
        raise CorruptProductError(message)
    return blocks


def _block(offset: int, count: int) -> ByteRange:
    return ByteRange(offset, offset + count) if count else ByteRange(0, 0)
