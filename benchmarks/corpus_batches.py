"""How quickly random batches of a corpus come, way by way, and what its export takes.

    python -m benchmarks.corpus_batches [--patches 4096]

The reference is what most projects do: a folder of PNG files and torch's DataLoader (PIL opens a
file, torchvision makes a tensor of bytes), without workers and with one or two. The other ways
hold the same patches: one tensor in memory, the flat file mapped into memory, and the corpus's
Zarr version. All give batches of 256 bytes-as-they-are in random order. Files lie in the system's
cache, so this is the cost of code, not of a disk; the best of several rounds counts.
"""

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms.functional import pil_to_tensor

from catalogs.corpora.columns import words_of
from catalogs.corpora.layout import read_corpus
from catalogs.storage.place import Folder
from fringewatch.numbers import PATCH_SIZE
from insar_models.patchfile.file import PatchFile, open_patch_file
from insar_models.patchfile.loader import Loading, PatchLoader, Residence
from insar_models.patchfile.sampling import EachOnce, batches
from insar_models.phase.codes import encode_phase
from tasks.corpora.export import export_corpus
from tests.tasks.corpora.version_by_hand import write_version

BATCH: Final = 256
AIM: Final = 20.0
"""Times as quick as the best DataLoader that the first two ways are to be."""

_FIELD: Final = 1024
_NOISE_RAD: Final = 0.12
_SHARD: Final = 512
_SLOW_BATCHES: Final = 4
_ROUNDS: Final = 3

Batches = Callable[[int], Iterator[object]]
"""Gives the batches of an epoch, random ones, each time it is called."""


@dataclass(frozen=True)
class Speed:
    """How quickly a way gives batches."""

    name: str
    patches_s: float


class PictureFolder(Dataset[torch.Tensor]):
    """PNG files, as a training script usually reads them."""

    def __init__(self, folder: Path) -> None:
        self._paths = sorted(folder.glob("*.png"))

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, index: int) -> torch.Tensor:
        with Image.open(self._paths[index]) as picture:
            tensor: torch.Tensor = pil_to_tensor(picture)
            return tensor


def make_patches(count: int) -> NDArray[np.uint8]:
    """Phase bytes of smooth fields with some noise, whose PNG files are as large as LiCSAR's."""
    generator = np.random.default_rng(1)
    fields = [smooth_field(generator) for _ in range(6)]
    patches = np.empty((count, PATCH_SIZE, PATCH_SIZE), dtype=np.uint8)
    for number in range(count):
        row, column = generator.integers(0, _FIELD - PATCH_SIZE, 2)
        field = fields[number % len(fields)]
        part = field[row : row + PATCH_SIZE, column : column + PATCH_SIZE]
        noise = generator.normal(0.0, _NOISE_RAD, part.shape)
        patches[number] = encode_phase(generator.uniform(0.5, 1.5) * part + noise)
    return patches


def smooth_field(generator: np.random.Generator) -> NDArray[np.float64]:
    """A random field of some fringes, radians; shape (1024, 1024)."""
    coarse, fine = (
        gaussian_filter(generator.normal(size=(_FIELD, _FIELD)), width) for width in (40.0, 6.0)
    )
    field: NDArray[np.float64] = 12.0 * coarse / coarse.std() + 0.7 * fine / fine.std()
    return field


def write_pictures(folder: Path, patches: NDArray[np.uint8]) -> None:
    """Write each patch as a grey PNG file."""
    folder.mkdir()
    for number, patch in enumerate(patches):
        Image.fromarray(patch).save(folder / f"{number:06d}.png")


def from_file(file: PatchFile, residence: Residence) -> Batches:
    """Return the batches of a patch file."""
    draw = EachOnce(len(file), BATCH, seed=1)
    return PatchLoader(file, draw, loading=Loading(residence=residence)).epoch


def from_version(phase: xr.DataArray) -> Batches:
    """Return batches read from the Zarr version, a patch at a time out of its shards."""
    draw = EachOnce(phase.sizes["patch"], BATCH, seed=1)

    def epoch(number: int) -> Iterator[object]:
        for places in batches(draw, number):
            yield torch.from_numpy(phase[places].to_numpy())

    return epoch


