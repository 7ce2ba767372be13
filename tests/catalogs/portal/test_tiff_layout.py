import itertools
import struct
from pathlib import Path
from typing import Any

import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st

from catalogs.portal.file_parts import ByteRange, BytesNeededError, FileParts
from catalogs.portal.tiff_layout import UNCOMPRESSED, TiffLayout, parse_layout
from catalogs.portal.window_errors import WholeFileNeededError
from fringewatch.errors import CorruptProductError
from tests.catalogs.portal.containers import CONTAINERS, PHASE, write_container

HEAD = 1 << 15
MOST_ROUNDS = 5  # start, count of entries, entries, their values; then the layout


def parse_by_parts(content: bytes, head: int = HEAD) -> TiffLayout:
    """The layout, from no more of the file than the parser asks for."""
    parts = FileParts(len(content))
    parts.add(0, content[:head])
    for _ in range(MOST_ROUNDS):
        try:
            return parse_layout(parts)
        except BytesNeededError as error:
            needed = error.needed
            parts.add(needed.start, content[needed.start : needed.stop])
    pytest.fail("the parser asks without end")


def entry(order: str, tag: int, kind: int, count: int, value: int) -> bytes:
    return struct.pack(f"{order}HHII", tag, kind, count, value)


def tiff(*entries: tuple[int, int, int, int], tail: bytes = b"", order: str = "<") -> bytes:
    """A classic TIFF of these entries (tag, type, count, value)."""
    start = {"<": b"II", ">": b"MM"}[order] + struct.pack(f"{order}HI", 42, 8)
    directory = b"".join(entry(order, *fields) for fields in sorted(entries))
    return start + struct.pack(f"{order}H", len(entries)) + directory + bytes(4) + tail


USUAL = {256: (3, 1, 3), 257: (3, 1, 2), 258: (4, 1, 8), 273: (4, 1, 8), 278: (4, 1, 2),
         279: (4, 1, 6)}  # fmt: skip
"""A raster of 3 x 2 bytes in one uncompressed strip."""


def usual(**changes: tuple[int, int, int] | None) -> bytes:
    merged = USUAL | {int(tag.removeprefix("t")): fields for tag, fields in changes.items()}
    return tiff(*((tag, *fields) for tag, fields in merged.items() if fields is not None))


