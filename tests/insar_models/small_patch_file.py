"""A small patch file with known content."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from insar_models.patchfile.file import PatchFile, open_patch_file
from insar_models.patchfile.header import COLUMNS, PatchFacts
from insar_models.patchfile.writer import write_patch_file

FACTS = PatchFacts(
    name="tiny",
    version="0123456789ab",
    code_version="0.1.0",
    recipe='{"sources": []}',
    licence="free",
    words={"source": ("cubes",), "volcano": ("etna", "fernandina"), "frame": ("a", "b", "")},
)


def patches_of(count: int) -> NDArray[np.uint8]:
    """Patches of noise, each with its number in its first two bytes."""
    patches = np.random.default_rng(7).integers(0, 256, (count, 224, 224), dtype=np.uint8)
    patches[:, 0, 0], patches[:, 0, 1] = np.divmod(np.arange(count), 256)
    return patches


def columns_of(patches: NDArray[np.uint8]) -> dict[str, NDArray[Any]]:
    """All columns; their numbers differ from column to column and from patch to patch."""
    number = np.arange(len(patches))
    columns: dict[str, NDArray[Any]] = {
        name: (number + at).astype(dtype) for at, (name, dtype) in enumerate(COLUMNS.items())
    }
    hashes = [hashlib.sha256(patch.tobytes()).digest() for patch in patches]
    columns["sha256"] = np.frombuffer(b"".join(hashes), np.uint8).reshape(-1, 32)
    columns["source"] = np.zeros(len(patches), np.uint16)
    columns["volcano"] = (number % 2).astype(np.uint16)
    columns["frame"] = (number % 3).astype(np.uint16)
    columns["label"] = (number % 4 == 0).astype(np.int8)
    return columns


def small_patch_file(path: Path, count: int = 10) -> PatchFile:
    """Write a patch file and open it."""
    patches = patches_of(count)
    write_patch_file(path, FACTS, columns_of(patches), np.array_split(patches, 3))
    return open_patch_file(path)
