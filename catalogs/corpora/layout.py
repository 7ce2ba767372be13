"""How a version of a corpus lies in its place, and the step that shows it to readers.

A version is a Zarr 3 store that plain ``xarray.open_zarr`` opens. Readers go by its root
``zarr.json``, which holds the description of all arrays (consolidated metadata) and is put last, in
one write; before that nothing opens, after that nothing changes. There is no time and no name of a
machine in it: the same plan gives the same files, byte for byte.
"""

import json
import warnings
from typing import Any, Final

import numpy as np
import xarray as xr
import zarr
from zarr.errors import GroupNotFoundError
from zarr.storage import MemoryStore

from catalogs.corpora.columns import (
    PatchColumn,
    columns_of,
    licences_of,
    plain_recipe,
    statistics_of,
)
from catalogs.corpora.plan import Plan
from catalogs.corpora.shards import (
    COMPRESSOR,
    PHASE,
    create_phase,
    listed,
    missing_shards,
    put_object,
)
from catalogs.corpora.versions import Corpus
from catalogs.storage.place import ZARR_ROOT, Place
from fringewatch.errors import StoreError

CORPUS_FORMAT: Final = 1
_PHASE_DESCRIPTION: Final = f"{PHASE}/{ZARR_ROOT}"
_ROWS_IN_A_CHUNK: Final = 1 << 18
"""Of a column: one object, unless a corpus is very large."""

# What zarr and xarray raise where a description is damaged.
_UNREADABLE: Final = (
    GroupNotFoundError,
    LookupError,
    ValueError,
    TypeError,
    RuntimeError,
    AttributeError,
)


def create_version(place: Place, plan: Plan) -> None:
    """Begin a version: describe its patches, so that shards can be written, by many at once.

    Nothing can be read yet. Doing it again changes nothing.

    Parameters
    ----------
    place
        The version's store, ``corpus.version(plan.version)``.
    plan
        From `read_plan`.

    Raises
    ------
    BadInputError
        If the plan keeps no patch.
    HomeError
        If the storage is full or cannot be written.
    """
    objects: dict[str, Any] = {}
    create_phase(MemoryStore(objects), plan, PHASE)
    put_object(place / _PHASE_DESCRIPTION, objects[_PHASE_DESCRIPTION].to_bytes())
    place.sync()


def finish_version(corpus: Corpus, plan: Plan) -> None:
    """Write all that a version holds besides its shards, then show it to readers in one step.

    It can be repeated after a kill at any point, and does nothing to a version that is there,
    except that it removes receipts that are left.

    Raises
    ------
    StoreError
        If shards are missing: names them.
    HomeError
        If the storage is full or cannot be written; then readers do not see the version.
    """
    missing = missing_shards(corpus, plan)
    if missing:
        message = (
            f"version {plan.version} of corpus '{corpus.name}' lacks {len(missing)} of "
            f"{plan.shards} shards ({listed(missing)}): build it again, and these are written"
        )
        raise StoreError(message)
    if not corpus.is_finished(plan.version):
        place = corpus.version(plan.version)
        objects = version_objects(plan)
        root = objects.pop(ZARR_ROOT)
        for name, content in objects.items():
            put_object(place / name, content)
        place.sweep()
        place.sync()
        put_object(place / ZARR_ROOT, root)
    corpus.building(plan.version).remove()


def version_objects(plan: Plan) -> dict[str, bytes]:
    """Return all objects of a finished version besides its shards, by name, in a fixed order."""
    objects: dict[str, Any] = {}
    store = MemoryStore(objects)
    group = zarr.create_group(store, zarr_format=3, attributes=_root_attributes(plan))
    create_phase(store, plan, PHASE)
    for column in columns_of(plan):
        _add_column(group, column)
    with warnings.catch_warnings():
        # zarr warns that other readers of the format may not know consolidated metadata: they
        # then read each array's own, which holds the same.
        warnings.filterwarnings("ignore", message="Consolidated metadata")
        zarr.consolidate_metadata(store)
    return {name: objects[name].to_bytes() for name in sorted(objects)}


def read_corpus(place: Place) -> xr.Dataset:
    """Return a version as a lazy dataset, without dask.

    ``phase`` is left as bytes, uint8 (patch, 224, 224), 0 is no data; dates are datetime64, NaT
    where they are not known; ``location`` is strings; names of volcanoes, frames and sources are
    flags, for `words_of`.

    Parameters
    ----------
    place
        The version's store, ``corpus.version(corpus.current())``.

    Raises
    ------
    StoreError
        If no finished version is there, it is damaged, or was written by a newer Fringewatch.
    """
    if not (place / ZARR_ROOT).is_file():
        message = f"{place} is no finished version of a corpus: build the corpus (again)"
        raise StoreError(message)
    with place.errors():
        try:
            store: Any = place.zarr_store(read_only=True)  # xarray's types do not know zarr's
            corpus = xr.open_dataset(
                store, engine="zarr", consolidated=True, chunks=None, mask_and_scale={PHASE: False}
            )
        except _UNREADABLE as error:
            message = (
                f"{place} is damaged ({error}): remove its {ZARR_ROOT} and build the corpus again"
            )
            raise StoreError(message) from error
    written = corpus.attrs.get("fringewatch_format")
    if written != CORPUS_FORMAT or PHASE not in corpus:
        message = (
            f"{place} has format {written}, and this version reads {CORPUS_FORMAT}: install the "
            "Fringewatch that wrote it, or build the corpus again"
        )
        raise StoreError(message)
    return corpus


def is_draft(name: str) -> bool:
    """Whether a file is what a killed writer left: never part of a version, nobody reads it."""
    return any(part.startswith(".") for part in name.split("/"))


def _root_attributes(plan: Plan) -> dict[str, Any]:
    """What the root of a version says of itself."""
    licences = licences_of(plan.recipe)
    # The corpus's name is no part of a version: the same plan under two names is one version.
    return {
        "Conventions": "CF-1.11",
        "title": "wrapped-phase patches for learning without labels",
        "license": "; ".join(dict.fromkeys(licences.values())),
        "licenses_by_source": json.dumps(licences),
        "recipe": plain_recipe(plan.recipe),
        "plan_sha256": plan.sha256,
        "version": plan.version,
        "code_version": plan.code_version,
        "fringewatch_format": CORPUS_FORMAT,
        "statistics": statistics_of(plan),
    }


def _add_column(group: zarr.Group, column: PatchColumn) -> None:
    """Write one column of the patches, whole."""
    values = column.values
    array = group.create_array(
        column.name,
        shape=values.shape,
        chunks=(min(len(values), _ROWS_IN_A_CHUNK), *values.shape[1:]),
        dtype=values.dtype,
        compressors=COMPRESSOR,
        dimension_names=column.dimensions,
        attributes=column.attributes,
        config={"write_empty_chunks": True},
    )
    array[...] = np.asarray(values)