def from_pictures(folder: Path, workers: int) -> Batches:
    """Return the batches of a DataLoader over PNG files."""
    loader = DataLoader(
        PictureFolder(folder),
        BATCH,
        shuffle=True,
        drop_last=True,
        num_workers=workers,
        persistent_workers=workers > 0,
    )
    return lambda _: iter(loader)


def measure(name: str, epoch: Batches, most: int | None = None) -> Speed:
    """Return the best of some rounds, each of an epoch or of `most` batches.

    The clock starts at the first batch, so that the start of workers is nobody's cost.
    """
    best = 0.0
    for number in range(_ROUNDS):
        source = epoch(number)
        next(source)
        start = time.perf_counter()
        count = sum(1 for _ in islice(source, most))
        best = max(best, count * BATCH / (time.perf_counter() - start))
    return Speed(name, best)


def main() -> None:
    """Print what the export takes, the sizes, and the speed of each way."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--patches", type=int, default=4096, help="at least 2048")
    count = max(parser.parse_args().patches, 8 * BATCH)
    patches = make_patches(count)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        write_pictures(folder / "png", patches)
        version = write_version(folder, patches, _SHARD)
        del patches
        file = _export(version, folder / "flat.safetensors")
        _print_sizes(folder / "png", version, file.path, count)
        _print_speeds(
            [
                measure("resident tensor", from_file(file, "resident")),
                measure("mapped flat file", from_file(file, "mapped")),
                measure(
                    "Zarr version", from_version(read_corpus(Folder(version)).phase), _SLOW_BATCHES
                ),
            ],
            [
                measure(f"PNG, {workers} workers", from_pictures(folder / "png", workers))
                for workers in (0, 1, 2)
            ],
        )


def _export(version: Path, target: Path) -> PatchFile:
    # In a process of its own: the peak of this one's memory is that of making the patches.
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        seconds, memory = process.submit(_timed_export, version, target).result()
    file = open_patch_file(target)
    print(
        f"export of {len(file)} patches: {seconds:.2f} s, {len(file) / seconds:.0f} patches/s, "
        f"{file.phase.nbytes / seconds / 1e6:.0f} MB/s; {memory / 1e6:.0f} MB of memory at most "
        "beyond the interpreter's own"
    )
    return file


def _timed_export(version: Path, target: Path) -> tuple[float, int]:
    """Seconds, and bytes of memory that were taken at most; imports are not counted."""
    words_of(read_corpus(Folder(version)).volcano[:1])  # xarray imports as it goes
    xr.DataArray([0])
    before = _memory("VmRSS")
    start = time.perf_counter()
    export_corpus(Folder(version), target)
    return time.perf_counter() - start, _memory("VmHWM") - before


def _memory(name: str) -> int:
    words = Path("/proc/self/status").read_text(encoding="utf-8").split()
    return int(words[words.index(f"{name}:") + 1]) * 1024


def _print_sizes(png: Path, version: Path, flat: Path, count: int) -> None:
    print(f"\n{'':20}{'MB':>9}{'KB a patch':>12}")
    for name, path in (("PNG folder", png), ("Zarr version", version), ("flat file", flat)):
        files = [path] if path.is_file() else [part for part in path.rglob("*") if part.is_file()]
        size = sum(part.stat().st_size for part in files)
        print(f"{name:20}{size / 1e6:9.1f}{size / count / 1e3:12.1f}")


def _print_speeds(ours: list[Speed], theirs: list[Speed]) -> None:
    best = max(speed.patches_s for speed in theirs)
    print(f"\n{'':20}{'patches/s':>10}{'ms a batch':>12}{'of the best DataLoader':>24}")
    for speed in (*ours, *theirs):
        print(
            f"{speed.name:20}{speed.patches_s:10.0f}{1e3 * BATCH / speed.patches_s:12.2f}"
            f"{speed.patches_s / best:22.1f} x"
        )
    reached = all(speed.patches_s >= AIM * best for speed in ours[:2])
    print(f"\nthe aim of {AIM:.0f} x is {'reached' if reached else 'missed'}")


if __name__ == "__main__":
    main()
