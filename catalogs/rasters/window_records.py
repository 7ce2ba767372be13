"""A volcano's window of one product, with where every one of its bytes came from."""

import datetime as dt
import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catalogs.rasters.grid import Grid, Window


@dataclass(frozen=True)
class WindowProvenance:
    """Where a window came from, for whoever asks later whether it still stands."""

    url: str
    """The address that was asked."""
    total_bytes: int
    """Size of the whole file at the server."""
    last_modified: dt.datetime | None
    """UTC, as the server says; None where it does not."""
    etag: str | None
    """The server's own mark of the version; None where it gives none."""
    byte_ranges: tuple[tuple[int, int], ...]
    """First byte, and the one after the last, of each part that was read."""
    requests: int
    """Requests answered, redirects and repetitions included."""
    bytes_moved: int
    """Bytes of bodies that travelled."""
    sha256: str
    """Of the window's values: see `hash_values`."""
    numbers_said: bool = False
    """Whether the file says itself what its numbers are (GDAL's scale or unit)."""


@dataclass(frozen=True, eq=False)
class FetchedWindow:
    """A window of a product, as it would have been cut from the whole file."""

    values: NDArray[np.generic]
    """Shape (size, size), float32 radians or uint8 coherence; 0 outside the raster."""
    window: Window
    """Its place on the grid of the whole file."""
    provenance: WindowProvenance

    @property
    def grid(self) -> Grid:
        """The grid of the whole file, not of the window."""
        return self.window.grid

    @property
    def valid_fraction(self) -> float:
        """Share of the window's pixels that hold data: finite and not 0."""
        return float(np.mean((np.nan_to_num(self.values) != 0) & np.isfinite(self.values)))


def hash_values(values: NDArray[np.generic]) -> str:
    """Return the sha256, in hexadecimal, of the values row by row as little-endian numbers."""
    little = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
    return hashlib.sha256(little.data).hexdigest()
