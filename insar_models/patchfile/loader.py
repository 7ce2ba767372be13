"""Batches of a patch file on the device that learns.

Where the patches fit, they lie on the device as one tensor of bytes, and a batch is a selection
there: no file is read, nothing is copied to the device. Where they do not, threads read the next
batches from the mapped file while the device works on this one. The batches are the same.
"""

import logging
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from fringewatch.checked_fields import CheckedRecord, Count
from fringewatch.errors import BadInputError
from fringewatch.numbers import PATCH_SIZE
from insar_models.patchfile.file import PatchFile
from insar_models.patchfile.free_memory import free_memory
from insar_models.patchfile.header import PATCH_BYTES
from insar_models.patchfile.sampling import EachOnce, Rank, batches

Residence = Literal["auto", "resident", "mapped"]

_LOG: Final = logging.getLogger(__name__)

_SHARE: Final = 0.5
"""Of the free memory that patches may take unasked: the training needs the rest."""

_BLOCK: Final = 512


@dataclass(frozen=True)
class Loading(CheckedRecord):
    """How patches come to the device; none of it changes what a batch holds."""

    device: str = "cpu"
    """As torch names it: ``cpu``, ``cuda:1``."""
    residence: Residence = "auto"
    """Whether the patches lie on the device, or are read batch by batch."""
    rank: Rank = Rank()  # noqa: RUF009 - frozen, too
    threads: Count = 2
    """That read from the mapped file."""
    ahead: Count = 4
    """Batches that are read before they are asked for."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Patches, and which they are."""

    rows: NDArray[np.int64]
    """Shape (k,): their places in the file, which lead to their columns."""
    phase: torch.Tensor
    """Phase bytes on the device, uint8, shape (k, 224, 224); 0 is no data."""


def open_device(name: str) -> torch.device:
    """Return a device that tensors can be made on.

    Raises
    ------
    BadInputError
        If there is none of that name.
    """
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    # In order: no such name or number, a torch without CUDA, a device without tensors.
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).partition("\n")[0]
        message = f"the device '{name}' cannot be used ({reason}): try 'cpu', or 'cuda' with a GPU"
        raise BadInputError(message) from error
    return device


class PatchLoader:
    """Batches of the patches of a file, or of a selection of them.

    Parameters
    ----------
    file
        An open patch file.
    draw
        Which patches make up which batch; it draws from as many as are selected.
    rows
        Shape (n,), int64: places in the file, such as the learning side of a split; all if None.
    loading
        How they come to the device.

    Raises
    ------
    BadInputError
        If a row is not in the file, the draw is one from another number of patches, the batch
        cannot be shared among the ranks, the device cannot be used, or the patches were asked to
        be resident where they do not fit.
    """

    def __init__(
        self,
        file: PatchFile,
        draw: EachOnce,
        *,
        rows: NDArray[np.int64] | None = None,
        loading: Loading | None = None,
    ) -> None:
        self._file, self._draw, self._loading = file, draw, loading or Loading()
        self._rows = _check_rows(file, draw, rows)
        batches(draw, 0, rank=self._loading.rank)
        self._device = open_device(self._loading.device)
        stays = _stays(self._rows.size, self._device, self._loading)
        self._resident = _fill(file, self._rows, self._device) if stays else None

    @property
    def steps(self) -> int:
        """Batches in an epoch."""
        return self._draw.steps

    @property
    def is_resident(self) -> bool:
        """Whether the patches lie on the device."""
        return self._resident is not None

    def epoch(self, epoch: int, *, start: int = 0) -> Iterator[Batch]:
        """Give the batches of an epoch from step `start` on; nothing is read for earlier ones.

        Raises
        ------
        BadInputError
            If the epoch has no such step.
        """
        chosen = batches(self._draw, epoch, start=start, rank=self._loading.rank)
        if self._resident is not None:
            return self._selected(chosen, self._resident)
        return self._read_ahead(chosen)

    def _selected(
        self, chosen: Iterator[NDArray[np.int64]], patches: torch.Tensor
    ) -> Iterator[Batch]:
        """Batches of patches that lie on the device."""
        on_cpu = patches.numpy() if self._device.type == "cpu" else None
        for places in chosen:
            if on_cpu is not None:  # many times as quick as index_select there
                phase = _room(len(places), self._device)
                np.take(on_cpu, places, axis=0, out=phase.numpy(), mode="clip")
            else:
                phase = patches.index_select(0, torch.from_numpy(places).to(self._device))
            yield Batch(self._rows[places], phase)

    def _read_ahead(self, chosen: Iterator[NDArray[np.int64]]) -> Iterator[Batch]:
        """Batches of patches that threads read from the file, a few ahead."""
        reader = ThreadPoolExecutor(self._loading.threads, thread_name_prefix="patches")
        rows_of = (self._rows[places] for places in chosen)
        waiting: deque[tuple[NDArray[np.int64], Future[torch.Tensor]]] = deque()
        try:
            while True:
                for rows in islice(rows_of, self._loading.ahead - len(waiting)):
                    waiting.append((rows, reader.submit(_read, self._file, rows, self._device)))
                if not waiting:
                    return
                rows, read = waiting.popleft()
                # The pinned memory of a batch is not given to another before it was copied.
                yield Batch(rows, read.result().to(self._device, non_blocking=True))
        finally:
            reader.shutdown(wait=True, cancel_futures=True)