@pytest.mark.parametrize("name", [name for name in CONTAINERS if name != "all rows, uncompressed"])
def test_the_blocks_lie_where_gdal_finds_them(tmp_path: Path, name: str) -> None:
    path = write_container(tmp_path / "a.tif", PHASE, CONTAINERS[name])
    layout = parse_by_parts(path.read_bytes())
    with rasterio.open(path) as raster:
        assert (layout.height, layout.width) == raster.shape
        assert (layout.block_height, layout.block_width) == raster.block_shapes[0]
        down = -(-layout.height // layout.block_height)
        for row, column in itertools.product(range(0, down, 5), range(layout.blocks_across)):
            place = f"{column}_{row}"
            offset = raster.get_tag_item(f"BLOCK_OFFSET_{place}", "TIFF", bidx=1)
            size = raster.get_tag_item(f"BLOCK_SIZE_{place}", "TIFF", bidx=1)
            block = layout.blocks[row * layout.blocks_across + column]
            assert (block.start, block.size) == (int(offset or 0), int(size or 0))
    assert layout.pixel_bytes == 4
    assert (layout.compression == UNCOMPRESSED) == ("compress" not in CONTAINERS[name])


def test_one_strip_for_all_rows(tmp_path: Path) -> None:
    # GDAL itself shows such a strip as many small blocks.
    path = write_container(tmp_path / "a.tif", PHASE, CONTAINERS["all rows, uncompressed"])
    layout = parse_by_parts(path.read_bytes())
    assert (layout.block_height, layout.block_width) == PHASE.shape
    assert [block.size for block in layout.blocks] == [PHASE.nbytes]


@pytest.mark.parametrize("head", [0, 4, 16, 100, 5000])
def test_it_asks_for_what_it_lacks(tmp_path: Path, head: int) -> None:
    content = write_container(tmp_path / "a.tif", PHASE, {"blockysize": 1}).read_bytes()
    assert parse_by_parts(content, head) == parse_by_parts(content, len(content))


def test_a_directory_at_the_end_is_asked_for_by_its_place() -> None:
    content = usual()
    moved = content[:4] + struct.pack("<I", 50_000) + bytes(49_992) + content[8:]
    parts = FileParts(len(moved))
    parts.add(0, moved[:HEAD])
    with pytest.raises(BytesNeededError) as caught:
        parse_layout(parts)
    assert caught.value.needed == ByteRange(50_000, 50_002)
    assert parse_by_parts(moved) == parse_by_parts(content)


def test_both_byte_orders() -> None:
    fields = [(256, 3, 1, 3 << 16), (257, 4, 1, 2), (258, 4, 1, 8), (273, 4, 1, 8), (279, 4, 1, 6)]
    layout = parse_by_parts(tiff(*fields, order=">"))
    assert layout == parse_by_parts(usual())
    assert layout.blocks == (ByteRange(8, 14),)


def test_of_two_equal_tags_the_first_counts() -> None:
    content = tiff(*((tag, *fields) for tag, fields in USUAL.items()), (273, 4, 1, 60))
    assert parse_by_parts(content).blocks == (ByteRange(8, 14),)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no TIFF"),
        (b"II*\0", "no TIFF"),
        (b"<html>503 Service Unavailable</html>", "no TIFF"),
        (b"II+\0\x04\0\0\0" + bytes(8), "no TIFF"),
        (b"II*\0\xff\xff\xff\x7f" + bytes(30), "points at"),
        (b"II*\0\x08\0\0\0" + bytes(30), "0 entries"),
        (b"II*\0\x08\0\0\0" + b"\xff\xff" + bytes(30), "65535 entries"),
        (usual()[:40], "points at"),
        (usual(t256=None), "WIDTH"),
        (usual(t257=(2, 1, 2)), "HEIGHT"),
        (usual(t256=(3, 1, 0)), "0 x 2"),
        (usual(t257=(4, 1, 4_000_000_000)), "4000000000"),
        (usual(t278=(4, 1, 0)), "damaged"),
        (usual(t273=(4, 1, 3_000)), "cut"),
        (usual(t273=(4, 4_000_000_000, 8)), "points at"),
        (usual(t279=(3, 2, 6)), "1 offsets and 2 lengths"),
        (usual(t278=(4, 1, 1)), "1 blocks where the raster has 2"),
        (usual(t257=(3, 2, 2)), "2 values"),
        (usual(t277=(3, 1, 3)), "3 band"),
        (usual(t258=(3, 1, 12)), "12 bits"),
        (usual(t339=(3, 1, 5)), "sample format 5"),
    ],
)
def test_damage_is_named(content: bytes, words: str) -> None:
    with pytest.raises(CorruptProductError, match=words):
        parse_by_parts(content)


def test_blocks_of_unknown_length_need_the_whole_file() -> None:
    with pytest.raises(WholeFileNeededError, match="how long"):
        parse_by_parts(usual(t279=None))


def read_or_refuse(content: bytes) -> None:
    try:
        layout = parse_by_parts(content, 16)
    except (CorruptProductError, WholeFileNeededError):
        return
    assert all(0 <= block.start <= block.stop <= len(content) for block in layout.blocks)


@given(st.binary(max_size=300), st.sampled_from([b"II*\0", b"MM\0*", b"II+\0\x08\0\0\0", b""]))
def test_rubbish_is_refused(rubbish: bytes, start: bytes) -> None:
    read_or_refuse(start + rubbish)


@given(st.data())
def test_a_damaged_header_is_read_or_refused(data: st.DataObject) -> None:
    content = bytearray(usual(t34735=(3, 4, 60)) + bytes(40))
    changes: Any = st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255))
    for place, value in data.draw(st.lists(changes, min_size=1, max_size=6)):
        content[place] = value
    read_or_refuse(bytes(content))
