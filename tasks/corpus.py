"""Corpus: the patches of many cubes in one Zarr store, for learning without labels."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import dask
import dask.array as da
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from prefect import task

from catalogs.corpus import PATCHES_IN_A_CHUNK, corpus_folder, publish_corpus
from catalogs.cube import pairs_of, read_cube
from catalogs.cube_layout import PHASE_ATTRIBUTES
from catalogs.home import Home, home_of, only_writer, open_home
from catalogs.place import Folder
from catalogs.settings import Settings
from catalogs.volcanoes import find_volcano
from fringewatch.errors import BadInputError
from fringewatch.numbers import NO_DATA_CODE, PATCH_SIZE
from insar_models.patches import PATCH_ORIGINS, PATCHES_PER_WINDOW
from tasks.patches import patches_of, water_of

_VERSION_LETTERS = 12
_PATCH_ATTRIBUTES = {
    name: value
    for name, value in PHASE_ATTRIBUTES.items()
    if name not in {"grid_mapping", "coordinates"}
}


@dataclass(frozen=True)
class CorpusReport:
    """What a corpus holds, and what was left out of it."""

    path: Path
    version: str
    patches: int
    too_empty: int
    """Patches with too little data."""
    duplicates: int
    """Patches that hold the same bytes as an earlier one."""
    volcanoes: tuple[str, ...]


def build_corpus(
    name: str, volcanoes: Sequence[str], minimum_valid_fraction: float, settings: Settings
) -> CorpusReport:
    """Return the new current version of a corpus, made of the home's cubes.

    The same cubes and settings give the same version. Patches with too little data are left out,
    as are exact copies of another patch (two volcanoes whose windows coincide).

    Parameters
    ----------
    name
        The corpus.
    volcanoes
        Whose cubes; all that the home holds if empty.
    minimum_valid_fraction
        0 to 1: the least share of a patch's pixels that must hold data.
    settings
        The home, and the coherence that water does not reach.

    Raises
    ------
    BadInputError
        If the name or the fraction cannot be used, a volcano is unknown or has no cube, or no
        patch is left.
    """
    if not 0.0 < minimum_valid_fraction <= 1.0:
        message = f"minimum valid fraction {minimum_valid_fraction} is not above 0 and at most 1"
        raise BadInputError(message)
    home = open_home(home_of(settings))
    folder = corpus_folder(home.root / "corpora", name)
    cubes = _find_cubes(home, volcanoes)
    with only_writer(home):
        patches, index = _gather(cubes, settings.water_coherence)
        full = index["valid_fraction"] >= minimum_valid_fraction
        kept = index[full].drop_duplicates("content")
        if kept.empty:
            message = f"corpus '{name}': no patch of {len(cubes)} cubes has enough data"
            raise BadInputError(message)
        version = _version(kept, minimum_valid_fraction, settings.water_coherence)
        dataset = _dataset(patches[kept.index.to_numpy()], kept)
        dataset.attrs = {
            "title": f"wrapped-phase patches for learning without labels: {name}",
            "license": "contains modified Copernicus Sentinel data, analysed by COMET LiCSAR",
            "minimum_valid_fraction": minimum_valid_fraction,
            "water_coherence": settings.water_coherence,
        }
        path = publish_corpus(folder, version, dataset)
    return CorpusReport(
        path,
        version,
        patches=len(kept),
        too_empty=int((~full).sum()),
        duplicates=int(full.sum()) - len(kept),
        volcanoes=tuple(sorted(set(kept["volcano"]))),
    )


corpus_task = task(name="build-corpus")(build_corpus)


def _find_cubes(home: Home, volcanoes: Sequence[str]) -> list[Path]:
    folder = home.root / "cubes"
    slugs = sorted({find_volcano(name).slug for name in volcanoes})
    found = {
        slug: sorted((folder / slug).glob("*.zarr"))
        for slug in slugs or sorted(path.name for path in folder.glob("*"))
    }
    empty = [slug for slug, cubes in found.items() if not cubes]
    if empty or not found:
        message = (
            f"no cubes of {', '.join(empty) or 'any volcano'} in {folder}: "
            "run `fringewatch backfill` for them first"
        )
        raise BadInputError(message)
    return [cube for cubes in found.values() for cube in cubes]


def _gather(cubes: Sequence[Path], water_coherence: float) -> tuple[da.Array, pd.DataFrame]:
    """All patches, lazy, and a row for each: where it is from, how full it is, its hash."""
    arrays, tables = [], []
    for path in cubes:
        cube = read_cube(Folder(path))
        patches = patches_of(cube, water_of(cube, water_coherence)).reshape(
            -1, PATCH_SIZE, PATCH_SIZE
        )
        arrays.append(patches)
        facts = [dask.delayed(_facts)(block) for block in patches.to_delayed().ravel()]
        rows = [row for of_pair in dask.compute(*facts, scheduler="threads") for row in of_pair]
        table = pd.DataFrame(rows, columns=["valid_fraction", "content"])
        pairs = pairs_of(cube)
        table["volcano"], table["frame"] = path.parent.name, path.stem
        for name in ("primary", "secondary"):
            dates = np.array([getattr(pair, name) for pair in pairs], dtype="datetime64[D]")
            table[name] = np.repeat(dates.astype(np.int32), PATCHES_PER_WINDOW)
        for name in ("row", "column"):
            offsets = [getattr(origin, name) for origin in PATCH_ORIGINS]
            table[name] = np.tile(np.array(offsets, dtype=np.int16), len(pairs))
        tables.append(table)
    return da.concatenate(arrays), pd.concat(tables, ignore_index=True)


def _facts(patches: NDArray[np.uint8]) -> list[tuple[float, str]]:
    return [
        (float((patch != NO_DATA_CODE).mean()), hashlib.sha256(patch.tobytes()).hexdigest())
        for patch in patches
    ]


def _version(kept: pd.DataFrame, *recipe: float) -> str:
    content = kept.to_csv(index=False) + repr(recipe)
    return hashlib.sha256(content.encode()).hexdigest()[:_VERSION_LETTERS]


def _dataset(patches: da.Array, index: pd.DataFrame) -> xr.Dataset:
    chunks = (PATCHES_IN_A_CHUNK, PATCH_SIZE, PATCH_SIZE)
    dates = {"units": "days since 1970-01-01", "calendar": "proleptic_gregorian"}
    variables = {
        "phase": (("patch", "y", "x"), patches.rechunk(chunks), _PATCH_ATTRIBUTES),
        "volcano": _flags(index["volcano"]),
        "frame": _flags(index["frame"]),
        "valid_fraction": ("patch", index["valid_fraction"].to_numpy(np.float32), {"units": "1"}),
        "row": ("patch", index["row"].to_numpy(), {"long_name": "first row in the window"}),
        "column": ("patch", index["column"].to_numpy(), {"long_name": "first column"}),
        "primary": ("patch", index["primary"].to_numpy(), dates),
        "secondary": ("patch", index["secondary"].to_numpy(), dates),
    }
    return xr.Dataset(variables)


def _flags(words: pd.Series) -> tuple[str, NDArray[np.uint16], dict[str, object]]:
    """Words as small numbers with CF flag attributes: Zarr 3 has no settled type for text."""
    codes, meanings = pd.factorize(words, sort=True)
    return (
        "patch",
        codes.astype(np.uint16),
        {"flag_values": list(range(len(meanings))), "flag_meanings": " ".join(meanings)},
    )
