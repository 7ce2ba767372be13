"""What GDAL raises, in our words: a damaged file is one bad file, a full disk is the home's."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError

from fringewatch.errors import CorruptProductError, HomeError
from fringewatch.failures import foreseen

GDAL_ERRORS: Final[tuple[type[Exception], ...]] = (RasterioError, CPLE_BaseError)
"""rasterio lets some of GDAL's own errors through (a failed assertion, a full disk, a codec)."""


def name_of(path: Path) -> str:
    """Return the name of a file for a message, also while it is being brought."""
    return path.name.removesuffix(".part")


@contextmanager
def read_errors(path: Path, advice: str = "the file is cut or damaged") -> Iterator[None]:
    """Raise `CorruptProductError` for whatever GDAL cannot read in the file at `path`."""
    try:
        yield
    except GDAL_ERRORS as error:
        message = f"{name_of(path)} does not decode ({error}): {advice}"
        raise CorruptProductError(message) from error
    except MemoryError as error:
        message = f"{name_of(path)} does not fit into the memory: it is damaged, or far too large"
        raise CorruptProductError(message) from error


@contextmanager
def write_errors(path: Path) -> Iterator[None]:
    """Raise `HomeError` for whatever keeps GDAL from writing the file at `path`."""
    try:
        yield
    except GDAL_ERRORS as error:
        message = f"cannot write {path} ({error}): check the disk and the path"
        raise foreseen(error) or HomeError(message) from error  # the former for a full disk
