"""Shards of a version: one object holds some hundred patches, and is put by one call.

A version's ``phase`` is a Zarr 3 array with the sharding codec: an inner chunk is one patch, so
that a patch can be read alone, and a shard is one object, so that a corpus is few files. Objects
are made in memory by zarr and put through a `Place`, whole or not at all. The same patches give the
same bytes (as long as the Zstandard library is the same), so it does no harm when two workers
write the same shard, or when one is written again.
"""

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import zarr
import zarr.buffer
from numpy.typing import NDArray
from zarr.abc.store import Store
from zarr.codecs import ZstdCodec
from zarr.storage import MemoryStore

from catalogs.corpora.plan import Plan
from catalogs.corpora.versions import Corpus
from catalogs.cubes.layout import PHASE_ATTRIBUTES
from catalogs.storage.place import ZARR_ROOT, Place
from fringewatch.errors import BadInputError, HomeBusyError, StoreError
from fringewatch.numbers import NO_DATA_CODE, PATCH_SIZE

PHASE: Final = "phase"
"""The array of patches, and the folder of its shards."""

COMPRESSOR: Final = ZstdCodec(level=5, checksum=True)
"""Its checksum makes a reader notice a flipped bit in a patch; beyond level 5 nothing is gained."""

_ATTRIBUTES: Final = {
    name: value
    for name, value in PHASE_ATTRIBUTES.items()
    if name not in {"grid_mapping", "coordinates"}
}
_RECEIPTS_AT_ONCE: Final = 16


@dataclass(frozen=True)
class Receipt:
    """What a worker leaves when a shard is safe: the promise that its object is there."""

    shard: int
    patches: int
    bytes: int
    """Of the object."""
    sha256: str
    """Of the object."""


def shard_name(shard: int) -> str:
    """Return the name of a shard's object below ``phase``.

    Dots, not slashes: all shards lie in one folder, which one call lists and makes durable.
    """
    return f"c.{shard}.0.0"


def create_phase(store: Store, plan: Plan, path: str | None = None) -> zarr.Array[Any]:
    """Return the array of a plan's patches, newly described in a store; no patch is in it yet.

    Raises
    ------
    BadInputError
        If the plan keeps no patch.
    """
    if not plan.shards:
        message = f"the plan of corpus '{plan.name}' keeps no patch: loosen its rules"
        raise BadInputError(message)
    side = (PATCH_SIZE, PATCH_SIZE)
    return zarr.create_array(
        store,
        name=path,
        shape=(plan.patches, *side),
        chunks=(1, *side),
        shards=(plan.recipe.patches_in_a_shard, *side),
        dtype="uint8",
        fill_value=NO_DATA_CODE,
        compressors=COMPRESSOR,
        chunk_key_encoding={"name": "default", "separator": "."},
        dimension_names=("patch", "y", "x"),
        attributes=dict(_ATTRIBUTES),
        # Patches without data are stored like others: a shard that is not there is a fault.
        config={"write_empty_chunks": True},
    )


def encode_shard(plan: Plan, shard: int, patches: NDArray[np.uint8]) -> bytes:
    """Return the object of a shard.

    Parameters
    ----------
    plan
        Which tells the shard's place and size; the last one is padded with no data.
    shard
        0 to ``plan.shards - 1``.
    patches
        uint8, shape (patches in this shard, 224, 224), 0 is no data.
    """
    objects: dict[str, Any] = {}
    array = create_phase(MemoryStore(objects), plan)
    first = shard * plan.recipe.patches_in_a_shard
    array[first : first + len(patches)] = patches
    content: bytes = objects[shard_name(shard)].to_bytes()
    return content


