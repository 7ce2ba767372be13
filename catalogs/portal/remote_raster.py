"""A remote GeoTIFF for GDAL to read: few ranges of it come over HTTP, no byte twice.

rasterio lets GDAL read through an object of Python. GDAL asks for the header in small pieces, which
lie in the file's first bytes as a rule, and then for all blocks of a window at once. So the layout
of a TIFF is GDAL's business alone; ours is how many requests and bytes it may cost.
"""

import io
from collections.abc import Iterable
from typing import Any, Final

from rasterio.abc import MultiByteRangeResourceContainer
from typing_extensions import override

from catalogs.portal.byte_ranges import ByteRange, RangeReader
from catalogs.portal.window_errors import WholeFileNeededError
from catalogs.portal.window_plan import plan_ranges
from fringewatch.errors import CorruptProductError

HEAD_BYTES: Final = 1 << 15
"""First read: holds the directory of a frame of up to 3,900 rows in strips of one row."""

MOST_REQUESTS: Final = 4
"""Per file, without redirects and repetitions."""

_MOST_HEADER_PARTS: Final = MOST_REQUESTS - 1
_MOST_HEADER_BYTES: Final = 1 << 20


class RemoteRaster(MultiByteRangeResourceContainer):  # type: ignore[misc]  # rasterio is untyped
    """What `rasterio.open` takes as its opener, for one file.

    GDAL calls it from C, where an exception must not go through. So the first one is kept in
    `error`, what follows gets zeros or nothing, and whoever opened the raster raises it.

    Parameters
    ----------
    reader
        Of the file; its first `HEAD_BYTES` have been read.
    head
        Those bytes.
    """

    def __init__(self, reader: RangeReader, head: bytes) -> None:
        self.error: BaseException | None = None
        self.reads_pixels = False
        """Set once the header is known: blocks are as large as they are."""
        self._reader = reader
        self._total_bytes = reader.total_bytes
        self._parts = {ByteRange(0, len(head)): head}

    @override
    def open(self, path: str, mode: str = "r", **_: Any) -> "_OpenFile":
        return _OpenFile(self)

    @override
    def isfile(self, path: str) -> bool:
        return True

    @override
    def isdir(self, path: str) -> bool:
        return False

    @override
    def ls(self, path: str) -> list[str]:
        return []

    @override
    def mtime(self, path: str) -> int:
        return 0

    @override
    def size(self, path: str) -> int:
        return self._total_bytes

    @override
    def rm(self, path: str) -> None:
        raise PermissionError(path)

    def read(self, wanted: ByteRange) -> bytes:
        """Return these bytes, fewer where the file ends; none after the first error."""
        wanted = ByteRange(wanted.start, min(wanted.stop, self._total_bytes))
        if self.error is not None or wanted.size <= 0:
            return b""
        try:
            return self._known(wanted) or self._bring(wanted)
        except BaseException as error:  # noqa: BLE001 - raised again by whoever opened the raster
            self.error = error
            return b""

    def read_blocks(self, wanted: list[ByteRange]) -> list[bytes]:
        """Return blocks of pixels; zeros in their place after the first error."""
        if self.error is None:
            try:
                self._bring_blocks(wanted)
                found = [self._known(part) for part in wanted]
                return [content for content in found if content is not None]
            except BaseException as error:  # noqa: BLE001
                self.error = error
        return [bytes(part.size) for part in wanted]

    def _known(self, wanted: ByteRange) -> bytes | None:
        for known, content in self._parts.items():
            if known.contains(wanted):
                return content[wanted.start - known.start : wanted.stop - known.start]
        return None

    def _bring(self, wanted: ByteRange) -> bytes:
        """Bring bytes that nobody announced: of the header, or a block that stands alone."""
        brought = wanted
        if not self.reads_pixels:
            if wanted.size > _MOST_HEADER_BYTES or len(self._reader.ranges) == _MOST_HEADER_PARTS:
                message = f"its header is scattered: {wanted.size} more bytes at {wanted.start}"
                raise WholeFileNeededError(message)
            # What a directory points at lies mostly just behind it, or just before.
            start = max(wanted.start - HEAD_BYTES // 2, 0)
            stop = min(max(wanted.stop, start + HEAD_BYTES), self._total_bytes)
            brought = ByteRange(start, stop)
        elif len(self._reader.ranges) == MOST_REQUESTS:
            message = f"its blocks are scattered: {wanted.size} more bytes at {wanted.start}"
            raise WholeFileNeededError(message)
        self._bring_all((brought,))
        return self._known(wanted) or b""

    def _bring_blocks(self, wanted: list[ByteRange]) -> None:
        """Fetch what is lacking of the window's blocks, in as few requests as are left."""
        end = max((part.stop for part in wanted), default=0)
        if end > self._total_bytes:
            message = (
                f"the blocks end at byte {end}, but the file has {self._total_bytes} bytes: it is "
                "cut"
            )
            raise CorruptProductError(message)
        lacking = [part for part in wanted if self._known(part) is None]
        left = MOST_REQUESTS - len(self._reader.ranges)
        if lacking and not left:
            message = f"its header took {MOST_REQUESTS} requests"
            raise WholeFileNeededError(message)
        self._bring_all(plan_ranges(lacking, left) if lacking else ())

    def _bring_all(self, planned: Iterable[ByteRange]) -> None:
        planned = tuple(planned)
        moved = sum(part.size for part in (*self._reader.ranges, *planned))
        if moved > self._total_bytes / 2:
            message = f"a window takes {moved} of its {self._total_bytes} bytes, more than half"
            raise WholeFileNeededError(message)
        for part in planned:
            self._parts[part] = self._reader.read(part).content


class _OpenFile(io.RawIOBase):
    """A place in the file from which GDAL reads on, with the method that gives many ranges."""

    def __init__(self, raster: RemoteRaster) -> None:
        super().__init__()
        self._raster, self._place = raster, 0

    @override
    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._raster.size("")}
        self._place = start[whence] + offset
        return self._place

    @override
    def tell(self) -> int:
        return self._place

    @override
    def read(self, size: int = -1, /) -> bytes:
        stop = self._raster.size("") if size < 0 else self._place + size
        content = self._raster.read(ByteRange(self._place, stop))
        self._place += len(content)
        return content

    def get_byte_ranges(self, offsets: list[int], sizes: list[int]) -> list[bytes]:
        """Return the bytes of each range; GDAL asks for all blocks of a window so."""
        wanted = [ByteRange(at, at + size) for at, size in zip(offsets, sizes, strict=True)]
        return self._raster.read_blocks(wanted)
