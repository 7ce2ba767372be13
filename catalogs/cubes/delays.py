"""Delays of a frame's dates, as weather models have them, in a cube beside its pairs.

They lie in a group of their own, an array ``[y, x]`` for each date, so that whoever opens the cube
need not look at them. Each array says which values it was given.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.errors import GroupNotFoundError

from catalogs.cubes.layout import publish
from catalogs.records import FrameRaster
from catalogs.storage.place import Place
from fringewatch.errors import StoreError

DELAYS: Final = {"gacos": FrameRaster.GACOS, "icams": FrameRaster.ICAMS}
"""The rasters that hold the delays of the weather models, by the names that settings have."""

_GROUPS: Final = {FrameRaster.GACOS: "delays/gacos", FrameRaster.ICAMS: "delays/icams"}
_UNREADABLE: Final = (ValueError, RuntimeError, OSError)
"""What reading a chunk raises that does not decode."""


def write_delays(
    place: Place, raster: FrameRaster, delays: Mapping[dt.date, tuple[NDArray[np.float32], str]]
) -> None:
    """Put delays of dates into the cube at `place`.

    Parameters
    ----------
    place
        Of the cube.
    raster
        Of which model.
    delays
        Of each date float32 values on the cube's window, radians, NaN or 0 = no data, and their
        hash.

    Raises
    ------
    StoreError
        If there is no cube at `place`.
    HomeError
        If it cannot be written.
    """
    group = _open_group(place, "r+")
    with place.errors():
        folder = group.require_group(_GROUPS[raster])
        for date, (values, sha256) in delays.items():
            array = folder.create_array(
                _name(date),
                shape=values.shape,
                chunks=values.shape,
                dtype="float32",
                fill_value=np.nan,
                dimension_names=("y", "x"),
                overwrite=True,
            )
            array[:] = values.astype(np.float32)
            array.attrs.update({"long_name": "slant delay", "units": "rad", "sha256": sha256})
        place.sync()
        publish(group.store)


def delay_hashes(place: Place, raster: FrameRaster) -> dict[dt.date, str]:
    """Return of each date whose delay the cube at `place` holds the hash of its values.

    Raises
    ------
    StoreError
        If there is no cube at `place`.
    """
    group = _open_group(place, "r")
    if _GROUPS[raster] not in group:
        return {}
    folder = group[_GROUPS[raster]]
    if not isinstance(folder, zarr.Group):
        return {}
    return {
        dt.datetime.strptime(name, "%Y%m%d").replace(tzinfo=dt.UTC).date(): str(
            array.attrs["sha256"]
        )
        for name, array in folder.arrays()
        if "sha256" in array.attrs  # else its writing was cut short
    }


def read_delay(place: Place, raster: FrameRaster, date: dt.date) -> NDArray[np.float32]:
    """Return the delay of a date, float32 (y, x), radians.

    Raises
    ------
    StoreError
        If the cube does not hold it, or it does not decode.
    """
    try:
        array: Any = _open_group(place, "r")[f"{_GROUPS[raster]}/{_name(date)}"]
        return np.asarray(array[:], dtype=np.float32)
    except (KeyError, *_UNREADABLE) as error:
        message = f"{place} does not give the {raster.value} of {date} ({error})"
        raise StoreError(message) from error


def _name(date: dt.date) -> str:
    return f"{date:%Y%m%d}"


def _open_group(place: Place, mode: Any) -> zarr.Group:
    try:
        store = place.zarr_store(read_only=mode == "r")
        return zarr.open_group(store, mode=mode, use_consolidated=False)
    except (GroupNotFoundError, KeyError, ValueError) as error:
        message = f"{place} is no cube, or a damaged one ({error}): move it away and run again"
        raise StoreError(message) from error
