"""Small sources that corpora are built from: pictures of smooth noise, a cube, simulated scenes."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from catalogs.corpora.recipe import CorpusRecipe, CubesSource, ImagesSource, SimulatedSource
from catalogs.corpora.versions import Corpus
from catalogs.cubes.cube import open_cube
from catalogs.cubes.pair_tile import PairTile
from catalogs.home.home import Home
from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.rows import TileRow
from catalogs.rasters.grid import Grid, volcano_window
from catalogs.records import DatePair, FrameId
from catalogs.storage.place import Folder, Place
from fringewatch.numbers import PATCH_SIZE, WINDOW_SIZE

FRAME = FrameId.parse("106A_09048_000909")
GRID = Grid(-92.4255, 0.4871667, 0.001, 0.001, 1840, 1913)
PAIRS = ("20240106_20240118", "20240118_20240130")


def smooth_phase(seed: int, side: int = PATCH_SIZE) -> NDArray[np.uint8]:
    """Bytes of wrapped phase, some fringes wide, none of them no data."""
    field = gaussian_filter(np.random.default_rng(seed).normal(size=(side, side)), 12)
    turns = 4.0 * field / np.abs(field).max()
    codes: NDArray[np.uint8] = (1 + 254 * (turns % 1.0)).astype(np.uint8)
    return codes


def write_picture(folder: Path, number: int, seed: int | None = None) -> Path:
    """Draw the picture `number`, or another one in its place."""
    path = folder / f"{number:03d}.png"
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(smooth_phase(number if seed is None else seed)).save(path)
    return path


def write_cube(cubes: Place) -> None:
    """Write a cube of Fernandina with two pairs, all of it coherent."""
    place = cubes / "fernandina" / f"{FRAME}.zarr"
    if isinstance(place, Folder):
        place.folder.parent.mkdir(parents=True)
    coherence = np.full((WINDOW_SIZE, WINDOW_SIZE), 200, dtype=np.uint8)
    cube = open_cube(place, "fernandina", FRAME, volcano_window(GRID, -0.37, -91.55))
    cube.append(
        [
            PairTile(DatePair.parse(pair), smooth_phase(seed, WINDOW_SIZE), coherence)
            for seed, pair in enumerate(PAIRS, start=1000)
        ]
    )


def write_ledger(home: Path) -> None:
    """Write what a home knows of that cube."""
    tiles = [TileRow(DatePair.parse(pair), "http://x/y", "ff", "ee", "cc") for pair in PAIRS]
    with open_ledger(Home(home).ledger) as ledger:
        ledger.record_tiles("fernandina", FRAME, tiles)


def mixed_recipe(pictures: Path) -> CorpusRecipe:
    """A recipe over the cube, the pictures and one simulated scene."""
    sources = (CubesSource(), ImagesSource(folder=pictures), SimulatedSource(scenes=1, seed=3))
    return CorpusRecipe(sources=sources, patches_in_a_shard=6)


def tree(place: Place) -> dict[str, bytes]:
    """All files below a place, by name."""
    return {file.name: (place / file.name).read() for file in place.files()}


def built_tree(corpus: Corpus) -> dict[str, bytes]:
    """All that a build leaves, without the time at which it ended."""
    found = tree(corpus.place)
    found["history.csv"] = b"\n".join(
        line.partition(b",")[2] for line in found.get("history.csv", b"").splitlines()
    )
    found.pop("builder.lock", None)
    found.pop("builder.json", None)  # a bucket's lease, free again
    return found
