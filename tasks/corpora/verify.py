"""Verify versions of a corpus: every patch is decoded and compared with the plan; reads only.

It holds one shard at a time in memory. Storage that does not answer is an error; what it answers
wrongly is a problem, one line each, which says what to do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.storage import MemoryStore

from catalogs.corpora.layout import is_draft, read_corpus, version_objects
from catalogs.corpora.plan import Plan, read_plan
from catalogs.corpora.shards import PHASE, ShardReader, hash_patch, listed, shard_name
from catalogs.corpora.versions import Corpus
from catalogs.storage.place import ZARR_ROOT, Place
from fringewatch.errors import FringewatchError, StoreError
from tasks.progress import report_progress

_ROOT_WORDS: Final = ("fringewatch_format", "version", "plan_sha256", "code_version", "recipe")
_ARRAY_WORDS: Final = (
    "units",
    "calendar",
    "scale_factor",
    "add_offset",
    "_FillValue",
    "flag_values",
    "flag_meanings",
)
"""Attributes that change what values mean; others are words for people, and may be reworded."""

# What zarr and its codecs raise when a chunk or its description is damaged.
_UNREADABLE: Final = (RuntimeError, ValueError, TypeError, OSError, LookupError, AttributeError)


@dataclass(frozen=True)
class VersionReport:
    """What was found in a version."""

    version: str
    shards: int
    patches: int
    """In all."""
    sound_patches: int
    """That decode and have the hash they should."""
    problems: tuple[str, ...]
    """One line each: what is wrong with which object, and what to do."""

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


@dataclass(frozen=True)
class CorpusCheck:
    """What was found in a corpus."""

    name: str
    versions: tuple[VersionReport, ...]
    problems: tuple[str, ...]
    """Of the corpus itself: its pointer."""

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong with it or with any of its versions."""
        return not self.problems and all(version.is_sound for version in self.versions)


def verify_corpus(corpus: Corpus, versions: Sequence[str] = ()) -> CorpusCheck:
    """Return what is wrong with a corpus: its pointer, and the versions that are named.

    Parameters
    ----------
    corpus
        From `corpus_at`.
    versions
        All finished ones if empty.

    Raises
    ------
    BadInputError
        If a name is that of no version.
    HomeError
        If the storage does not answer.
    """
    problems = []
    try:
        corpus.current()
    except StoreError as error:
        problems.append(str(error))
    checked = [verify_version(corpus, version) for version in versions or corpus.finished()]
    return CorpusCheck(corpus.name, tuple(checked), tuple(problems))


def verify_version(corpus: Corpus, version: str) -> VersionReport:
    """Return what is wrong with a version, after decoding each of its patches.

    Raises
    ------
    BadInputError
        If the name is that of no version.
    HomeError
        If the storage does not answer.
    """
    place = corpus.version(version)
    if not corpus.is_finished(version):
        problem = f"{place} is not there, or was never finished: build the corpus again"
        return VersionReport(version, 0, 0, 0, (problem,))
    problems: list[str] = []
    plan = _plan_of(corpus, version, problems)
    try:
        if plan is None:
            description, hashes = (place / PHASE / ZARR_ROOT).read(), _stored_hashes(place)
        else:
            expected = version_objects(plan)
            problems += _compare_names(place, plan, set(expected))
            problems += _compare_columns(place, expected)
            description, hashes = expected[f"{PHASE}/{ZARR_ROOT}"], plan.kept["sha256"].tolist()
        reader = ShardReader(description)
    except (*_UNREADABLE, StoreError) as error:
        problems.append(_told(place, error))
        return VersionReport(version, 0, 0, 0, tuple(problems))
    sound = 0
    for shard in range(reader.shards):
        good, found = _check_shard(place, reader, shard, hashes)
        sound += good
        problems += found
        report_progress(f"{corpus.name} {version}: decoding", shard + 1, reader.shards)
    return VersionReport(version, reader.shards, reader.patches, sound, tuple(problems))


def _plan_of(corpus: Corpus, version: str, problems: list[str]) -> Plan | None:
    try:
        plan = read_plan(corpus.plan(version))
    except StoreError as error:
        problems.append(f"{error} (without it, only what the version says of itself is compared)")
        return None
    if plan.version != version:
        problems.append(f"{corpus.plan(version)} is the plan of {plan.version}: put the right back")
        return None
    return plan


def _mend(place: Place) -> str:
    return f"remove {place / ZARR_ROOT} and build the corpus again: what is sound is kept"


def _told(place: Place, error: Exception) -> str:
    if isinstance(error, FringewatchError):
        return str(error)
    reason = " ".join(str(error).split())[:200]
    return f"{place} does not open ({type(error).__name__}: {reason}): {_mend(place)}"


