"""A volcano's window through time, in Zarr: one cube for each frame.

``phase[pair, y, x]`` and ``coherence[pair, y, x]`` are bytes with CF attributes, so that plain
``xarray.open_zarr`` shows radians and coherence. One chunk is one pair: pairs come one by one and
are read one by one. Readers see the consolidated metadata, one small file that is replaced in one
step after all else is written: a run killed midway changes nothing for them. For the next writer a
pair counts as there when it has its date ``primary``, which is written last; it drops the rest.
"""

import hashlib
import logging
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Self

import numpy as np
import xarray as xr
import zarr
from numpy.typing import NDArray
from zarr.errors import GroupNotFoundError

from catalogs.cube_layout import CUBE_FORMAT, EPOCH, create_arrays, cube_attributes, publish
from catalogs.grid import Window
from catalogs.records import DatePair, FrameId
from fringewatch.atomic import disk_errors, sync_file
from fringewatch.errors import StoreError

_LOGGER = logging.getLogger(__name__)
_ARRAYS_OF_PAIRS = ("phase", "coherence", "secondary", "primary")


@dataclass(frozen=True, eq=False)
class PairTile:
    """One pair's window as it goes into a cube: two arrays of bytes, shape (size, size).

    Tiles are equal when their pairs and all their bytes are.
    """

    pair: DatePair
    phase: NDArray[np.uint8]
    coherence: NDArray[np.uint8]

    def __eq__(self, other: object) -> bool:
        """Compare pair and bytes."""
        return (
            isinstance(other, PairTile)
            and self.pair == other.pair
            and np.array_equal(self.phase, other.phase)
            and np.array_equal(self.coherence, other.coherence)
        )

    def __hash__(self) -> int:
        """Agree with equality."""
        return hash((self.pair, self.sha256))

    @property
    def sha256(self) -> str:
        """Hash of both arrays, row by row: what the ledger remembers of the tile."""
        digest = hashlib.sha256(np.ascontiguousarray(self.phase).tobytes())
        digest.update(np.ascontiguousarray(self.coherence).tobytes())
        return digest.hexdigest()


class Cube:
    """A cube open for writing; use `open_cube`."""

    def __init__(self, path: Path, group: zarr.Group) -> None:
        self._path = path
        self._group = group

    @classmethod
    def create(cls, path: Path, volcano: str, frame: FrameId, window: Window) -> Self:
        """Make an empty cube for a volcano's window; it appears at `path` whole."""
        unfinished = path.with_name(f".{path.name}.new")
        with disk_errors(path):
            shutil.rmtree(unfinished, ignore_errors=True)
            create_arrays(unfinished, cube_attributes(volcano, frame), window)
            publish(unfinished)
            unfinished.rename(path)
            sync_file(path.parent)
        return cls(path, zarr.open_group(path, mode="r+", use_consolidated=False))

    @property
    def pairs(self) -> tuple[DatePair, ...]:
        """The pairs that are in the cube, in the order they came."""
        primary, secondary = (_dates(self._group[name]) for name in ("primary", "secondary"))
        return tuple(
            DatePair(first, second)
            for first, second in zip(primary, secondary, strict=False)
            if first is not None and second is not None
        )

    def append(self, tiles: Sequence[PairTile]) -> tuple[DatePair, ...]:
        """Put the pairs into the cube, and tell which of them were not there, or otherwise.

        A pair that is there with the same bytes is left alone; one with other bytes (its file
        changed upstream) is written over in its place.

        Raises
        ------
        HomeError
            If the disk is full or cannot be written; readers see what the cube held before.
        """
        place = {pair: index for index, pair in enumerate(self.pairs)}
        count = len(place)
        new = [tile for tile in tiles if tile.pair not in place]
        other = [tile for tile in tiles if tile.pair in place and not self._holds(tile)]
        if not new and not other:
            return ()
        place |= {tile.pair: count + index for index, tile in enumerate(new)}
        with disk_errors(self._path):
            self._resize(count + len(new))
            for tile in (*other, *new):
                self._array("phase")[place[tile.pair]] = tile.phase
                self._array("coherence")[place[tile.pair]] = tile.coherence
            for name, dates in (
                ("secondary", [tile.pair.secondary for tile in new]),
                ("primary", [tile.pair.primary for tile in new]),
            ):
                days = np.array([(day - EPOCH).days for day in dates], dtype=np.int32)
                self._array(name)[count : count + len(new)] = days
            os.sync()  # the ledger will call these pairs tiled: they must outlive a power cut
            publish(self._path)
        return tuple(tile.pair for tile in (*other, *new))

    def _holds(self, tile: PairTile) -> bool:
        try:
            return self.tile(tile.pair) == tile
        except StoreError:
            return False  # damaged: to be written over

    def tile(self, pair: DatePair) -> PairTile:
        """Return a pair's window as it is on disk.

        Raises
        ------
        StoreError
            If the cube does not hold the pair, or its chunks do not decode.
        """
        try:
            place = self.pairs.index(pair)
            phase, coherence = (
                np.asarray(self._array(name)[place]) for name in ("phase", "coherence")
            )
        except (ValueError, RuntimeError, OSError) as error:
            message = f"the cube {self._path} does not give pair {pair} ({error})"
            raise StoreError(message) from error
        return PairTile(pair, phase, coherence)

    def drop_unfinished(self) -> int:
        """Drop what a killed writer left behind the last whole pair; return how many there were."""
        count = len(self.pairs)
        longest = max(self._array(name).shape[0] for name in _ARRAYS_OF_PAIRS)
        seen = xr.open_zarr(self._path, chunks=None, decode_cf=False).sizes["pair"]
        if (longest, seen) != (count, count):
            with disk_errors(self._path):
                self._resize(count)
                publish(self._path)
            _LOGGER.warning("%s: finished a write that was cut short", self._path)
        return longest - count

    def _resize(self, count: int) -> None:
        for name in _ARRAYS_OF_PAIRS:
            array = self._array(name)
            array.resize((count, *array.shape[1:]))

    def _array(self, name: str) -> zarr.Array[Any]:
        array = self._group[name]
        if not isinstance(array, zarr.Array):
            message = f"the cube {self._path} has no array '{name}': move it away and run again"
            raise StoreError(message)
        return array


