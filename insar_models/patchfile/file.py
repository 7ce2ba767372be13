"""A corpus as one flat file, for training machines: numpy reads it, zarr is not needed.

The patches lie one after another, so a file of any size is mapped into memory and any patch is one
jump away. The file is safetensors: other tools open it, and nothing in it is ever unpickled.
"""

import hashlib
import math
import mmap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError, StoreError
from fringewatch.numbers import PATCH_SIZE
from insar_models.patchfile.header import (
    CODED,
    COLUMNS,
    PATCH_BYTES,
    PatchFacts,
    column_shape,
    index_hash,
    read_header,
)

_BLOCK: Final = 512
_MOST_NAMED: Final = 5


@dataclass(frozen=True, eq=False)
class PatchFile:
    """An open patch file; pickled, it travels as its path and is opened again."""

    path: Path
    facts: PatchFacts
    columns: Mapping[str, NDArray[Any]]
    """The columns of `COLUMNS`, in memory, not writeable; the first axis is the patch."""
    phase: np.memmap[Any, np.dtype[np.uint8]]
    """Phase bytes, shape (n, 224, 224), mapped from the file, not writeable; 0 is no data."""
    phase_sha256: str

    def __len__(self) -> int:
        return len(self.phase)

    def __reduce__(self) -> tuple[Callable[..., "PatchFile"], tuple[Path, str]]:
        # A map would be pickled as an array of everything that it shows.
        return (_reopen, (self.path, self.facts.version))

    def read(
        self, rows: NDArray[np.int64], into: NDArray[np.uint8] | None = None
    ) -> NDArray[np.uint8]:
        """Return the patches of `rows`, uint8 of shape (k, 224, 224), copied into memory.

        Parameters
        ----------
        rows
            Shape (k,), each 0 to n - 1.
        into
            Where to put them; new memory if None.

        Raises
        ------
        BadInputError
            If a row is not in the file.
        """
        if len(rows) and not 0 <= int(rows.min()) <= int(rows.max()) < len(self):
            message = (
                f"rows {rows.min()} to {rows.max()} were asked of {self.path}, which has the rows "
                f"0 to {len(self) - 1}"
            )
            raise BadInputError(message)
        self._announce(rows)
        shape = (len(rows), PATCH_SIZE, PATCH_SIZE)
        patches = np.empty(shape, dtype=np.uint8) if into is None else into
        # With any other mode numpy puts an array of its own in between.
        np.take(self.phase, rows, axis=0, out=patches, mode="clip")
        return patches

    def words(self, name: str) -> NDArray[np.str_]:
        """Return the word of each patch in a coded column; shape (n,), empty where unknown.

        Raises
        ------
        BadInputError
            If `name` is no column of `CODED`.
        """
        if name not in CODED:
            message = f"the column '{name}' of {self.path} holds no words: {', '.join(CODED)} do"
            raise BadInputError(message)
        words: NDArray[np.str_] = np.array(self.facts.words[name])[self.columns[name]]
        return words

    def _announce(self, rows: NDArray[np.int64]) -> None:
        """Ask the system to read all of `rows` at once, not page after page as they are touched."""
        mapped = self.phase.base
        if isinstance(mapped, mmap.mmap) and hasattr(mmap, "MADV_WILLNEED"):
            shift = self.phase.offset % mmap.ALLOCATIONGRANULARITY
            for row in rows.tolist():
                first = shift + row * PATCH_BYTES
                page = first - first % mmap.PAGESIZE
                mapped.madvise(mmap.MADV_WILLNEED, page, first - page + PATCH_BYTES)

    def verify(self) -> None:
        """Read everything again.

        Raises
        ------
        StoreError
            If a patch has not the bytes that the corpus had; the message counts and names them.
        """
        whole, damaged = hashlib.sha256(), []
        for first in range(0, len(self), _BLOCK):
            block = self.phase[first : first + _BLOCK]
            whole.update(block.data)
            damaged += [first + at for at in strangers(block, self.columns["sha256"][first:])]
        if damaged or whole.hexdigest() != self.phase_sha256:
            named = ", ".join(map(str, damaged[:_MOST_NAMED]))
            more = ", ..." if len(damaged) > _MOST_NAMED else ""
            message = (
                f"{len(damaged)} of the {len(self)} patches of {self.path} are not those of the "
                f"corpus ({named}{more}): the file is damaged; copy it or export the corpus again"
            )
            raise StoreError(message)


def open_patch_file(path: Path, *, version: str | None = None) -> PatchFile:
    """Return the patch file at `path`: its columns in memory, its patches mapped.

    Opening reads the header and the columns, and checks both; `verify` reads the patches too.

    Parameters
    ----------
    path
        A file that `write_patch_file` wrote. Replacing it while it is open does no harm; cutting
        it in place does, as with every mapped file.
    version
        The version of the corpus that is needed, to go on with a training run, say.

    Raises
    ------
    StoreError
        If there is no such file, it is no patch file, it is cut or altered or of another format,
        or it holds another version.
    """
    header = read_header(path)
    with path.open("rb") as file:
        file.seek(header.columns_start)
        content = file.read()
    if index_hash(header.facts, content) != header.index_sha256:
        message = (
            f"the columns or the header of the patch file {path} were altered: copy it again, or "
            "export the corpus again"
        )
        raise StoreError(message)
    if version is not None and header.facts.version != version:
        message = (
            f"the patch file {path} holds version {header.facts.version} of corpus "
            f"'{header.facts.name}', version {version} is needed: export that one"
        )
        raise StoreError(message)
    shape = (header.count, PATCH_SIZE, PATCH_SIZE)
    phase = np.memmap(path, dtype=np.uint8, mode="r", offset=header.start, shape=shape)
    columns, start = {}, 0
    for name, dtype in COLUMNS.items():
        shape_of = column_shape(name, header.count)
        size = math.prod(shape_of)
        columns[name] = np.frombuffer(content, dtype, size, start).reshape(shape_of)
        start += size * dtype.itemsize
    return PatchFile(path, header.facts, columns, phase, header.phase_sha256)


def _reopen(path: Path, version: str) -> PatchFile:
    return open_patch_file(path, version=version)


def strangers(patches: NDArray[np.uint8], hashes: NDArray[np.uint8]) -> Iterator[int]:
    """Give the place of each patch of a block that has not its hash."""
    for at, patch in enumerate(patches):
        if hashlib.sha256(patch.data).digest() != hashes[at].tobytes():
            yield at
