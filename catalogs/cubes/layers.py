"""What a cube holds beside its pairs: rasters of the frame, and the highest coherence of all pairs.

A raster of the frame's metadata (land, height, line of sight) is an array ``[y, x]`` that comes
once. The highest coherence grows with the pairs, whatever their order; its attribute says of how
many of the cube's first pairs it is, and a reader adds what is lacking itself. While it is
written, readers are told that it is of none.
"""

import hashlib
import logging
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import xarray as xr
import zarr
from numpy.typing import NDArray
from zarr.errors import GroupNotFoundError

from catalogs.cubes.layout import HIGHEST_COHERENCE, create_highest_coherence, publish
from catalogs.records import FrameRaster
from catalogs.storage.place import Place
from fringewatch.errors import StoreError

_LOGGER = logging.getLogger(__name__)

_LAYERS: Final[dict[FrameRaster, tuple[str, dict[str, str]]]] = {
    FrameRaster.LANDMASK: ("land", {"long_name": "1 land, 0 water", "units": "1"}),
    FrameRaster.HEIGHT: ("height", {"standard_name": "height_above_reference_ellipsoid",
                                    "long_name": "height of the ground", "units": "m"}),
    FrameRaster.EAST: ("east", {"long_name": "line of sight, eastward", "units": "1"}),
    FrameRaster.NORTH: ("north", {"long_name": "line of sight, northward", "units": "1"}),
    FrameRaster.UP: ("up", {"long_name": "line of sight, upward", "units": "1"}),
}  # fmt: skip
_UNREADABLE = (ValueError, RuntimeError, OSError)
"""What reading a chunk raises that does not decode."""


def write_layer(place: Place, raster: FrameRaster, values: NDArray[np.floating[Any]]) -> None:
    """Put a raster of the frame into the cube at `place`, where readers see it whole.

    Parameters
    ----------
    place
        Of the cube.
    raster
        Which.
    values
        Of the cube's window, shape (y, x); NaN is no data. Written as float32.

    Raises
    ------
    StoreError
        If there is no cube at `place`, or its window has another shape.
    HomeError
        If it cannot be written.
    """
    group = _open_group(place)
    name, words = _LAYERS[raster]
    shape = _array(group, "phase").shape[1:]
    if values.shape != shape:
        message = f"{raster.value} has shape {values.shape}, the cube {place} has {shape}"
        raise StoreError(message)
    with place.errors():
        array = group.create_array(
            name,
            shape=shape,
            chunks=shape,
            dtype="float32",
            fill_value=np.nan,
            dimension_names=("y", "x"),
            attributes={**words, "grid_mapping": "crs"},
            overwrite=True,
        )
        array[:] = values.astype(np.float32)
        place.sync()
        publish(group.store)


def read_layer(cube: xr.Dataset, raster: FrameRaster) -> NDArray[np.float32] | None:
    """Return a raster of the frame in an open cube, float32 (y, x), NaN = no data; None: not there.

    Raises
    ------
    StoreError
        If it does not decode.
    """
    name, _ = _LAYERS[raster]
    if name not in cube.variables:
        return None
    try:
        return np.asarray(cube[name].to_numpy(), dtype=np.float32)
    except _UNREADABLE as error:
        message = f"the layer '{name}' of a cube does not decode ({error}): run verify on it"
        raise StoreError(message) from error


def hash_of(values: NDArray[np.generic]) -> str:
    """Return the sha256 of a raster's values on a window, as float32."""
    return hashlib.sha256(np.ascontiguousarray(values, dtype="<f4").tobytes()).hexdigest()


def highest_coherence(cube: xr.Dataset) -> NDArray[np.uint8]:
    """Return the highest coherence that each pixel of an open cube has in any pair; uint8 (y, x).

    0 where no pair has data. It depends on the set of pairs alone. What the cube keeps of it is
    used, and the other pairs are read one by one. A pair that cannot be read counts for nothing:
    `fringewatch verify` finds it, and its repair brings it again.
    """
    coherence = cube["coherence"]
    known, highest = 0, np.zeros(coherence.shape[1:], dtype=np.uint8)
    if HIGHEST_COHERENCE in cube.variables:
        kept = cube[HIGHEST_COHERENCE]
        if 0 < kept.attrs["pairs"] <= len(coherence):
            known, highest = int(kept.attrs["pairs"]), np.asarray(kept.to_numpy(), dtype=np.uint8)
    return _raise(highest, range(known, len(coherence)), lambda k: coherence[k].to_numpy())


def settle_highest_coherence(place: Place) -> None:
    """Bring the highest coherence that the cube at `place` keeps up to its pairs.

    A cube that is current stays untouched. The same pairs give the same bytes.

    Raises
    ------
    StoreError
        If there is no cube at `place`.
    HomeError
        If it cannot be written.
    """
    group = _open_group(place)
    count = int(np.count_nonzero(np.asarray(_array(group, "primary"))))
    with place.errors():
        if HIGHEST_COHERENCE not in group:  # made by an older version
            create_highest_coherence(group, _array(group, "phase").shape[1:])
        kept, coherence = _array(group, HIGHEST_COHERENCE), _array(group, "coherence")
        known = int(kept.attrs["pairs"])  # type: ignore[arg-type]  # of JSON, a number as we wrote it
        if known == count:
            return
        if known > count:
            known = 0
        highest = np.asarray(kept) if known else np.zeros(kept.shape, dtype=np.uint8)
        highest = _raise(highest, range(known, count), lambda k: np.asarray(coherence[k]))
        kept.attrs.update({"pairs": 0})
        publish(group.store)
        kept[:] = highest
        kept.attrs.update({"pairs": count})
        place.sync()
        publish(group.store)


def forget_highest_coherence(group: zarr.Group) -> None:
    """Let the highest coherence be found anew: a pair that it knows is about to change."""
    if HIGHEST_COHERENCE in group:
        _array(group, HIGHEST_COHERENCE).attrs.update({"pairs": 0})


def _raise(
    highest: NDArray[np.uint8], slots: range, read: Callable[[int], NDArray[np.generic]]
) -> NDArray[np.uint8]:
    for slot in slots:
        try:
            highest = np.maximum(highest, read(slot)).astype(np.uint8)
        except _UNREADABLE as error:
            _LOGGER.warning("the coherence of pair %d of a cube does not decode: %s", slot, error)
    return highest


def _open_group(place: Place) -> zarr.Group:
    try:
        return zarr.open_group(place.zarr_store(), mode="r+", use_consolidated=False)
    except (GroupNotFoundError, KeyError, ValueError) as error:
        message = f"{place} is no cube, or a damaged one ({error}): move it away and run again"
        raise StoreError(message) from error


def _array(group: zarr.Group, name: str) -> zarr.Array[Any]:
    array = group[name]
    if not isinstance(array, zarr.Array):
        message = f"a cube has no array '{name}': move it away and run again"
        raise StoreError(message)
    return array