def open_cube(path: Path, volcano: str, frame: FrameId, window: Window) -> Cube:
    """Return the cube at `path` for writing, made if it is missing, unfinished pairs dropped.

    Raises
    ------
    StoreError
        If what lies there is no cube, is of another format or frame, or has another window.
    """
    if not path.exists():
        return Cube.create(path, volcano, frame, window)
    try:
        group = zarr.open_group(path, mode="r+", use_consolidated=False)
        found = {name: group.attrs.get(name) for name in ("fringewatch_format", "frame")}
        y, x = (np.asarray(group[name]) for name in ("y", "x"))
    except (GroupNotFoundError, KeyError, ValueError) as error:
        message = f"{path} is no cube, or a damaged one ({error}): move it away and run again"
        raise StoreError(message) from error
    if found != {"fringewatch_format": CUBE_FORMAT, "frame": str(frame)}:
        message = f"the cube {path} holds {found}, expected format {CUBE_FORMAT} and frame {frame}"
        raise StoreError(message)
    tolerance = window.grid.step_y / 100
    same_window = (
        y.shape == window.latitudes.shape
        and np.allclose(y, window.latitudes, rtol=0, atol=tolerance)
        and np.allclose(x, window.longitudes, rtol=0, atol=tolerance)
    )
    if not same_window:
        message = (
            f"the cube {path} has another window than {volcano} in the catalogue: "
            "the volcano's coordinates or the frame's grid changed; move the cube away and run "
            "again to build it anew"
        )
        raise StoreError(message)
    cube = Cube(path, group)
    cube.drop_unfinished()
    return cube


def read_cube(path: Path) -> xr.Dataset:
    """The cube as a lazy dataset of bytes; phase 0 and coherence 0 are no data.

    Dates are decoded; phase and coherence are left as bytes: the caller decodes what it needs.

    Raises
    ------
    StoreError
        If there is no cube at `path`, or it does not open.
    """
    try:
        cube: xr.Dataset = xr.open_zarr(path, mask_and_scale=False, chunks={})
    except (FileNotFoundError, GroupNotFoundError, KeyError, ValueError) as error:
        message = f"{path} is no cube, or a damaged one ({error}): move it away and run again"
        raise StoreError(message) from error
    return cube


def cube_pairs(path: Path) -> tuple[DatePair, ...]:
    """The pairs of the cube at `path`, in the order they came; none if there is no cube."""
    if not path.exists():
        return ()
    dataset = read_cube(path)
    return pairs_of(dataset)


def pairs_of(dataset: xr.Dataset) -> tuple[DatePair, ...]:
    """The pairs along the dimension ``pair`` of an open cube."""
    dates: Iterable[Any] = zip(
        dataset["primary"].to_numpy().astype("datetime64[D]").tolist(),
        dataset["secondary"].to_numpy().astype("datetime64[D]").tolist(),
        strict=True,
    )
    return tuple(DatePair(first, second) for first, second in dates)


def _dates(array: Any) -> list[date | None]:
    days = np.asarray(array).tolist()
    return [EPOCH + timedelta(days=day) if day else None for day in days]
