"""Overview of a finished corpus: what it holds, counted from its own columns."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from catalogs.corpora.columns import QUALITY, words_of
from catalogs.corpora.layout import read_corpus
from catalogs.corpora.shards import PHASE
from catalogs.storage.place import Place
from fringewatch.errors import StoreError
from fringewatch.numbers import PATCH_SIZE

LABELS: Final = {1: "deforming", 0: "quiet", -1: "unlabelled"}
"""What a label says of the ground."""

UNKNOWN: Final = "unknown"
"""What stands for an empty word, or a date that nobody knows."""

_COUNTED: Final = ("source", "volcano", "secondary", "label", "group", "area")
_VOLCANOES_SHOWN: Final = 12
_QUARTILES: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
_UNITS: Final = ("bytes", "kB", "MB", "GB", "TB", "PB")
_THOUSAND: Final = 1000
_ROUNDED_UP: Final = 999.5
"""From here on three digits make a thousand."""

Counts = tuple[tuple[str, int], ...]
"""Words and how many patches each has, in the order in which they are shown."""


@dataclass(frozen=True)
class Quality:
    """How one quality column is spread over the patches that have a value."""

    name: str
    known: int
    """Patches with a value."""
    quartiles: tuple[float, float, float, float, float]
    """Least, first quartile, median, third quartile, greatest; NaN where no patch has a value."""


@dataclass(frozen=True)
class CorpusOverview:
    """What one version of a corpus holds."""

    name: str
    version: str
    address: str
    patches: int
    sources: Counts
    volcanoes: Counts
    """Most patches first."""
    years: Counts
    """Of the secondary date, oldest first; patches without one last."""
    labels: Counts
    qualities: tuple[Quality, ...]
    groups: int
    """Units that must not stand on both sides of a split."""
    areas: int
    stored_bytes: int
    """Of all objects of the version."""
    phase_bytes: int
    """Of the objects that hold phase."""

    @property
    def raw_bytes(self) -> int:
        """What the phase would take without compression."""
        return self.patches * PATCH_SIZE * PATCH_SIZE

    @property
    def compression(self) -> float:
        """How many times smaller the phase is on disk than raw; NaN if nothing is stored."""
        return self.raw_bytes / self.phase_bytes if self.phase_bytes else float("nan")

    def lines(self) -> list[str]:
        """Return the overview for a person, a fact a line."""
        said = [
            f"{self.name} {self.version}: {self.patches:,} patches of "
            f"{PATCH_SIZE} x {PATCH_SIZE} pixels, in {self.groups:,} groups and {self.areas:,} "
            "areas",
            f"{self.address}: {readable_bytes(self.stored_bytes)}; phase "
            f"{readable_bytes(self.phase_bytes)}, raw {readable_bytes(self.raw_bytes)}: "
            f"{self.compression:.2f} times smaller",
        ]
        said += _counted("by source", self.sources)
        said += _counted("by volcano", _top(self.volcanoes))
        said += _counted("by year", self.years)
        said += _counted("by label", self.labels)
        said.append("quality             least      25%   median      75% greatest    known")
        for quality in self.qualities:
            numbers = " ".join(f"{value:8.3f}" for value in quality.quartiles)
            numbers = numbers if quality.known else "no patch has one"
            said.append(f"  {quality.name:<16} {numbers} {quality.known or '':>8}".rstrip())
        return said


def read_overview(place: Place) -> CorpusOverview:
    """Return what the version at `place` (``<name>/<version>.zarr``) holds.

    Only its columns are read, no phase, and each is counted anew: what its attributes say of it
    is not believed.

    Raises
    ------
    StoreError
        If there is no finished version, or it has no such columns.
    HomeError
        If the storage does not answer.
    """
    return describe(place, open_version(place))


def describe(place: Place, columns: xr.Dataset) -> CorpusOverview:
    """Return what a version holds that is open already; `place` is where it lies."""
    labels = columns["label"].to_numpy()
    sizes = [(file.name, file.size) for file in place.files()]
    return CorpusOverview(
        name=place.parent.name,
        version=str(columns.attrs.get("version", place.name.removesuffix(".zarr"))),
        address=str(place),
        patches=columns.sizes["patch"],
        sources=_by_count(word_column(columns, "source")),
        volcanoes=_by_count(word_column(columns, "volcano")),
        years=_by_year(columns),
        labels=tuple(
            (words, int((labels == label).sum()))
            for label, words in LABELS.items()
            if (labels == label).any()
        ),
        qualities=tuple(_quality(columns, name) for name in QUALITY),
        groups=len(np.unique(columns["group"].to_numpy())),
        areas=len(np.unique(columns["area"].to_numpy())),
        stored_bytes=sum(size for _, size in sizes),
        phase_bytes=sum(size for name, size in sizes if name.startswith(f"{PHASE}/c")),
    )


def open_version(place: Place, more: Sequence[str] = ()) -> xr.Dataset:
    """Return a finished version: its columns, read already, and its phase, lazy bytes.

    Parameters
    ----------
    place
        ``<name>/<version>.zarr``.
    more
        Columns that are read besides those that are counted.

    Raises
    ------
    StoreError
        If there is no finished version, it lacks a column, or a column cannot be read.
    HomeError
        If the storage does not answer.
    """
    found = read_corpus(place)
    wanted = (*_COUNTED, *QUALITY, *more)
    missing = sorted({PHASE, *wanted} - {str(name) for name in found.variables})
    if missing:
        message = f"{place} is damaged: it has no {', '.join(missing)}; build the corpus again"
        raise StoreError(message)
    with damage_told(place):
        for name in wanted:
            found[name].load()
    return found


@contextmanager
def damage_told(place: Place) -> Iterator[None]:
    """Turn what zarr and xarray raise over a damaged version into `StoreError` with advice."""
    try:
        with place.errors():
            try:
                yield
            except FileNotFoundError as error:  # else it would be told as a disk that refuses
                raise ValueError(*error.args) from error
    except (ValueError, KeyError, TypeError, RuntimeError) as error:
        name = place.parent.name
        message = (
            f"{place} is damaged ({error}): `fringewatch corpus verify {name}` says where, and "
            "how it is built again"
        )
        raise StoreError(message) from error


def word_column(columns: xr.Dataset, name: str) -> NDArray[np.str_]:
    """Return a column of words, shape (patch,), kept as strings or as flags; see `UNKNOWN`."""
    column = columns[name]
    flags = "flag_meanings" in column.attrs
    kept = words_of(column) if flags else column.to_numpy()
    words = np.array(kept.tolist(), dtype=np.str_)
    return np.where(words == "", UNKNOWN, words)


def readable_bytes(size: int) -> str:
    """Return a number of bytes for a person: ``51 bytes``, ``1.2 GB``."""
    value, unit = float(size), 0
    while value >= _ROUNDED_UP and unit < len(_UNITS) - 1:
        value, unit = value / _THOUSAND, unit + 1
    return f"{value:.0f} bytes" if unit == 0 else f"{value:.3g} {_UNITS[unit]}"


def _quality(columns: xr.Dataset, name: str) -> Quality:
    values = columns[name].to_numpy().astype(np.float64)
    known = values[np.isfinite(values)]
    quartiles = np.quantile(known, _QUARTILES) if known.size else np.full(len(_QUARTILES), np.nan)
    least, first, median, third, greatest = (float(value) for value in quartiles)
    return Quality(name, int(known.size), (least, first, median, third, greatest))


def _by_count(words: NDArray[np.str_]) -> Counts:
    """Most first, equal ones by name."""
    found, counts = np.unique(words, return_counts=True)
    pairs = zip(found.tolist(), counts.tolist(), strict=True)
    return tuple(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))


def _by_year(columns: xr.Dataset) -> Counts:
    dates = columns["secondary"].to_numpy().astype("datetime64[Y]")
    known = dates[~np.isnat(dates)]
    years, counts = np.unique(known.astype(np.int64) + 1970, return_counts=True)
    said = [(str(year), int(count)) for year, count in zip(years, counts, strict=True)]
    undated = len(dates) - len(known)
    return (*said, (UNKNOWN, undated)) if undated else tuple(said)


def _top(counts: Counts) -> Counts:
    if len(counts) <= _VOLCANOES_SHOWN + 1:  # "1 others" would take the line of its name
        return counts
    others = counts[_VOLCANOES_SHOWN:]
    return (*counts[:_VOLCANOES_SHOWN], (f"{len(others)} others", sum(n for _, n in others)))


def _counted(title: str, counts: Iterable[tuple[str, int]]) -> Sequence[str]:
    return [title, *(f"  {word:<32} {count:>12,}" for word, count in counts)]
