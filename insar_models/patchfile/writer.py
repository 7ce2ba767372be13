"""Write a corpus as one flat file, in a stream: see `insar_models.patchfile.file`."""

import hashlib
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import safetensors
from numpy.typing import NDArray

from fringewatch.atomic import atomic_file, disk_errors
from fringewatch.errors import BadInputError, DiskFullError, StoreError
from fringewatch.numbers import PATCH_SIZE
from insar_models.patchfile.file import open_patch_file, strangers
from insar_models.patchfile.header import (
    CODED,
    COLUMNS,
    PatchFacts,
    check_facts,
    column_shape,
    file_size,
    header_bytes,
    index_hash,
    joined,
)


def write_patch_file(
    path: Path,
    facts: PatchFacts,
    columns: Mapping[str, NDArray[Any]],
    patches: Iterable[NDArray[np.uint8]],
) -> None:
    """Write a patch file; the same content gives the same bytes.

    No more than one block is in memory, and the file appears when it is whole. An older file at
    `path` is replaced.

    Parameters
    ----------
    path
        Its folder is made where it is missing.
    facts
        What the patches are.
    columns
        All of `COLUMNS`, of n patches each, in their types. `sha256` holds the hash of each
        patch's 224 x 224 bytes.
    patches
        Blocks of shape (k, 224, 224), together n patches. An error of theirs passes through.

    Raises
    ------
    BadInputError
        If a column is missing or has another type or length than it must have, or a number in it
        stands for no word.
    StoreError
        If there are more or fewer patches than in the columns, or one has not its hash.
    DiskFullError
        If the disk has too little room; nothing is left behind.
    HomeError
        If it cannot be written.
    """
    check_facts(facts)
    count = _check_columns(facts, columns)
    _check_room(path, file_size(facts, count))
    content = joined(columns)
    with atomic_file(path) as temporary:
        with temporary.open("wb") as file:
            file.write(header_bytes(facts, count))
            phase_sha256 = _write_phase(file, path, columns["sha256"], patches)
            file.write(content)
            file.seek(0)
            file.write(header_bytes(facts, count, phase_sha256, index_hash(facts, content)))
        open_patch_file(temporary)
        with safetensors.safe_open(temporary, framework="numpy"):  # others can open it, too
            pass


def _write_phase(
    file: BinaryIO, path: Path, hashes: NDArray[np.uint8], blocks: Iterable[NDArray[np.uint8]]
) -> str:
    """Write the patches as they come, each held against its hash; the hash of all bytes."""
    whole, done = hashlib.sha256(), 0
    for values in blocks:
        block = np.ascontiguousarray(values)
        if block.dtype != np.uint8 or block.shape[1:] != (PATCH_SIZE, PATCH_SIZE):
            message = (
                f"patches of type {block.dtype} and shape {block.shape} came for {path}: they "
                f"must be uint8 of shape (k, {PATCH_SIZE}, {PATCH_SIZE})"
            )
            raise BadInputError(message)
        if done + len(block) > len(hashes):
            message = f"more than the {len(hashes)} patches of its columns came for {path}"
            raise StoreError(message)
        for at in strangers(block, hashes[done:]):
            message = (
                f"patch {done + at} has not the sha256 of its column: the corpus is damaged; "
                "verify and repair it, then export it again"
            )
            raise StoreError(message)
        whole.update(block.data)
        file.write(block.data)
        done += len(block)
    if done != len(hashes):
        message = f"{done} patches came for {path}, its columns have {len(hashes)}"
        raise StoreError(message)
    return whole.hexdigest()


def _check_columns(facts: PatchFacts, columns: Mapping[str, NDArray[Any]]) -> int:
    """The count of patches, of which all columns have as many."""
    if columns.keys() != COLUMNS.keys():
        odd = ", ".join(sorted(columns.keys() ^ COLUMNS.keys()))
        message = f"corpus '{facts.name}': columns are missing or unknown: {odd}"
        raise BadInputError(message)
    count = len(columns["sha256"])
    for name, dtype in COLUMNS.items():
        found, shape = columns[name], column_shape(name, count)
        if count == 0 or found.dtype != dtype or found.shape != shape:
            message = (
                f"corpus '{facts.name}': the column '{name}' is {found.dtype} of shape "
                f"{found.shape}, a patch file needs {dtype} of shape {shape} and at least 1 patch"
            )
            raise BadInputError(message)
        if name in CODED and int(found.max()) >= len(facts.words[name]):
            message = (
                f"corpus '{facts.name}': the number {int(found.max())} in the column '{name}' "
                f"stands for no word, there are {len(facts.words[name])}"
            )
            raise BadInputError(message)
    return count


def _check_room(path: Path, needed: int) -> None:
    """Say at once, not after an hour, that the disk is too small."""
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(path.parent).free
    if needed > free:
        message = (
            f"cannot write {path}: it takes {needed / 1e9:.2f} GB and {free / 1e9:.2f} GB are "
            "free: free some space, or choose another folder"
        )
        raise DiskFullError(message)