def _check_rows(
    file: PatchFile, draw: EachOnce, rows: NDArray[np.int64] | None
) -> NDArray[np.int64]:
    """The places in the file that are selected, as int64; all of them if None."""
    if rows is None:
        rows = np.arange(len(file), dtype=np.int64)
    if rows.ndim != 1 or rows.dtype.kind not in "iu":
        message = (
            f"rows of type {rows.dtype} and shape {rows.shape} select nothing of {file.path}: "
            "give the places of the patches, whole numbers (numpy.flatnonzero of a mask)"
        )
        raise BadInputError(message)
    outside = rows[(rows < 0) | (rows >= len(file))]
    if outside.size:
        message = (
            f"{outside.size} of {rows.size} rows, such as {outside[0]}, are not in {file.path}, "
            f"which has the rows 0 to {len(file) - 1}: were they made for another version?"
        )
        raise BadInputError(message)
    if draw.patches != rows.size:
        message = (
            f"the batches are drawn from {draw.patches} patches, but {rows.size} of {file.path} "
            "are selected: make the draw for as many"
        )
        raise BadInputError(message)
    return rows.astype(np.int64)


def _stays(patches: int, device: torch.device, loading: Loading) -> bool:
    """Whether the patches are to lie on the device."""
    if loading.residence == "mapped":
        return False
    free = _free(device)
    needed = patches * PATCH_BYTES
    if loading.residence == "resident":
        if free is not None and needed > free:
            message = _no_room(patches, device, f"{free / 1e9:.2f} GB are free")
            raise BadInputError(message)
        return True
    # Ranks on one machine each hold the patches; those with GPUs of their own do not meet.
    copies = loading.rank.of if device.type == "cpu" else 1
    stays = free is not None and needed * copies <= _SHARE * free
    _LOG.info(
        "%d patches (%.2f GB) %s on %s, %s GB free",
        patches,
        needed / 1e9,
        "stay" if stays else "do not stay",
        device,
        "an unknown number of" if free is None else f"{free / 1e9:.2f}",
    )
    return stays


def _free(device: torch.device) -> int | None:
    """Return the free bytes of a device; None if unknown."""
    if device.type == "cpu":
        return free_memory()
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return None


def _no_room(patches: int, device: torch.device, why: str) -> str:
    return (
        f"{patches} patches take {patches * PATCH_BYTES / 1e9:.2f} GB and cannot stay on {device} "
        f"({why}): take fewer, or have them read as they are needed ('mapped')"
    )


def _fill(file: PatchFile, rows: NDArray[np.int64], device: torch.device) -> torch.Tensor:
    """Return the patches of `rows` on the device; no more than one block waits beside it."""
    try:
        patches = _room(rows.size, device)
    except RuntimeError as error:
        message = _no_room(rows.size, device, "the device refuses")
        raise BadInputError(message) from error
    for first in range(0, rows.size, _BLOCK):
        block = rows[first : first + _BLOCK]
        patches[first : first + len(block)].copy_(_read(file, block, torch.device("cpu")))
    return patches


def _read(file: PatchFile, rows: NDArray[np.int64], device: torch.device) -> torch.Tensor:
    """Return patches in the machine's own memory, pinned where a GPU is to fetch them."""
    phase = _room(len(rows), torch.device("cpu"), pinned=device.type == "cuda")
    file.read(rows, into=phase.numpy())
    return phase


def _room(patches: int, device: torch.device, *, pinned: bool = False) -> torch.Tensor:
    shape = (patches, PATCH_SIZE, PATCH_SIZE)
    return torch.empty(shape, dtype=torch.uint8, device=device, pin_memory=pinned)
