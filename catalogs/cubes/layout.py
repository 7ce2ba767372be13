"""How a cube lies on disk: its arrays, their attributes, the step that shows it to readers."""

import warnings
from datetime import date
from typing import Any, Final

import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.abc.store import Store
from zarr.codecs import ZstdCodec
from zarr.core.buffer import Buffer
from zarr.storage import MemoryStore

from catalogs.rasters.grid import Window
from catalogs.records import FrameId
from catalogs.storage.place import ZARR_ROOT
from fringewatch.numbers import COHERENCE_SCALE, NO_DATA_CODE, PHASE_OFFSET_RAD, PHASE_SCALE_RAD

CUBE_FORMAT: Final = 1
EPOCH: Final = date(1970, 1, 1)
"""The file that readers go by: without it there is no cube."""
ARRAYS_OF_PIXELS: Final = ("phase", "coherence")
"""Of bytes; a chunk is a pair."""
HIGHEST_COHERENCE: Final = "highest_coherence"
"""Of the first pairs of the cube; see `catalogs.cubes.layers`."""
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


def publish(store: Store) -> None:
    """Show readers the cube as it now is, in one step."""
    with warnings.catch_warnings():
        # zarr warns that other readers of the format may not know consolidated metadata: they
        # then read each array's own, which holds the same once a write is finished.
        warnings.filterwarnings("ignore", message="Consolidated metadata")
        zarr.consolidate_metadata(store)


def cube_attributes(volcano: str, frame: FrameId) -> dict[str, Any]:
    """Attributes of a whole cube: what it is, whose data, which format."""
    return {
        "Conventions": "CF-1.11",
        "title": f"LiCSAR wrapped interferograms of {volcano}, frame {frame}",
        "source": "Sentinel-1, COMET LiCSAR",
        "references": "Lazecky et al. 2020, https://doi.org/10.3390/rs12152430",
        "license": "contains modified Copernicus Sentinel data, analysed by COMET",
        "volcano": volcano,
        "frame": str(frame),
        "fringewatch_format": CUBE_FORMAT,
    }


def empty_cube(attributes: dict[str, Any], window: Window) -> dict[str, bytes]:
    """Return the files of a cube without pairs, in the order in which they are to be put.

    The root comes last: it makes the others count.
    """
    files: dict[str, Buffer] = {}
    store = MemoryStore(files)
    _create_arrays(store, attributes, window)
    publish(store)
    names = sorted(files, key=lambda name: (name == ZARR_ROOT, name))
    return {name: files[name].to_bytes() for name in names}


def _create_arrays(store: Store, attributes: dict[str, Any], window: Window) -> None:
    """Make the arrays of a cube without pairs in an empty store."""
    group = zarr.open_group(store, mode="w-", zarr_format=3, attributes=attributes)
    size = window.size
    for name, words in (("phase", PHASE_ATTRIBUTES), ("coherence", COHERENCE_ATTRIBUTES)):
        group.create_array(
            name,
            shape=(0, size, size),
            chunks=(1, size, size),
            dtype="uint8",
            fill_value=NO_DATA_CODE,
            compressors=ZstdCodec(level=3),
            dimension_names=("pair", "y", "x"),
            attributes=words,
        )
    create_highest_coherence(group, (size, size))
    for name in ("primary", "secondary"):
        _create_dates(group, name)
    _create_axis(group, "y", window.latitudes)
    _create_axis(group, "x", window.longitudes)
    group.create_array("crs", shape=(), dtype="int32", attributes=_CRS_ATTRIBUTES)


def create_highest_coherence(group: zarr.Group, shape: tuple[int, ...]) -> None:
    """Make the array of the highest coherence, of no pairs yet; `shape` is (y, x)."""
    group.create_array(
        HIGHEST_COHERENCE,
        shape=shape,
        chunks=shape,
        dtype="uint8",
        fill_value=NO_DATA_CODE,
        compressors=ZstdCodec(level=3),
        dimension_names=("y", "x"),
        attributes={
            "long_name": "highest coherence of the first pairs",
            "scale_factor": COHERENCE_SCALE,
            "_FillValue": NO_DATA_CODE,
            "grid_mapping": "crs",
            "pairs": 0,
        },
        overwrite=True,
    )


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
    """Write the coordinates of pixel centres along one axis."""
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
