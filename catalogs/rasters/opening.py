"""Open GeoTIFFs, one at a time in a process.

An opener of rasterio is a handler of files, put into a list of GDAL's when a raster is opened and
taken out when it is closed. The list has no lock: another thread that looks through it meanwhile,
as every open does, may never come back.
"""

import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import rasterio
from rasterio.errors import NotGeoreferencedWarning

HANDLERS: Final = threading.Lock()
"""Held while GDAL opens or closes a file; not while it reads. A file's head is fetched before, and
whoever has a host's turn opens nothing until it ends: nobody waits for the other."""


@contextmanager
def opened_raster(path: Path, opener: object = None) -> Iterator[rasterio.DatasetReader]:
    """Give an open GeoTIFF; no other format is tried, which might name other files or addresses.

    Parameters
    ----------
    path
        Of the file.
    opener
        Through which it is read, as `rasterio.open` takes it: no file beside it is looked for.
    """
    readdir = {} if opener is None else {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR"}
    with ExitStack() as stack:
        with HANDLERS, warnings.catch_warnings():
            # A file without georeference is refused in our own words.
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            stack.enter_context(rasterio.Env(**readdir))
            raster = rasterio.open(path, driver="GTiff", opener=opener)
        try:
            yield raster
        finally:
            with HANDLERS:
                raster.close()
