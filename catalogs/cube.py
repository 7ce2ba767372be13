"""A volcano's window through time, in Zarr: one cube for each frame.

``phase[pair, y, x]`` and ``coherence[pair, y, x]`` are bytes with CF attributes, so that plain
``xarray.open_zarr`` shows radians and coherence. One chunk is one pair: pairs come one by one and
are read one by one. Readers see the consolidated metadata, one small file that is replaced in one
step after all else is written: a run killed midway changes nothing for them. For the next writer a
pair counts as there when it has its date ``primary``, which is written last; it drops the rest.
"""

import logging
import os
import shutil
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Self

import numpy as np
import xarray as xr
import zarr
from numpy.typing import NDArray
from zarr.codecs import ZstdCodec
from zarr.errors import GroupNotFoundError

from catalogs.grid import Window
from catalogs.records import DatePair, FrameId
from fringewatch.atomic import disk_errors, sync_file
from fringewatch.errors import StoreError
from fringewatch.numbers import COHERENCE_SCALE, NO_DATA_CODE, PHASE_OFFSET_RAD, PHASE_SCALE_RAD

_LOGGER = logging.getLogger(__name__)
_FORMAT = 1
_EPOCH = date(1970, 1, 1)
_ARRAYS_OF_PAIRS = ("phase", "coherence", "secondary", "primary")
_DATES_IN_A_CHUNK = 1024

_COORDINATES: dict[str, Any] = {"grid_mapping": "crs", "coordinates": "primary secondary"}
PHASE_ATTRIBUTES: dict[str, Any] = {
    "long_name": "wrapped interferometric phase, Goldstein-filtered",
    "units": "rad",
    "scale_factor": PHASE_SCALE_RAD,
    "add_offset": PHASE_OFFSET_RAD,
    "_FillValue": NO_DATA_CODE,
    "cyclic": "true",
    "comment": (
        "cyclic: -pi and pi are the same phase; never interpolate or average the values, only "
        "phasors exp(i phase). Positive is motion away from the satellite from primary to "
        "secondary; 2 pi is 27.7 mm in the line of sight"
    ),
    **_COORDINATES,
}
COHERENCE_ATTRIBUTES: dict[str, Any] = {
    "long_name": "interferometric coherence",
    "units": "1",
    "scale_factor": COHERENCE_SCALE,
    "add_offset": 0.0,
    "_FillValue": NO_DATA_CODE,
    **_COORDINATES,
}
_DATE_ATTRIBUTES: dict[str, Any] = {
    "units": "days since 1970-01-01",
    "calendar": "proleptic_gregorian",
}
_CRS_ATTRIBUTES: dict[str, Any] = {
    "grid_mapping_name": "latitude_longitude",
    "semi_major_axis": 6378137.0,
    "inverse_flattening": 298.257223563,
    "spatial_ref": "EPSG:4326",
}


@dataclass(frozen=True)
class PairTile:
    """One pair's window as it goes into a cube: two arrays of bytes, shape (size, size)."""

    pair: DatePair
    phase: NDArray[np.uint8]
    coherence: NDArray[np.uint8]


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
            _create_arrays(unfinished, _cube_attributes(volcano, frame), window)
            _publish(unfinished)
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
        """Add the pairs that are not there yet, and tell which they were.

        Raises
        ------
        HomeError
            If the disk is full or cannot be written; the cube holds what it held before.
        """
        there = set(self.pairs)
        new = [tile for tile in tiles if tile.pair not in there]
        if not new:
            return ()
        count = len(there)
        with disk_errors(self._path):
            self._resize(count + len(new))
            for place, tile in enumerate(new, start=count):
                self._array("phase")[place] = tile.phase
                self._array("coherence")[place] = tile.coherence
            for name, dates in (
                ("secondary", [tile.pair.secondary for tile in new]),
                ("primary", [tile.pair.primary for tile in new]),
            ):
                days = np.array([(day - _EPOCH).days for day in dates], dtype=np.int32)
                self._array(name)[count : count + len(new)] = days
            os.sync()  # the ledger will call these pairs tiled: they must outlive a power cut
            _publish(self._path)
        return tuple(tile.pair for tile in new)

    def drop_unfinished(self) -> int:
        """Drop what a killed writer left behind the last whole pair; return how many there were."""
        count = len(self.pairs)
        longest = max(self._array(name).shape[0] for name in _ARRAYS_OF_PAIRS)
        seen = xr.open_zarr(self._path, chunks=None, decode_cf=False).sizes["pair"]
        if (longest, seen) != (count, count):
            with disk_errors(self._path):
                self._resize(count)
                _publish(self._path)
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
    if found != {"fringewatch_format": _FORMAT, "frame": str(frame)}:
        message = f"the cube {path} holds {found}, expected format {_FORMAT} and frame {frame}"
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


def _publish(path: Path) -> None:
    """Show readers the cube as it now is, in one step."""
    with warnings.catch_warnings():
        # zarr warns that other readers of the format may not know consolidated metadata: they
        # then read each array's own, which holds the same once a write is finished.
        warnings.filterwarnings("ignore", message="Consolidated metadata")
        zarr.consolidate_metadata(path)


def _cube_attributes(volcano: str, frame: FrameId) -> dict[str, Any]:
    return {
        "Conventions": "CF-1.11",
        "title": f"LiCSAR wrapped interferograms of {volcano}, frame {frame}",
        "source": "Sentinel-1, COMET LiCSAR",
        "references": "Lazecky et al. 2020, https://doi.org/10.3390/rs12152430",
        "license": "contains modified Copernicus Sentinel data, analysed by COMET",
        "volcano": volcano,
        "frame": str(frame),
        "fringewatch_format": _FORMAT,
    }


def _create_arrays(path: Path, attributes: dict[str, Any], window: Window) -> None:
    group = zarr.open_group(path, mode="w-", zarr_format=3, attributes=attributes)
    size = window.size
    for name, words in (("phase", PHASE_ATTRIBUTES), ("coherence", COHERENCE_ATTRIBUTES)):
        group.create_array(
            name,
            shape=(0, size, size),
            chunks=(1, size, size),
            dtype="uint8",
            fill_value=NO_DATA_CODE,
            compressors=ZstdCodec(level=5),
            dimension_names=("pair", "y", "x"),
            attributes=words,
        )
    for name in ("primary", "secondary"):
        _create_dates(group, name)
    _create_axis(group, "y", window.latitudes)
    _create_axis(group, "x", window.longitudes)
    group.create_array("crs", shape=(), dtype="int32", attributes=_CRS_ATTRIBUTES)


def _create_dates(group: zarr.Group, name: str) -> None:
    group.create_array(
        name,
        shape=(0,),
        chunks=(_DATES_IN_A_CHUNK,),
        dtype="int32",
        fill_value=0,
        dimension_names=("pair",),
        attributes={"long_name": f"{name} acquisition, UTC date", **_DATE_ATTRIBUTES},
    )


def _create_axis(group: zarr.Group, name: str, values: NDArray[np.float64]) -> None:
    words = {"y": ("latitude", "degrees_north"), "x": ("longitude", "degrees_east")}[name]
    array = group.create_array(
        name,
        shape=values.shape,
        chunks=values.shape,
        dtype="float64",
        dimension_names=(name,),
        attributes={"standard_name": words[0], "units": words[1]},
    )
    array[:] = values


def _dates(array: Any) -> list[date | None]:
    days = np.asarray(array).tolist()
    return [_EPOCH + timedelta(days=day) if day else None for day in days]
