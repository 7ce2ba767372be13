"""Which bytes of a file hold a window, in few ranges."""

import itertools
from collections.abc import Iterable
from typing import Final

from catalogs.portal.file_parts import ByteRange
from catalogs.portal.tiff_layout import UNCOMPRESSED, TiffLayout
from catalogs.rasters.grid import Window
from fringewatch.errors import CorruptProductError

WORTH_A_REQUEST_BYTES: Final = 1 << 16
"""A smaller gap is read along: at the portal's 0.1 to 0.7 MB/s (measured by its users) it takes
no longer than the round trip of one more request."""


def plan_ranges(layout: TiffLayout, window: Window, most_ranges: int) -> tuple[ByteRange, ...]:
    """Return the byte ranges that hold the window's blocks, in the file's order.

    Blocks that lie close to each other share a range, and the widest gaps are the ones that are
    kept. Parts of the window outside the raster need no bytes.

    Parameters
    ----------
    layout : TiffLayout
        Of the file.
    window : Window
        On the file's own grid.
    most_ranges : int
        At least 1.

    Returns
    -------
    tuple of ByteRange
        Disjoint; empty if the writer left out all the window's blocks, or the window lies outside.

    Raises
    ------
    CorruptProductError
        If a block is shorter than the pixels that it must hold.
    """
    needed = sorted({part for part in _needed(layout, window) if part.size})
    if not needed:
        return ()
    ends = list(itertools.accumulate((part.stop for part in needed), max))
    gaps = [
        (after.start - end, index)
        for index, (end, after) in enumerate(zip(ends, needed[1:], strict=False), start=1)
        if after.start - end > WORTH_A_REQUEST_BYTES
    ]
    widest = sorted(gaps, reverse=True)[: most_ranges - 1]
    edges = [0, *sorted(index for _, index in widest), len(needed)]
    return tuple(
        ByteRange(needed[first].start, ends[last - 1]) for first, last in itertools.pairwise(edges)
    )


def _needed(layout: TiffLayout, window: Window) -> Iterable[ByteRange]:
    rows = range(max(window.row, 0), min(window.row + window.size, layout.height))
    columns = range(max(window.column, 0), min(window.column + window.size, layout.width))
    if not rows or not columns:
        return
    for down in range(rows.start // layout.block_height, rows[-1] // layout.block_height + 1):
        for across in range(
            columns.start // layout.block_width, columns[-1] // layout.block_width + 1
        ):
            block = layout.blocks[down * layout.blocks_across + across]
            if block.size and layout.compression == UNCOMPRESSED:
                block = _rows_of(layout, block, down, rows)
            yield block


def _rows_of(layout: TiffLayout, block: ByteRange, down: int, rows: range) -> ByteRange:
    """Return the wanted rows of an uncompressed block: it may be as high as the raster."""
    row_bytes = layout.block_width * layout.pixel_bytes
    top = down * layout.block_height
    first = max(rows.start - top, 0)
    last = min(rows.stop - top, layout.block_height)
    part = ByteRange(block.start + first * row_bytes, block.start + last * row_bytes)
    if not block.contains(part):
        message = (
            f"a block of {block.size} bytes holds no {layout.block_height} rows of {row_bytes} "
            "bytes: the file is cut or damaged"
        )
        raise CorruptProductError(message)
    return part
