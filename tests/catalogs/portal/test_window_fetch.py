import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalogs.portal.client import Portal
from catalogs.portal.remote_raster import HEAD_BYTES, MOST_REQUESTS
from catalogs.portal.session import PortalSession
from catalogs.portal.window_errors import WholeFileNeededError
from catalogs.portal.window_fetch import fetch_window
from catalogs.rasters.grid import Grid, Window, volcano_window
from catalogs.rasters.reading import read_place, read_window
from catalogs.rasters.window_records import FetchedWindow
from catalogs.records import DatePair, FrameId, Product, RemoteFile
from fringewatch.errors import (
    CorruptProductError,
    GridMismatchError,
    MissingProductError,
    SourceUnavailableError,
)
from tests.catalogs.portal.containers import COHERENCE, CONTAINERS, HEIGHT, PHASE, write_container
from tests.catalogs.portal.range_server import RangeServer, ServedFile
from tests.portal import StandInPortal, pair_folder

ONE_ROW = CONTAINERS["one row, deflate, predictor 3"]


@pytest.fixture
def server() -> Iterator[RangeServer]:
    with RangeServer() as server:
        yield server


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_container(tmp_path_factory.mktemp("usual") / "a.tif", PHASE, ONE_ROW)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file for each container, by its name."""
    folder = tmp_path_factory.mktemp("written")
    for name, options in CONTAINERS.items():
        write_container(folder / name, PHASE, options)
    return folder


def remote(url: str, product: Product = Product.DIFF_PHA) -> RemoteFile:
    frame = FrameId.parse("106A_09048_000909")
    return RemoteFile(frame, DatePair.parse("20240106_20240118"), product, url)


def middle(grid: Grid) -> Window:
    return Window(grid, 900, 60)


def assert_is_cut_from(path: Path, fetched: FetchedWindow, product: Product) -> None:
    assert fetched.grid == read_place(path, product).grid
    cut = read_window(path, product, fetched.window)
    assert fetched.values.dtype == cut.dtype
    assert fetched.values.tobytes() == cut.tobytes()


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize("is_point", [False, True])
def test_the_window_is_the_cut_from_the_whole_file(
    tmp_path: Path, server: RangeServer, session: PortalSession, name: str, is_point: bool
) -> None:
    path = write_container(tmp_path / "a.tif", PHASE, CONTAINERS[name], is_point=is_point)
    server.file.content = path.read_bytes()
    fetched = fetch_window(session, remote(server.url), middle)
    assert_is_cut_from(path, fetched, Product.DIFF_PHA)
    assert np.array_equal(fetched.values, PHASE[900:1400, 60:560], equal_nan=True)
    came_from = fetched.provenance
    assert came_from.requests == len(server.requests) <= MOST_REQUESTS
    assert came_from.bytes_moved == server.body_bytes <= path.stat().st_size / 2
    assert sum(stop - start for start, stop in came_from.byte_ranges) == server.body_bytes
    assert came_from.byte_ranges[0] == (0, HEAD_BYTES)
    assert came_from.total_bytes == path.stat().st_size
    assert came_from.last_modified == dt.datetime(2024, 3, 20, 4, 17, 5, tzinfo=dt.UTC)
    assert came_from.url == server.url


@pytest.mark.parametrize("name", [name for name, options in CONTAINERS.items()
                                  if options.get("predictor") != 3])  # fmt: skip
def test_coherence_too(
    tmp_path: Path, server: RangeServer, session: PortalSession, name: str
) -> None:
    options = {key: value for key, value in CONTAINERS[name].items() if key != "nodata"}
    path = write_container(tmp_path / "a.tif", COHERENCE, options)
    server.file.content = path.read_bytes()
    fetched = fetch_window(session, remote(server.url, Product.CC), middle)
    assert_is_cut_from(path, fetched, Product.CC)


def test_strips_take_two_requests(server: RangeServer, session: PortalSession, usual: Path) -> None:
    server.file.content = usual.read_bytes()
    fetched = fetch_window(session, remote(server.url), middle)
    assert fetched.provenance.requests == 2
    assert fetched.valid_fraction == pytest.approx(np.mean(np.isfinite(PHASE[900:1400, 60:560])))


def test_many_threads_read_at_once(
    server: RangeServer, session: PortalSession, usual: Path
) -> None:
    server.file.content = usual.read_bytes()
    with ThreadPoolExecutor(4) as threads:
        fetched = list(
            threads.map(lambda _: fetch_window(session, remote(server.url), middle), range(8))
        )
    assert len({window.provenance.sha256 for window in fetched}) == 1
    assert len(server.requests) == 16


@pytest.mark.parametrize(("row", "column"), [(-250, -250), (HEIGHT - 250, 400), (-499, 639)])
def test_pixels_outside_the_raster_are_no_data(
    server: RangeServer, session: PortalSession, usual: Path, row: int, column: int
) -> None:
    server.file.content = usual.read_bytes()
    fetched = fetch_window(session, remote(server.url), lambda grid: Window(grid, row, column))
    assert_is_cut_from(usual, fetched, Product.DIFF_PHA)


@pytest.mark.parametrize("is_big", [False, True])
def test_a_directory_at_the_end_is_found(
    tmp_path: Path, server: RangeServer, session: PortalSession, is_big: bool
) -> None:
    options = ONE_ROW | {"bigtiff": "yes" if is_big else "no"}
    path = write_container(tmp_path / "a.tif", PHASE, options)
    with rasterio.open(path, "r+") as raster:
        raster.update_tags(history="rewritten in place " * 20)
    server.file.content = path.read_bytes()
    fetched = fetch_window(session, remote(server.url), middle)
    assert_is_cut_from(path, fetched, Product.DIFF_PHA)
    assert 3 <= fetched.provenance.requests <= MOST_REQUESTS


def test_overviews_and_leaders_of_blocks_do_not_matter(
    tmp_path: Path, server: RangeServer, session: PortalSession
) -> None:
    path = tmp_path / "cog.tif"
    with rasterio.open(
        write_container(tmp_path / "a.tif", PHASE, ONE_ROW)
    ) as plain, rasterio.open(
        path, "w", driver="COG", width=640, height=HEIGHT, count=1, dtype="float32",
        crs=plain.crs, transform=plain.transform, compress="deflate", blocksize=128,
    ) as cog:  # fmt: skip
        cog.write(plain.read())
    server.file.content = path.read_bytes()
    fetched = fetch_window(session, remote(server.url), middle)
    assert_is_cut_from(path, fetched, Product.DIFF_PHA)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"compress": "deflate", "blockysize": HEIGHT}, id="one compressed strip"),
        pytest.param({"compress": "deflate", "blockysize": 1000}, id="two compressed strips"),
    ],
)
def test_a_layout_in_large_pieces_needs_the_whole_file(
    tmp_path: Path, server: RangeServer, session: PortalSession, options: dict[str, Any]
) -> None:
    path = write_container(tmp_path / "a.tif", PHASE, options)
    server.file.content = path.read_bytes()
    with pytest.raises(WholeFileNeededError, match="more than half"):
        fetch_window(session, remote(server.url), middle)
    assert server.body_bytes == HEAD_BYTES


@pytest.mark.parametrize("rows", [20, 900])
def test_a_small_frame_needs_the_whole_file(
    tmp_path: Path, server: RangeServer, session: PortalSession, rows: int
) -> None:
    path = write_container(tmp_path / "a.tif", PHASE[:rows], ONE_ROW)
    server.file.content = path.read_bytes()
    with pytest.raises(WholeFileNeededError, match="more than half"):
        fetch_window(session, remote(server.url), lambda grid: Window(grid, 0, 0))
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"sends_parts": False}, id="ignores Range"),
        pytest.param({"status": 416}, id="416"),
        pytest.param({"headers": {"Content-Range": ""}}, id="no Content-Range"),
        pytest.param({"headers": {"Content-Range": "bytes 0-32767/*"}}, id="no size"),
        pytest.param({"headers": {"Content-Range": "bytes 7-32774/99999999"}}, id="other range"),
        pytest.param({"headers": {"Content-Encoding": "gzip"}}, id="compressed"),
        pytest.param({"content": b""}, id="empty file"),
    ],
)
def test_a_server_without_parts_needs_the_whole_file(
    server: RangeServer, session: PortalSession, usual: Path, change: dict[str, Any]
) -> None:
    server.file = ServedFile(**({"content": usual.read_bytes()} | change))
    with pytest.raises(WholeFileNeededError, match="sends no part"):
        fetch_window(session, remote(server.url), middle)
    assert len(server.requests) == 1


def test_the_body_of_a_refusal_is_not_read(
    server: RangeServer, session: PortalSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.file = ServedFile(bytes(1 << 20), sends_parts=False)
    monkeypatch.setattr("requests.Response.iter_content", lambda *_: pytest.fail("body was read"))
    with pytest.raises(WholeFileNeededError, match="with 200"):
        fetch_window(session, remote(server.url), middle)


def rewritten(usual: Path) -> bytes:
    content = bytearray(usual.read_bytes())
    content[-1000:] = bytes(1000)
    return bytes(content)


@pytest.mark.parametrize("obeys_if_range", [True, False])
@pytest.mark.parametrize(
    "mark", [{"last_modified": "Wed, 20 Mar 2024 04:17:06 GMT"}, {"etag": '"second"'}]
)
def test_a_file_that_changes_between_two_requests_is_read_anew(
    server: RangeServer,
    session: PortalSession,
    usual: Path,
    tmp_path: Path,
    mark: dict[str, str],
    obeys_if_range: bool,
) -> None:
    new = write_container(tmp_path / "new.tif", -PHASE, ONE_ROW)

    def change(file: ServedFile, number: int) -> None:
        if number == 2:
            file.content = new.read_bytes()
            for name, value in mark.items():
                setattr(file, name, value)

    server.file = ServedFile(
        usual.read_bytes(), etag='"first"', obeys_if_range=obeys_if_range, before=change
    )
    fetched = fetch_window(session, remote(server.url), middle)
    assert_is_cut_from(new, fetched, Product.DIFF_PHA)
    assert len(server.requests) == 4
    assert server.requests[1]["If-Range"] == '"first"'


def test_another_size_is_another_file_even_without_any_mark(
    server: RangeServer, session: PortalSession, usual: Path
) -> None:
    def change(file: ServedFile, number: int) -> None:
        if number == 2:
            file.content += b"more"

    server.file = ServedFile(usual.read_bytes(), last_modified=None, before=change)
    fetched = fetch_window(session, remote(server.url), middle)
    assert fetched.provenance.total_bytes == usual.stat().st_size + 4
    assert fetched.provenance.last_modified is None
    assert "If-Range" not in server.requests[1]


def test_a_file_that_keeps_changing_has_to_come_in_one_piece(
    server: RangeServer, session: PortalSession, usual: Path
) -> None:
    def change(file: ServedFile, number: int) -> None:
        file.etag = f'"{number}"'

    server.file = ServedFile(usual.read_bytes(), before=change)
    with pytest.raises(WholeFileNeededError, match="second time"):
        fetch_window(session, remote(server.url), middle)
    assert len(server.requests) == 4


def test_a_weak_etag_is_compared_but_not_sent(
    server: RangeServer, session: PortalSession, usual: Path
) -> None:
    server.file = ServedFile(usual.read_bytes(), etag='W/"about"')
    fetched = fetch_window(session, remote(server.url), middle)
    assert server.requests[1]["If-Range"] == server.file.last_modified
    assert fetched.provenance.etag == 'W/"about"'


def test_a_server_that_stops_sending_parts_of_the_same_file_is_no_change(
    server: RangeServer, session: PortalSession, usual: Path
) -> None:
    def change(file: ServedFile, number: int) -> None:
        file.sends_parts = number == 1

    server.file = ServedFile(usual.read_bytes(), before=change)
    with pytest.raises(WholeFileNeededError, match="with 200"):
        fetch_window(session, remote(server.url), middle)
    assert len(server.requests) == 2


def test_a_broken_body_is_asked_for_again(
    server: RangeServer, session: PortalSession, usual: Path
) -> None:
    server.file = ServedFile(usual.read_bytes(), cuts=2)
    fetched = fetch_window(session, remote(server.url), middle)
    assert_is_cut_from(usual, fetched, Product.DIFF_PHA)
    assert fetched.provenance.requests == len(server.requests) == 4


def test_a_body_that_always_breaks_is_an_unavailable_source(
    server: RangeServer, session: PortalSession, usual: Path
) -> None:
    server.file = ServedFile(usual.read_bytes(), cuts=99)
    with pytest.raises(SourceUnavailableError, match="3 attempts"):
        fetch_window(session, remote(server.url), middle)


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, MissingProductError), (410, MissingProductError), (403, SourceUnavailableError),
     (503, SourceUnavailableError)],
)  # fmt: skip
def test_other_answers_mean_what_they_always_mean(
    server: RangeServer, session: PortalSession, status: int, error: type[Exception]
) -> None:
    server.file.status = status
    with pytest.raises(error, match=str(status)):
        fetch_window(session, remote(server.url), middle)


def test_nobody_there(session: PortalSession, dead_root: str) -> None:
    with pytest.raises(SourceUnavailableError, match="no answer"):
        fetch_window(session, remote(f"{dead_root}/a.tif"), middle)


def test_the_caller_may_refuse_the_grid_before_any_pixel_travels(
    server: RangeServer, session: PortalSession, usual: Path
) -> None:
    def refuse(grid: Grid) -> Window:
        message = f"another grid: {grid}"
        raise GridMismatchError(message)

    server.file.content = usual.read_bytes()
    with pytest.raises(GridMismatchError):
        fetch_window(session, remote(server.url), refuse)
    assert server.body_bytes == HEAD_BYTES


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        pytest.param(lambda _: b"<html>busy</html>" * 9000, "no TIFF", id="a page"),
        pytest.param(lambda file: file[: len(file) // 2], "it is cut", id="cut at the server"),
        pytest.param(lambda file: file[:40_000] + bytes(len(file) - 40_000), "decode", id="zeros"),
    ],
)
def test_a_damaged_file_is_refused(
    server: RangeServer, session: PortalSession, usual: Path, spoil: Any, words: str
) -> None:
    server.file.content = spoil(usual.read_bytes())
    with pytest.raises(CorruptProductError, match=words) as caught:
        fetch_window(session, remote(server.url), middle)
    assert "20240106_20240118.geo.diff_pha.tif" in str(caught.value)


def test_another_product_is_refused_by_its_numbers(
    server: RangeServer, session: PortalSession, usual: Path
) -> None:
    server.file.content = usual.read_bytes()
    with pytest.raises(CorruptProductError, match="expected 0 to 1"):
        fetch_window(session, remote(server.url, Product.CC), middle)


@pytest.mark.parametrize("product", Product.DIFF_PHA.needed)
def test_the_real_frame(
    shared_data: Path, server: RangeServer, session: PortalSession, product: Product
) -> None:
    pairs = shared_data / "licsar" / "106A_09048_000909" / "interferograms"
    path = pairs / "20240211_20240306" / f"20240211_20240306{product.ending}"
    server.file.content = path.read_bytes()
    # Fernandina
    fetched = fetch_window(
        session, remote(server.url, product), lambda grid: volcano_window(grid, -0.37, -91.55)
    )
    assert_is_cut_from(path, fetched, product)
    assert fetched.provenance.requests == 2
    assert fetched.provenance.bytes_moved < 0.5 * path.stat().st_size


def test_through_the_portal_with_its_redirects(
    real_frame: tuple[StandInPortal, FrameId], session: PortalSession
) -> None:
    stand_in, frame = real_frame
    client = Portal([stand_in.url], session)
    entry = client.list_pairs(frame).entries[0]
    for product, file in client.read_manifest(frame, entry).items():
        fetched = fetch_window(session, file, lambda grid: volcano_window(grid, -0.37, -91.55))
        folder = pair_folder(stand_in.tree, frame, entry.pair)
        assert_is_cut_from(folder / file.file_name, fetched, product)
        assert len(fetched.provenance.byte_ranges) == 2
        assert fetched.provenance.url == file.url


def test_a_file_of_this_machine_is_taken_whole(session: PortalSession, usual: Path) -> None:
    with pytest.raises(WholeFileNeededError, match="this machine"):
        fetch_window(session, remote(usual.as_uri()), middle)


def test_a_claim_of_an_enormous_file_is_refused(
    server: RangeServer, session: PortalSession, usual: Path
) -> None:
    server.file = ServedFile(
        usual.read_bytes(), headers={"Content-Range": f"bytes 0-{HEAD_BYTES - 1}/{10**12}"}
    )
    with pytest.raises(CorruptProductError, match="1000000000000 bytes"):
        fetch_window(session, remote(server.url), middle)


def test_a_scattered_header_needs_the_whole_file(
    tmp_path: Path, server: RangeServer, session: PortalSession
) -> None:
    path = write_container(tmp_path / "a.tif", PHASE, ONE_ROW)
    with rasterio.open(path, "r+") as raster:
        raster.update_tags(history="x" * (1 << 21))
    server.file.content = path.read_bytes()
    with pytest.raises(WholeFileNeededError, match="scattered"):
        fetch_window(session, remote(server.url), middle)


# Damage may hit the georeference: rasterio says so before we refuse the file.
def test_a_header_that_points_behind_the_files_end_is_no_window_of_no_data(
    server: RangeServer, session: PortalSession, written: Path
) -> None:
    content = bytearray((written / "tiles, uncompressed").read_bytes())
    counts_of_tiles = content.index(b"\x45\x01\x04\x00")  # how many bytes each tile has
    content[counts_of_tiles + 8 : counts_of_tiles + 12] = (len(content) + 7).to_bytes(4, "little")
    server.file = ServedFile(bytes(content))
    with pytest.raises(WholeFileNeededError, match="none of its blocks was ever written"):
        fetch_window(session, remote(server.url), middle)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(sorted(CONTAINERS)),
    changes=st.lists(st.tuples(st.integers(0, 420), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_a_damaged_header_gives_the_cut_of_gdal_or_an_error(
    server: RangeServer,
    session: PortalSession,
    written: Path,
    tmp_path: Path,
    name: str,
    changes: list[tuple[int, int]],
) -> None:
    content = bytearray((written / name).read_bytes())
    for place, value in changes:
        content[place] = value
    server.file = ServedFile(bytes(content))
    try:
        fetched = fetch_window(session, remote(server.url), middle)
    except (CorruptProductError, WholeFileNeededError):
        return
    # Compressed blocks that are longer than they should be leave bytes undefined in GDAL itself.
    if "uncompressed" in name:
        path = tmp_path / "damaged.tif"
        path.write_bytes(content)
        assert_is_cut_from(path, fetched, Product.DIFF_PHA)
