"""Patches of the volcanoes' cubes: nine of each pair, water left out."""

import dataclasses
import datetime as dt
import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from typing_extensions import override

from catalogs.corpora.candidate import Candidate
from catalogs.corpora.recipe import CubesSource
from catalogs.corpora.source_words import find_region
from catalogs.cubes.pair_tile import PairTile
from catalogs.cubes.reading import pairs_of, read_cube
from catalogs.records import DatePair
from catalogs.storage.place import ZARR_ROOT, Place
from catalogs.world.volcanoes import find_volcano, is_slug, load_volcanoes
from fringewatch.errors import BadInputError, StoreError
from fringewatch.numbers import WINDOW_SIZE
from insar_models.phase.window_patches import PATCH_ORIGINS, PatchOrigin, cut_patches, mask_water
from tasks.corpora.patch_source import (
    Item,
    PatchKey,
    PatchSource,
    coherence_mean,
    is_a_patch,
    measured_candidate,
    read_by_origin,
    unread_candidate,
)
from tasks.judge.patches import water_of

PAIRS_IN_AN_ITEM: Final = 32
"""Half a second of work: many times what it costs to open a cube, and to hand a piece out."""

_ENDING = ".zarr"
_NEEDED = ("phase", "coherence", "y", "x", "primary", "secondary")
_DECIMALS = 6
_DAMAGED = (ValueError, RuntimeError, OSError, KeyError)
"""What reading a chunk raises that does not decode."""


_CUBES_AT_HAND: Final = 8
"""Of a process; pieces and shards come in the cubes' order."""


@dataclass(frozen=True, eq=False)
class _OpenCube:
    cube: xr.Dataset
    pairs: dict[DatePair, int]
    """Where each pair stands in it."""
    water: NDArray[np.bool_]


@dataclass(frozen=True)
class CubePatches(PatchSource):
    """The patches of the cubes that a recipe names; a location is ``<volcano>/<frame>``.

    Where water is, is settled as in scoring (`tasks.judge.patches.water_of`).
    """

    number: int
    """Place of the source in the recipe."""
    source: CubesSource
    water_coherence: float
    cubes: Place
    """Holds ``<volcano>/<frame>.zarr``."""

    @override
    def items(self) -> tuple[Item, ...]:
        """Return the cubes in order of their names, each in pieces of at most 32 pairs.

        A cube that does not open is one piece; one without pairs is none.
        """
        return tuple(item for location in self._locations() for item in self._items_of(location))

    @override
    def survey(self, item: Item) -> list[Candidate]:
        """Return nine patches of each pair, in order of dates, then row by row.

        What cannot be read is one candidate: the cube, or the pair.
        """
        volcano, _, frame = item.location.partition("/")
        blank = dataclasses.replace(
            unread_candidate(self.number, self.source.kind, item.location),
            volcano=volcano,
            frame=frame,
        )
        try:
            opened = self._at_hand(item.location)
        except StoreError as error:
            # Where the cubes lie is no property of the cube: the plan must not depend on it.
            problem = str(error).replace(f"{self.cubes}/", "")
            return [dataclasses.replace(blank, problem=problem)]
        cube, pairs, water = opened.cube, opened.pairs, opened.water
        axes = (cube["y"].to_numpy(), cube["x"].to_numpy())
        # Pieces in order of arrival: pairs that come while this runs move no other's place.
        in_order = sorted(list(pairs)[item.first : item.first + item.count])
        candidates = []
        for pair in in_order:
            of_pair = dataclasses.replace(blank, primary=pair.primary, secondary=pair.secondary)
            try:
                tile = _tile(cube, pair, pairs[pair])
            except _DAMAGED as error:
                problem = f"the pair cannot be read ({error})"
                candidates.append(dataclasses.replace(of_pair, problem=problem))
            else:
                candidates += _survey_tile(tile, water, axes, of_pair)
        return candidates

    @override
    def read(self, keys: Sequence[PatchKey]) -> NDArray[np.uint8]:
        def window(origin: tuple[str, DatePair | None]) -> NDArray[np.uint8]:
            location, pair = origin
            opened = self._at_hand(location)
            cube, pairs = opened.cube, opened.pairs
            if pair is None or pair not in pairs:
                message = f"the cube {self._place(location)} does not hold pair {pair}: plan again"
                raise StoreError(message)
            try:
                phase = cube["phase"].isel(pair=pairs[pair]).to_numpy()
            except _DAMAGED as error:
                message = f"the cube {self._place(location)} does not give pair {pair} ({error})"
                raise StoreError(message) from error
            return mask_water(phase, opened.water)

        return read_by_origin(keys, lambda key: (key.location, key.pair), window, is_a_patch)

    def _locations(self) -> list[str]:
        """Return the cubes that the recipe asks for, in order of volcano and frame."""
        # A recipe that was read from words has slugs, also those of an observatory's own places.
        named = (
            name if is_slug(name) and self._frames(name) else find_volcano(name).slug
            for name in self.source.volcanoes
        )
        wanted = {slug: {slug} for slug in named}
        for region in map(find_region, self.source.regions):
            wanted[region] = {v.slug for v in load_volcanoes() if v.region == region}
        there = {slug: self._frames(slug) for slug in self.cubes.children()}
        there = {slug: frames for slug, frames in there.items() if frames}
        missing = sorted(word for word, slugs in wanted.items() if not slugs & there.keys())
        if missing or not there:
            message = (
                f"there is no cube of {', '.join(missing) or 'any volcano'} in {self.cubes}: "
                "run `fringewatch backfill` for it first"
            )
            raise BadInputError(message)
        chosen = set().union(*wanted.values()) & there.keys() if wanted else there.keys()
        return [f"{slug}/{frame}" for slug in sorted(chosen) for frame in there[slug]]

    def _frames(self, slug: str) -> list[str]:
        names = sorted((self.cubes / slug).children())
        return [name.removesuffix(_ENDING) for name in names if name.endswith(_ENDING)]

    def _items_of(self, location: str) -> Iterator[Item]:
        try:
            _, pairs = self._open(location)
        except StoreError:
            yield Item(self.number, location)  # its survey says what is wrong
            return
        for first in range(0, len(pairs), PAIRS_IN_AN_ITEM):
            yield Item(self.number, location, first, min(PAIRS_IN_AN_ITEM, len(pairs) - first))

    def _place(self, location: str) -> Place:
        return self.cubes / f"{location}{_ENDING}"

    def _at_hand(self, location: str) -> _OpenCube:
        """Return a cube, opened anew where it was published since; raises StoreError.

        Where the landmask is not known, its water takes the coherence of all its pairs: too much
        to be read again for every piece and shard.
        """
        try:
            root = (self._place(location) / ZARR_ROOT).read()
        except StoreError:
            root = b""  # opening it says what is wrong
        return _opened(self, location, root)

    def _open(self, location: str) -> tuple[xr.Dataset, dict[DatePair, int]]:
        """Return an open cube and where each of its pairs stands in it; raises StoreError."""
        place = self._place(location)
        # Inside a worker Dask would ask the cluster to read; and it takes longer than the reading.
        cube = read_cube(place, with_dask=False)
        lacking = [name for name in _NEEDED if name not in cube.variables]
        if lacking or cube["phase"].shape[1:] != (WINDOW_SIZE, WINDOW_SIZE):
            message = (
                f"{place} is no cube of {WINDOW_SIZE} x {WINDOW_SIZE} pixels with "
                f"{', '.join(_NEEDED)}: move it away and run `fringewatch backfill` again"
            )
            raise StoreError(message)
        pairs = {pair: index for index, pair in enumerate(pairs_of(cube))}
        dates = (day for pair in pairs for day in (pair.primary, pair.secondary))
        if not all(isinstance(day, dt.date) for day in dates):
            message = f"{place} holds a pair without dates: move it away and run backfill again"
            raise StoreError(message)
        return cube, pairs


