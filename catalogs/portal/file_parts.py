"""A remote file of which only some bytes are here."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO, Self

from fringewatch.errors import CorruptProductError, FringewatchError


@dataclass(frozen=True, order=True)
class ByteRange:
    """The bytes from `start` up to, and without, `stop`."""

    start: int
    stop: int

    @property
    def size(self) -> int:
        """Number of bytes."""
        return self.stop - self.start

    def contains(self, other: Self) -> bool:
        """Whether all bytes of `other` are among these."""
        return self.start <= other.start and other.stop <= self.stop


class BytesNeededError(FringewatchError):
    """Reading on needs bytes of the file that are not here yet; `needed` says which."""

    def __init__(self, needed: ByteRange) -> None:
        super().__init__(f"bytes {needed.start} to {needed.stop} are not here yet")
        self.needed = needed


class FileParts:
    """The known bytes of a file of `size` bytes."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._parts: dict[ByteRange, bytes] = {}

    def add(self, start: int, content: bytes) -> None:
        """Keep `content`, which lies at `start` of the file."""
        self._parts[ByteRange(start, start + len(content))] = content

    def read(self, wanted: ByteRange) -> bytes:
        """Return the wanted bytes.

        Raises
        ------
        BytesNeededError
            If they are not here, all in one part.
        CorruptProductError
            If they lie beyond the end of the file.
        """
        if not 0 <= wanted.start <= wanted.stop <= self.size:
            message = (
                f"the header points at bytes {wanted.start} to {wanted.stop} of a file of "
                f"{self.size} bytes: the file is cut or damaged"
            )
            raise CorruptProductError(message)
        for known, content in self._parts.items():
            if known.contains(wanted):
                return content[wanted.start - known.start : wanted.stop - known.start]
        raise BytesNeededError(wanted)

    def require(self, wanted: Iterable[ByteRange]) -> None:
        """Make sure that all these bytes are here.

        Raises
        ------
        BytesNeededError
            If some are not: it asks for all of those at once, with what lies between them.
        """
        missing = [
            part for part in wanted if not any(known.contains(part) for known in self._parts)
        ]
        if missing:
            start = min(part.start for part in missing)
            raise BytesNeededError(ByteRange(start, max(part.stop for part in missing)))

    def write_image(self, file: BinaryIO) -> None:
        """Write the file at its full size, with holes (zeros) wherever its bytes are not here.

        Holes take no room, on the disk or in memory: what is not here costs nothing.
        """
        file.truncate(self.size)
        for known, content in self._parts.items():
            file.seek(known.start)
            file.write(content)
        file.flush()
