"""What it takes to read a volcano's window of a remote LiCSAR GeoTIFF, way by way.

    python -m benchmarks.window_reads

A server on this machine holds a synthetic frame of 3500 x 2700 pixels in LiCSAR's two usual
containers, and the window lies in its middle. The reference is bringing the whole file. The other
ways are this project's own (header, then the window's blocks) and GDAL's HTTP reader, as it comes
and with each setting that is said to help. Requests and bytes are counted by the server; `seconds`
is this machine alone, `on the way` is what they would take at 0.3 MB/s and 0.3 s a request, which
users of the portal call usual.
"""

import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.windows import Window as RasterWindow

from catalogs.portal.fetch import fetch_file
from catalogs.portal.session import SessionSettings, make_session
from catalogs.portal.window_fetch import fetch_window
from catalogs.rasters.grid import Grid, Window
from catalogs.rasters.reading import read_window
from catalogs.rasters.writer import write_geotiff
from catalogs.records import DatePair, FrameId, Product, RemoteFile
from tests.catalogs.portal.range_server import RangeServer

GRID: Final = Grid(-92.4255, 0.4871667, 0.001, 0.001, 3500, 2700)
WINDOW: Final = Window(GRID, 1100, 1500)
BYTES_S: Final = 0.3e6
REQUEST_S: Final = 0.3
HERE: Final = SessionSettings(hosts=("127.0.0.1",))
_NO_DATA_SHARE: Final = 0.35

_PLAIN: Final = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".tif",
}
_GDAL_SETTINGS: Final[dict[str, dict[str, str]]] = {
    "GDAL, as it comes": {},
    "GDAL, no side files": _PLAIN,
    "GDAL, + 32 KB at open": _PLAIN | {"GDAL_INGESTED_BYTES_AT_OPEN": "32768"},
    "GDAL, + no HEAD": _PLAIN
    | {"GDAL_INGESTED_BYTES_AT_OPEN": "32768", "CPL_VSIL_CURL_USE_HEAD": "NO"},
    "GDAL, + chunks of 1 MB": _PLAIN
    | {"GDAL_INGESTED_BYTES_AT_OPEN": "32768", "CPL_VSIL_CURL_CHUNK_SIZE": "1048576"},
    "GDAL, + a cache of 64 MB": _PLAIN
    | {"GDAL_INGESTED_BYTES_AT_OPEN": "32768", "VSI_CACHE": "TRUE", "VSI_CACHE_SIZE": "67108864"},
}


@dataclass(frozen=True)
class Cost:
    """What one read took."""

    requests: int
    bytes_moved: int
    seconds: float

    @property
    def on_the_way_s(self) -> float:
        """Seconds at the portal's usual speed."""
        return self.requests * REQUEST_S + self.bytes_moved / BYTES_S


def frame_phase() -> NDArray[np.float32]:
    """Phase (radians) that hardly compresses, with the empty corners of a tilted frame."""
    values = np.random.default_rng(1).uniform(-np.pi, np.pi, (GRID.height, GRID.width))
    y, x = np.mgrid[: GRID.height, : GRID.width]
    tilted = np.abs(x / GRID.width - 0.5 + 0.35 * (y / GRID.height - 0.5))
    values[tilted > np.quantile(tilted, 1 - _NO_DATA_SHARE)] = 0.0
    return values.astype(np.float32)


@contextmanager
def served(path: Path) -> Iterator[tuple[str, Connection]]:
    """Give the address of a file, and a pipe whose answer to anything is what it was asked for.

    The server is a process of its own: rasterio looks for side files without giving up the
    interpreter's lock, and would wait for ever for a server in a thread.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(path, theirs))
    process.start()
    try:
        yield ours.recv(), ours
    finally:
        process.terminate()
        process.join()


def _serve(path: Path, pipe: Connection) -> None:
    with RangeServer(path.read_bytes()) as server:
        pipe.send(server.url)
        pipe.recv()
        pipe.send((len(server.requests), server.body_bytes))
        pipe.recv()


def measure(path: Path, product: Product, read: Callable[[str], NDArray[Any]]) -> Cost:
    """Return what `read` takes to bring the window from a server of the file at `path`.

    Raises
    ------
    RuntimeError
        If it brings other values than the file holds.
    """
    with served(path) as (url, pipe):
        start = time.perf_counter()
        values = read(url)
        seconds = time.perf_counter() - start
        pipe.send("count")
        requests, bytes_moved = pipe.recv()
    if values.tobytes() != read_window(path, product, WINDOW).tobytes():
        message = "the window is not the file's"
        raise RuntimeError(message)
    return Cost(requests, bytes_moved, seconds)


def whole_file(product: Product) -> Callable[[str], NDArray[Any]]:
    """Return a reader that brings the file and cuts the window from it."""

    def read(url: str) -> NDArray[Any]:
        with tempfile.TemporaryDirectory() as folder, make_session(HERE) as session:
            path = Path(folder) / "a.tif"
            fetch_file(session, _remote(url, product), path, lambda part: None)  # noqa: ARG005
            return read_window(path, product, WINDOW)

    return read


def window_alone(product: Product) -> Callable[[str], NDArray[Any]]:
    """Return a reader of the header and the window's blocks."""

    def read(url: str) -> NDArray[Any]:
        with make_session(HERE) as session:
            remote = _remote(url, product)
            return fetch_window(session, remote, lambda grid: Window(grid, 1100, 1500)).values

    return read


def gdal_reader(settings: dict[str, str]) -> Callable[[str], NDArray[Any]]:
    """Return a reader through /vsicurl/ with these settings of GDAL."""

    def read(url: str) -> NDArray[Any]:
        inside = RasterWindow(WINDOW.column, WINDOW.row, WINDOW.size, WINDOW.size)
        with rasterio.Env(**settings), rasterio.open(f"/vsicurl/{url}") as raster:
            values: NDArray[Any] = raster.read(1, window=inside)
            return values

    return read


def main() -> None:
    """Print a table for each container."""
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
    phase = frame_phase()
    coherence = np.where(phase == 0, 0, np.random.default_rng(2).normal(90, 25, phase.shape))
    products: dict[Product, NDArray[Any]] = {
        Product.DIFF_PHA: phase,
        Product.CC: coherence.clip(0, 247).astype(np.uint8),
    }
    for product, values in products.items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "a.tif"
            write_geotiff(path, values, GRID)
            _print_table(product, path)


def _print_table(product: Product, path: Path) -> None:
    readers = {
        "the whole file": whole_file(product),
        "header and blocks": window_alone(product),
    } | {name: gdal_reader(settings) for name, settings in _GDAL_SETTINGS.items()}
    size = path.stat().st_size
    print(f"\n{product.value}, {size / 1e6:.1f} MB")
    print(f"{'':26}{'requests':>9}{'MB':>8}{'of whole':>9}{'seconds':>9}{'on the way':>12}")
    for name, read in readers.items():
        cost = measure(path, product, read)
        print(
            f"{name:26}{cost.requests:9}{cost.bytes_moved / 1e6:8.2f}"
            f"{cost.bytes_moved / size:9.3f}{cost.seconds:9.3f}"
            f"{cost.on_the_way_s:10.1f} s"
        )


def _remote(url: str, product: Product) -> RemoteFile:
    frame = FrameId.parse("106A_09048_000909")
    return RemoteFile(frame, DatePair.parse("20240106_20240118"), product, url)


if __name__ == "__main__":
    main()
