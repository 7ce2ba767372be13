"""A volcano's window through time, in Zarr: one cube for each frame.

``phase[pair, y, x]`` and ``coherence[pair, y, x]`` are bytes with CF attributes, so that plain
``xarray.open_zarr`` shows radians and coherence. One chunk is one pair: pairs come one by one and
are read one by one. Readers see the consolidated metadata, one small file that is replaced in one
step after all else is written: a run killed midway changes nothing for them. For the next writer a
pair counts as there when it has its date ``primary``, which is written last; it drops the rest.

Many processes may write pairs at once: one process reserves their slots, any process writes one
slot, and the first commits what was written, see `Cube.reserve`, `write_slot`, `Cube.commit`.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Self

import numpy as np
import xarray as xr
import zarr
from zarr.errors import GroupNotFoundError

from catalogs.cubes.layers import forget_highest_coherence
from catalogs.cubes.layout import (
    ARRAYS_OF_PIXELS,
    CUBE_FORMAT,
    EPOCH,
    cube_attributes,
    empty_cube,
    publish,
)
from catalogs.cubes.origin import note_origin
from catalogs.cubes.pair_tile import PairTile
from catalogs.cubes.reading import cube_is_there, cube_pairs, pairs_of, read_cube
from catalogs.rasters.grid import Window
from catalogs.records import DatePair, FrameId, Product
from catalogs.storage.place import Place
from fringewatch.errors import StoreError

_LOGGER = logging.getLogger(__name__)
__all__ = [
    "Cube",
    "PairTile",
    "cube_is_there",
    "cube_pairs",
    "open_cube",
    "pairs_of",
    "read_cube",
    "write_slot",
]

_ARRAYS_OF_PAIRS = (*ARRAYS_OF_PIXELS, "secondary", "primary")


class Cube:
    """A cube open for writing; use `open_cube`."""

    def __init__(self, place: Place, group: zarr.Group) -> None:
        self._place = place
        self._group = group

    @classmethod
    def create(cls, place: Place, volcano: str, frame: FrameId, window: Window) -> Self:
        """Make an empty cube for a volcano's window; it counts once its last file is there."""
        for name, content in empty_cube(cube_attributes(volcano, frame), window).items():
            (place / name).write(content)
        return cls(place, _open_group(place))

    @property
    def pairs(self) -> tuple[DatePair, ...]:
        """The pairs that are in the cube, in the order they came."""
        primary, secondary = (_dates(self._group[name]) for name in ("primary", "secondary"))
        return tuple(
            DatePair(first, second)
            for first, second in zip(primary, secondary, strict=False)
            if first is not None and second is not None
        )

    def reserve(self, pairs: Sequence[DatePair]) -> dict[DatePair, int]:
        """Return a slot for each pair: its own where it is there, else a new one, in their order.

        Readers see nothing of it, and what is not committed is dropped by the next `open_cube`.

        Raises
        ------
        HomeError
            If the cube cannot be written.
        """
        slots = {pair: index for index, pair in enumerate(self.pairs)}
        count = len(slots)
        new = [pair for pair in dict.fromkeys(pairs) if pair not in slots]
        there = len(new) < len({*pairs})
        slots |= {pair: count + index for index, pair in enumerate(new)}
        with self._place.errors():
            if there:
                forget_highest_coherence(self._group)
            if new:
                self._resize(len(slots))
        return {pair: slots[pair] for pair in pairs}

    def commit(self, written: Mapping[DatePair, int]) -> None:
        """Give the pairs in these slots, all from `reserve`, their dates, and show them to readers.

        Slots that were reserved and not written are closed: the pairs behind them move up, so that
        the order is that of a cube that was never offered the rest.

        Raises
        ------
        HomeError
            If the cube cannot be written; readers see what it held before.
        """
        count = len(self.pairs)
        new = sorted((slot, pair) for pair, slot in written.items() if slot >= count)
        with self._place.errors():
            for target, (slot, _) in enumerate(new, start=count):
                if slot != target:
                    for name in ARRAYS_OF_PIXELS:
                        array = self._array(name)
                        array[target] = array[slot]
            self._resize(count + len(new))
            for name, dates in (
                ("secondary", [pair.secondary for _, pair in new]),
                ("primary", [pair.primary for _, pair in new]),
            ):
                days = np.array([(day - EPOCH).days for day in dates], dtype=np.int32)
                if new:
                    self._array(name)[count : count + len(new)] = days
            self._place.sync()  # the ledger will call these pairs tiled: they outlive a power cut
            publish(self._group.store)

    def append(self, tiles: Sequence[PairTile]) -> tuple[DatePair, ...]:
        """Put the pairs into the cube, and tell which of them were not there, or otherwise.

        A pair that is there with the same bytes is left alone; one with other bytes (its file
        changed upstream) is written over in its place.

        Raises
        ------
        HomeError
            If the disk is full or cannot be written, or the storage gives no answer; readers see
            what the cube held before.
        """
        there = {*self.pairs}
        new = [tile for tile in tiles if tile.pair not in there]
        other = [tile for tile in tiles if tile.pair in there and not self._holds(tile)]
        if not new and not other:
            return ()
        slots = self.reserve([tile.pair for tile in (*other, *new)])
        with self._place.errors():
            for tile in (*other, *new):
                self._write(slots[tile.pair], tile)
        self.commit(slots)
        return tuple(tile.pair for tile in (*other, *new))

    def note_origin(self, phase: Product, resampled_from: Mapping[DatePair, str]) -> None:
        """Say in the cube what its phase was made of, before `commit` shows it: see `cube_origin`.

        Raises
        ------
        HomeError
            If the cube cannot be written.
        """
        with self._place.errors():
            note_origin(self._group, phase, resampled_from)

    def _write(self, slot: int, tile: PairTile) -> None:
        self._array("phase")[slot] = tile.phase
        self._array("coherence")[slot] = tile.coherence

    def tile(self, pair: DatePair) -> PairTile:
        """Return a pair's window as it is on disk.

        Raises
        ------
        StoreError
            If the cube does not hold the pair, or its chunks do not decode.
        """
        try:
            slot = self.pairs.index(pair)
            phase, coherence = (np.asarray(self._array(name)[slot]) for name in ARRAYS_OF_PIXELS)
        except (ValueError, RuntimeError, OSError) as error:
            message = f"the cube {self._place} does not give pair {pair} ({error})"
            raise StoreError(message) from error
        return PairTile(pair, phase, coherence)

    def _holds(self, tile: PairTile) -> bool:
        try:
            return self.tile(tile.pair) == tile
        except StoreError:
            return False  # damaged: to be written over

    def drop_unfinished(self) -> int:
        """Drop what a killed writer left behind the last whole pair; return how many there were."""
        count = len(self.pairs)
        longest = max(self._array(name).shape[0] for name in _ARRAYS_OF_PAIRS)
        seen = xr.open_zarr(self._group.store, chunks=None, decode_cf=False).sizes["pair"]
        if (longest, seen) != (count, count):
            with self._place.errors():
                self._resize(count)
                publish(self._group.store)
            _LOGGER.warning("%s: finished a write that was cut short", self._place)
        return longest - count

    def _resize(self, count: int) -> None:
        for name in _ARRAYS_OF_PAIRS:
            array = self._array(name)
            if array.shape[0] != count:
                array.resize((count, *array.shape[1:]))

    def _array(self, name: str) -> zarr.Array[Any]:
        array = self._group[name]
        if not isinstance(array, zarr.Array):
            message = f"the cube {self._place} has no array '{name}': move it away and run again"
            raise StoreError(message)
        return array


