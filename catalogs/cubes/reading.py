"""Read a cube: as a lazy dataset, or only which pairs it holds."""

from collections.abc import Callable, Iterable
from typing import Any

import xarray as xr
from zarr.errors import GroupNotFoundError

from catalogs.cubes.layout import ARRAYS_OF_PIXELS
from catalogs.records import DatePair
from catalogs.storage.place import ZARR_ROOT, Place
from fringewatch.errors import StoreError


def cube_is_there(place: Place) -> bool:
    """Whether there is a cube; one whose making was cut short is none.

    Raises
    ------
    StoreError
        If there are pairs, and not the file that describes them: it got lost.
    """
    if (place / ZARR_ROOT).is_file():
        return True
    if any((place / name / "c").is_folder() for name in ARRAYS_OF_PIXELS):
        message = f"{place} is a damaged cube (no {ZARR_ROOT}): move it away and run again"
        raise StoreError(message)
    return False


def read_cube(place: Place, *, with_dask: bool = True) -> xr.Dataset:
    """The cube as a lazy dataset of bytes; phase 0 and coherence 0 are no data.

    Dates are decoded; phase and coherence are left as bytes: the caller decodes what it needs.
    Without Dask, what is selected is read at once and in a third of the time.

    Raises
    ------
    StoreError
        If there is no cube at `place`, or it does not open.
    """
    try:
        cube: xr.Dataset = xr.open_zarr(
            place.zarr_store(read_only=True), mask_and_scale=False, chunks={} if with_dask else None
        )
    except (FileNotFoundError, GroupNotFoundError, KeyError, ValueError) as error:
        message = f"{place} is no cube, or a damaged one ({error}): move it away and run again"
        raise StoreError(message) from error
    return cube


def cube_pairs(place: Place) -> tuple[DatePair, ...]:
    """The pairs of the cube at `place`, in the order they came; none if there is no cube.

    A pair of which a chunk is gone is none of them: Zarr would read it as no data.
    """
    if not cube_is_there(place):
        return ()
    chunks = [_chunks_of(place / name) for name in ARRAYS_OF_PIXELS]
    return tuple(
        pair
        for slot, pair in enumerate(pairs_of(read_cube(place, with_dask=False)))
        if all(has_chunk(f"c/{slot}/0/0") for has_chunk in chunks)
    )


def _chunks_of(array: Place) -> Callable[[str], bool]:
    """Return what tells whether an array has a chunk, by its name."""
    folder = array.path
    if folder is None:  # one listing in place of a question for each
        return frozenset(file.name for file in array.files()).__contains__
    return lambda name: (folder / name).is_file()


def pairs_of(dataset: xr.Dataset) -> tuple[DatePair, ...]:
    """The pairs along the dimension ``pair`` of an open cube."""
    dates: Iterable[Any] = zip(
        dataset["primary"].to_numpy().astype("datetime64[D]").tolist(),
        dataset["secondary"].to_numpy().astype("datetime64[D]").tolist(),
        strict=True,
    )
    return tuple(DatePair(first, second) for first, second in dates)