class ShardReader:
    """Decodes the objects of one version, each in memory."""

    def __init__(self, description: bytes) -> None:
        """Take the bytes of ``phase/zarr.json``; `ValueError`s of zarr's if they are none."""
        buffer = zarr.buffer.cpu.Buffer.from_bytes
        self._objects: dict[str, Any] = {ZARR_ROOT: buffer(description)}
        array = zarr.open_array(MemoryStore(self._objects), mode="r")
        self.patches: int = array.shape[0]
        """In the whole version."""
        self._size = (array.shards or array.chunks)[0]
        self.shards: int = -(-self.patches // self._size)
        """In the whole version."""

    def first_of(self, shard: int) -> int:
        """Return the place in the version of a shard's first patch."""
        return shard * self._size

    def decode(self, shard: int, content: bytes) -> tuple[NDArray[np.uint8] | None, ...]:
        """Return the shard's patches, uint8 (224, 224) each; None for one that does not decode."""
        start = self.first_of(shard)
        stop = min(start + self._size, self.patches)
        store = {**self._objects, shard_name(shard): zarr.buffer.cpu.Buffer.from_bytes(content)}
        array = zarr.open_array(MemoryStore(store), mode="r")
        if not content:  # which zarr takes for a shard of patches without data
            return (None,) * (stop - start)
        whole = _decoded(array, slice(start, stop))
        if whole is not None:
            return tuple(whole)
        return tuple(_decoded(array, number) for number in range(start, stop))


def _decoded(array: zarr.Array[Any], where: slice | int) -> NDArray[np.uint8] | None:
    try:
        return np.asarray(array[where])
    except (RuntimeError, ValueError, IndexError, OSError, MemoryError):
        # What zarr and its codecs say to damaged bytes; a wrong length may ask for all memory.
        return None


def write_shard(place: Place, plan: Plan, shard: int, patches: NDArray[np.uint8]) -> Receipt:
    """Write a shard as one object, and return its receipt; then it survives a power cut.

    An object that is there already is kept if it has the same bytes, and replaced if not.

    Parameters
    ----------
    place
        The version's store, ``corpus.version(plan.version)``.
    plan, shard
        Which shard of what.
    patches
        uint8, shape (patches in this shard, 224, 224), 0 is no data, in the order of
        ``plan.shard(shard)``.

    Raises
    ------
    BadInputError
        If there is no such shard, or the array has another shape or type.
    StoreError
        If a patch is not the one that was planned, so that its source has changed since.
    HomeError
        If the storage is full or cannot be written.
    """
    rows = plan.shard(shard)
    expected = (len(rows), PATCH_SIZE, PATCH_SIZE)
    if patches.shape != expected or patches.dtype != np.uint8:
        message = (
            f"shard {shard} of corpus '{plan.name}' takes uint8 {expected}, not "
            f"{patches.dtype} {patches.shape}"
        )
        raise BadInputError(message)
    _check_hashes(plan, shard, rows, patches)
    content = encode_shard(plan, shard, patches)
    put_object(place / PHASE / shard_name(shard), content)
    return Receipt(shard, len(rows), len(content), hashlib.sha256(content).hexdigest())


def hash_patch(patch: NDArray[np.uint8]) -> str:
    """Return the SHA-256 of a patch's bytes, row by row, as in a plan's column ``sha256``."""
    return hashlib.sha256(np.ascontiguousarray(patch).data).hexdigest()


def _check_hashes(plan: Plan, shard: int, rows: pd.DataFrame, patches: NDArray[np.uint8]) -> None:
    for row, patch in zip(rows.itertuples(index=False), patches, strict=True):
        found = hash_patch(patch)
        if found != str(row.sha256):
            message = (
                f"corpus '{plan.name}', shard {shard}: {describe(row)} has the hash {found[:12]}, "
                f"the plan has {str(row.sha256)[:12]}: its source has changed since it was "
                "planned; plan the corpus again"
            )
            raise StoreError(message)


def describe(row: Any) -> str:
    """Return words for a patch, from a row of the plan as a named tuple."""
    dates = "" if pd.isna(row.primary) else f", {row.primary:%Y%m%d}_{row.secondary:%Y%m%d}"
    return f"patch {row.index} ({row.kind} {row.location}{dates}, row {row.row}, {row.column})"


def put_object(place: Place, content: bytes) -> None:
    """Make an object hold these bytes; it is whole at any moment, whoever else writes it too."""
    with place.errors():
        if place.create(content):
            return
        there = place.read()
        if there == content or place.replace(there, content) or place.read() == content:
            return
    message = f"{place} was changed by something else while it was written: run again"
    raise HomeBusyError(message)


def write_receipt(corpus: Corpus, plan: Plan, receipt: Receipt) -> None:
    """Note that a shard is written, after its object is safe; raises `HomeError`."""
    content = json.dumps(asdict(receipt), sort_keys=True)
    put_object(corpus.receipt(plan.version, receipt.shard), f"{content}\n".encode())


def read_receipts(corpus: Corpus, plan: Plan) -> dict[int, Receipt]:
    """Return the receipts that count, by shard: their objects are there, with their size."""
    names = corpus.building(plan.version).children()
    places = [corpus.building(plan.version) / name for name in names if name.endswith(".json")]
    with ThreadPoolExecutor(_RECEIPTS_AT_ONCE) as readers:  # in a bucket each takes a while
        receipts = [found for found in readers.map(_read_receipt, places) if found is not None]
    sizes = {file.name: file.size for file in (corpus.version(plan.version) / PHASE).files()}
    return {
        receipt.shard: receipt
        for receipt in receipts
        if 0 <= receipt.shard < plan.shards
        and sizes.get(shard_name(receipt.shard)) == receipt.bytes
    }


def _read_receipt(place: Place) -> Receipt | None:
    try:
        return Receipt(**json.loads(place.read()))
    except (ValueError, TypeError):
        return None  # damaged: its shard is written again


def missing_shards(corpus: Corpus, plan: Plan) -> tuple[int, ...]:
    """Return the shards that are still to be written; none of a finished version."""
    if corpus.is_finished(plan.version):
        return ()
    there = read_receipts(corpus, plan)
    return tuple(shard for shard in range(plan.shards) if shard not in there)


def listed(numbers: Sequence[int], most: int = 8) -> str:
    """Return numbers as words, the first few of many: ``3, 7 and 12 more``."""
    words = ", ".join(map(str, numbers[:most]))
    return words if len(numbers) <= most else f"{words} and {len(numbers) - most} more"