def open_cube(place: Place, volcano: str, frame: FrameId, window: Window) -> Cube:
    """Return the cube at `place` for writing, made if it is missing, unfinished pairs dropped.

    Raises
    ------
    StoreError
        If what lies there is no cube, is of another format or frame, or has another window.
    """
    if not cube_is_there(place):
        return Cube.create(place, volcano, frame, window)
    try:
        group = _open_group(place)
        found = {name: group.attrs.get(name) for name in ("fringewatch_format", "frame")}
        y, x = (np.asarray(group[name]) for name in ("y", "x"))
    except (GroupNotFoundError, KeyError, ValueError) as error:
        message = f"{place} is no cube, or a damaged one ({error}): move it away and run again"
        raise StoreError(message) from error
    if found != {"fringewatch_format": CUBE_FORMAT, "frame": str(frame)}:
        message = f"the cube {place} holds {found}, expected format {CUBE_FORMAT} and frame {frame}"
        raise StoreError(message)
    tolerance = window.grid.step_y / 100
    same_window = (
        y.shape == window.latitudes.shape
        and np.allclose(y, window.latitudes, rtol=0, atol=tolerance)
        and x.shape == window.longitudes.shape
        # 180.9 E and 179.1 W are the same ground.
        and np.allclose(
            np.sin(np.radians(x - window.longitudes) / 2), 0, atol=np.sin(np.radians(tolerance) / 2)
        )
    )
    if not same_window:
        message = (
            f"the cube {place} has another window than {volcano} in the catalogue: "
            "the volcano's coordinates or the frame's grid changed; build it anew with "
            f"`fringewatch rebuild {volcano} --frame {frame}`, which loses nothing"
        )
        raise StoreError(message)
    cube = Cube(place, group)
    cube.drop_unfinished()
    return cube


def write_slot(place: Place, slot: int, tile: PairTile) -> None:
    """Write a pair into a slot that `Cube.reserve` gave it.

    Any process may do so: a chunk is one pair, so that no two writers share one. Doing it twice
    is doing it once.

    Raises
    ------
    StoreError
        If there is no such cube or slot, or the tile has another shape.
    HomeError
        If the cube cannot be written.
    """
    store = place.zarr_store()
    try:
        # Not by way of their group, and without a look for chunks that hold nothing: a backfill
        # does this for every pair.
        phase, coherence = (
            zarr.open_array(store, path=name, mode="r+", config={"write_empty_chunks": True})
            for name in ARRAYS_OF_PIXELS
        )
    except (FileNotFoundError, KeyError, ValueError) as error:
        message = f"{place} is no cube, or a damaged one ({error}): open it before its slots"
        raise StoreError(message) from error
    shape = phase.shape
    if (
        not 0 <= slot < shape[0]
        or tile.phase.shape != shape[1:]
        or tile.coherence.shape != shape[1:]
    ):
        message = (
            f"the cube {place} of shape {shape} has no slot {slot} for pair {tile.pair} of shape "
            f"{tile.phase.shape}: reserve it first"
        )
        raise StoreError(message)
    with place.errors():
        phase[slot], coherence[slot] = tile.phase, tile.coherence


def _open_group(place: Place) -> zarr.Group:
    return zarr.open_group(place.zarr_store(), mode="r+", use_consolidated=False)


def _dates(array: Any) -> list[date | None]:
    days = np.asarray(array).tolist()
    return [EPOCH + timedelta(days=day) if day else None for day in days]
