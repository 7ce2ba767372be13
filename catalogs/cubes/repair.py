"""Take damage out of a cube, so that the next run can write the pair, or the cube, anew."""

import datetime as dt
import logging
from collections.abc import Iterable

import zarr
from zarr.errors import GroupNotFoundError

from catalogs.cubes.cube import Cube
from catalogs.records import DatePair
from catalogs.storage.place import Place
from fringewatch.errors import StoreError
from fringewatch.numbers import NO_DATA_CODE

_LOGGER = logging.getLogger(__name__)


def blank_pairs(place: Place, pairs: Iterable[DatePair]) -> None:
    """Put no data in the place of `pairs` in the cube at `place`.

    A chunk that does not decode stops every reader that comes by, and also whoever writes the pair
    again, who first looks at what is there. Pairs that the cube does not hold are passed over.

    Raises
    ------
    StoreError
        If the cube does not open.
    HomeError
        If the disk is full or cannot be written.
    """
    try:
        group = zarr.open_group(place.zarr_store(), mode="r+", use_consolidated=False)
        slots = {pair: index for index, pair in enumerate(Cube(place, group).pairs)}
    except (GroupNotFoundError, KeyError, ValueError, RuntimeError) as error:
        message = f"{place} is no cube, or a damaged one ({error}): move it away and run again"
        raise StoreError(message) from error
    with place.errors():
        for pair in pairs:
            for name in ("phase", "coherence"):
                array = group[name]
                if pair in slots and isinstance(array, zarr.Array):
                    array[slots[pair]] = NO_DATA_CODE


def move_aside(place: Place) -> Place:
    """Move a cube that does not open out of the way and return where it is now; nothing is lost.

    Raises
    ------
    HomeError
        If the disk cannot be written.
    """
    now = dt.datetime.now(dt.UTC)
    aside = place.move(f"{place.name}.damaged-{now:%Y%m%dT%H%M%S%fZ}")
    _LOGGER.warning("moved the damaged cube %s to %s", place, aside.name)
    return aside
