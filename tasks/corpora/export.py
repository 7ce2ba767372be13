"""Export: a version of a corpus as one flat file, for machines that train and have no zarr."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from catalogs.corpora.columns import words_of
from catalogs.corpora.layout import read_corpus
from catalogs.storage.place import ZARR_ROOT, Place
from fringewatch.errors import StoreError
from fringewatch.numbers import NO_DATE
from insar_models.patchfile.header import CODED, COLUMNS, PatchFacts
from insar_models.patchfile.writer import write_patch_file

_LOG: Final = logging.getLogger(__name__)

_MOST_IN_A_BLOCK: Final = 1024
_ADVICE: Final = "`fringewatch corpus verify` says what is damaged, and how it is built again"


def export_corpus(version: Place, target: Path) -> Path:
    """Return the patch file that a version was written to; the same version gives the same bytes.

    It is written shard by shard, so a corpus of any size needs little memory; each patch is held
    against its hash on the way.

    Parameters
    ----------
    version
        A finished version of a corpus, ``corpora/<name>/<version>.zarr``.
    target
        The file, or a folder that is there: the file is then ``<name>-<version>.safetensors``.

    Raises
    ------
    StoreError
        If no finished version is there, it is damaged, or it has another layout.
    HomeError
        If the storage does not answer, or the target has too little room or cannot be written.
    """
    if not (version / ZARR_ROOT).is_file():
        message = (
            f"there is no finished version of a corpus at {version}: build it, or take another"
        )
        raise StoreError(message)
    with version.errors():
        dataset = _open(version)
        facts, columns = _facts(version, dataset), _columns(version, dataset)
        path = target
        if target.is_dir():
            path = target / f"{facts.name}-{facts.version}.safetensors"
        write_patch_file(path, facts, columns, _blocks(version, dataset["phase"]))
    _LOG.info("%d patches of %s are in %s", dataset.sizes["patch"], version, path)
    return path


def _open(version: Place) -> xr.Dataset:
    dataset = read_corpus(version)
    missing = [name for name in ("phase", *COLUMNS) if name not in dataset]
    if missing:
        message = (
            f"the corpus {version} lacks {', '.join(missing)}: it is none, or was built by another "
            "version of Fringewatch; build it again"
        )
        raise StoreError(message)
    return dataset


def _facts(version: Place, dataset: xr.Dataset) -> PatchFacts:
    """What the flat file says of the version that it was made of."""
    try:
        return PatchFacts(
            name=version.parent.name,
            version=str(dataset.attrs["version"]),
            code_version=str(dataset.attrs["code_version"]),
            recipe=str(dataset.attrs["recipe"]),
            licence=str(dataset.attrs["license"]),
            words={name: _words(dataset[name]) for name in CODED},
        )
    except KeyError as error:
        message = f"the corpus {version} does not say its {error}: {_ADVICE}"
        raise StoreError(message) from error


def _words(flags: xr.DataArray) -> tuple[str, ...]:
    """Return the word of each of a column's flags, in the order of the flags."""
    values = np.atleast_1d(flags.attrs["flag_values"])
    return tuple(words_of(xr.DataArray(values, attrs=flags.attrs)).tolist())


def _columns(version: Place, dataset: xr.Dataset) -> dict[str, NDArray[Any]]:
    """The columns of a version, with the types of a patch file."""
    columns = {}
    for name, dtype in COLUMNS.items():
        try:
            values = np.asarray(dataset[name].values)
        except (OSError, ValueError, RuntimeError) as error:
            message = f"the column '{name}' of {version} cannot be read ({error}): {_ADVICE}"
            raise StoreError(message) from error
        if name in CODED:
            values = _places_of(version, dataset[name], values)
        if values.dtype.kind == "M":
            days = values.astype("datetime64[D]")
            values = np.where(np.isnat(days), NO_DATE, days.astype(np.int64))
        columns[name] = values.astype(dtype)
        if dtype.kind != "f" and not np.array_equal(columns[name], values):
            message = (
                f"the column '{name}' of {version} has numbers from {values.min()} to "
                f"{values.max()}, which do not fit {dtype}: {_ADVICE}"
            )
            raise StoreError(message)
    return columns


def _places_of(version: Place, flags: xr.DataArray, codes: NDArray[Any]) -> NDArray[np.intp]:
    """Return the place of each code among the flags, which is that of its word."""
    values = np.atleast_1d(flags.attrs["flag_values"])
    places = np.minimum(np.searchsorted(values, codes), len(values) - 1)
    strange = codes[values[places] != codes]
    if strange.size:
        message = (
            f"{strange.size} numbers in the column '{flags.name}' of {version}, such as "
            f"{strange[0]}, stand for no word: {_ADVICE}"
        )
        raise StoreError(message)
    return places


def _blocks(version: Place, phase: xr.DataArray) -> Iterator[NDArray[np.uint8]]:
    """Give the patches, a shard at a time: storage is then asked once for each."""
    shard = (phase.encoding.get("shards") or phase.encoding.get("chunks") or phase.shape)[0]
    step = min(int(shard), _MOST_IN_A_BLOCK)
    for first in range(0, phase.sizes["patch"], step):
        try:
            block = phase[first : first + step].values
        except (OSError, ValueError, RuntimeError) as error:
            message = (
                f"the patches {first} to {first + step - 1} of {version} cannot be read ({error}): "
                f"{_ADVICE}"
            )
            raise StoreError(message) from error
        yield block