@functools.lru_cache(maxsize=_CUBES_AT_HAND)
def _opened(source: CubePatches, location: str, _root: bytes) -> _OpenCube:
    cube, pairs = source._open(location)  # noqa: SLF001 - a part of the class
    return _OpenCube(cube, pairs, water_of(cube, source.water_coherence))


def _tile(cube: xr.Dataset, pair: DatePair, index: int) -> PairTile:
    phase, coherence = (cube[name].isel(pair=index).to_numpy() for name in ("phase", "coherence"))
    return PairTile(pair, phase, coherence)


def _survey_tile(
    tile: PairTile,
    water: NDArray[np.bool_],
    axes: tuple[NDArray[np.float64], NDArray[np.float64]],
    blank: Candidate,
) -> Iterator[Candidate]:
    """Return the nine patches of a pair; `blank` holds what they have in common."""
    blank = dataclasses.replace(blank, source_sha256=tile.sha256)
    patches = cut_patches(mask_water(tile.phase, water))
    coherences = cut_patches(tile.coherence)
    for origin, codes, bytes_of_coherence in zip(PATCH_ORIGINS, patches, coherences, strict=True):
        north, west = patch_corner(axes, origin)
        placed = dataclasses.replace(
            blank,
            row=origin.row,
            column=origin.column,
            north=north,
            west=west,
            coherence_mean=coherence_mean(codes, bytes_of_coherence),
        )
        yield measured_candidate(placed, codes)


def patch_corner(
    axes: tuple[NDArray[np.float64], NDArray[np.float64]], origin: PatchOrigin
) -> tuple[float, float]:
    """Latitude of the upper and longitude of the left edge of a patch, degrees."""
    y, x = axes
    # Half a pixel out from the centre of the first: y falls, x grows.
    north = y[origin.row] - (y[-1] - y[0]) / (len(y) - 1) / 2
    west = x[origin.column] - (x[-1] - x[0]) / (len(x) - 1) / 2
    return round(float(north), _DECIMALS), round(float(west), _DECIMALS)