def _compare_names(place: Place, plan: Plan, described: set[str]) -> Iterator[str]:
    """Objects that are not there, and those that should not be; drafts of killed writers aside."""
    shards = {f"{PHASE}/{shard_name(shard)}" for shard in range(plan.shards)}
    there = {file.name for file in place.files() if not is_draft(file.name)}
    for name in sorted(described - there):
        yield f"{place / name} is missing: {_mend(place)}"
    for name in sorted(there - described - shards):
        yield f"{place / name} is no part of the version: move it away, nothing reads it"


def _compare_columns(place: Place, expected: dict[str, bytes]) -> Iterator[str]:
    """Columns and attributes that are not what the plan gives, compared by what they mean."""
    buffer = zarr.buffer.cpu.Buffer.from_bytes
    store = MemoryStore({name: buffer(content) for name, content in expected.items()})
    wanted = zarr.open_group(store, mode="r")
    try:
        with place.errors():
            # Readers go by what the root says of the arrays, or else by what each says of itself.
            stores = place.zarr_store(read_only=True), place.zarr_store(read_only=True)
            group = zarr.open_group(stores[0], mode="r", use_consolidated=True)
            plain = zarr.open_group(stores[1], mode="r", use_consolidated=False)
    except _UNREADABLE as error:
        yield _told(place, error)
        return
    for word in _ROOT_WORDS:
        if group.attrs.get(word) != wanted.attrs.get(word):
            yield f"{place / ZARR_ROOT}: '{word}' is not the plan's: {_mend(place)}"
    for name, array in sorted(wanted.arrays()):
        fault = (
            _fault_of_description(plain, name, array)
            or _fault_of_description(group, name, array)
            or (name != PHASE and _fault_of_values(group, name, array))
        )
        if fault:
            yield f"{place / name}: {fault}: {_mend(place)}"


def _fault_of_description(group: zarr.Group, name: str, wanted: zarr.Array[Any]) -> str:
    """How an array's description differs from the plan's; empty if it does not."""
    try:
        array = group[name]
        if not isinstance(array, zarr.Array):
            return "it is no array"
        found, right = array.metadata.to_dict(), wanted.metadata.to_dict()
    except _UNREADABLE as error:
        return f"its description does not open ({type(error).__name__})"
    if (array.shape, array.dtype) != (wanted.shape, wanted.dtype):
        return f"it is {array.dtype} {array.shape}, not {wanted.dtype} {wanted.shape}"
    for word in sorted((found.keys() | right.keys()) - {"attributes"}):
        if found.get(word) != right.get(word):
            return f"its '{word}' is not the plan's"
    for word in _ARRAY_WORDS:
        if array.attrs.get(word) != wanted.attrs.get(word):
            return f"its attribute '{word}' is not the plan's"
    return ""


def _fault_of_values(group: zarr.Group, name: str, wanted: zarr.Array[Any]) -> str:
    try:
        array: Any = group[name]
        differ = _differing(np.asarray(array[...]), np.asarray(wanted[...]))
    except _UNREADABLE as error:
        return f"it does not decode ({type(error).__name__})"
    return f"it differs from the plan at patch {listed(differ)}" if differ else ""


def _differing(found: NDArray[Any], wanted: NDArray[Any]) -> list[int]:
    differ = found != wanted
    if found.dtype.kind == "f":
        differ &= ~(np.isnan(found) & np.isnan(wanted))
    rows: list[int] = np.flatnonzero(differ.reshape(len(differ), -1).any(axis=1)).tolist()
    return rows


def _stored_hashes(place: Place) -> list[str]:
    """Return what a version itself says that its patches' hashes are."""
    stored = read_corpus(place)["sha256"].to_numpy()
    return [row.tobytes().hex() for row in stored]


def _check_shard(
    place: Place, reader: ShardReader, shard: int, hashes: Sequence[str]
) -> tuple[int, list[str]]:
    """Return how many patches of a shard are sound, and what is wrong with the others."""
    target = place / PHASE / shard_name(shard)
    try:
        content = target.read()
    except StoreError:
        return 0, [f"{target} is missing: {_mend(place)}"]
    except OSError as error:
        return 0, [f"{target} cannot be read ({error.strerror}): check the disk; {_mend(place)}"]
    try:
        patches = reader.decode(shard, content)
    except _UNREADABLE as error:
        return 0, [_told(target, error)]
    first = reader.first_of(shard)
    numbers = range(first, first + len(patches))
    broken = [number for number, patch in zip(numbers, patches, strict=True) if patch is None]
    other = [
        number
        for number, patch in zip(numbers, patches, strict=True)
        if patch is not None and (number >= len(hashes) or hash_patch(patch) != hashes[number])
    ]
    problems = []
    if len(broken) == len(patches):
        problems.append(f"{target} is cut or damaged, nothing in it decodes: {_mend(place)}")
    elif broken:
        problems.append(f"{target}: patch {listed(broken)} does not decode: {_mend(place)}")
    if other:
        problems.append(f"{target}: patch {listed(other)} is not what was planned: {_mend(place)}")
    return len(patches) - len(broken) - len(other), problems
