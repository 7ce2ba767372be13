"""A frame's lattice does not depend on which of its pairs came first."""

import datetime as dt
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from catalogs.home.home import Home, open_home
from catalogs.ledger.ledger import open_ledger
from catalogs.portal.byte_ranges import ByteRange
from catalogs.portal.remote_raster import RemoteRaster
from catalogs.rasters.grid import Grid
from catalogs.rasters.lattice import lattice_distance_pixels
from catalogs.records import DatePair
from catalogs.settings import Settings
from tasks.ingest.discover import discover_frame
from tasks.records import BatchReport, FrameRequest, Published, RunReport, WatchRequest
from tasks.watch import Steps, parse_request, watch_volcano
from tests.portal.rasters import shifted
from tests.portal.server import StandInPortal
from tests.relief import HEIGHTS, put_raster
from tests.scenes import FRAME, QUIET, SIDE, TRANSFORM, scene_phase, write_scene

pytestmark = pytest.mark.usefixtures("hurried", "undrawn")
OURS = shifted(TRANSFORM, 0.4, 0.0)
ODD = shifted(TRANSFORM, 0.75, 0.3)
"""A third of a pixel beside ours: near enough for a pair to be read, a pixel off in its window."""
FIRST, SECOND, THIRD = (
    "20240106_20240118", "20240118_20240130", "20240130_20240211",
)  # fmt: skip


def no_score(*_: object) -> BatchReport:
    return BatchReport()


def no_table(*_: object) -> Published | None:
    return None


NO_JUDGE = Steps(correct=no_score, score=no_score, publish=no_table)


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[StandInPortal]:
    """The two oldest pairs lie beside the lattice of the third one."""
    for number, (pair, place) in enumerate([(FIRST, ODD), (SECOND, ODD), (THIRD, OURS)]):
        write_scene(tmp_path / "tree", pair, scene_phase(QUIET, number), place)
    with StandInPortal(tmp_path / "tree") as portal:
        yield portal


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"air": ()})


def until(day: str) -> WatchRequest:
    return parse_request(
        "fernandina", dt.date(2024, 1, 1), dt.date.fromisoformat(day), [str(FRAME)]
    )


def run(settings: Settings, day: str = "2024-03-01") -> RunReport:
    return watch_volcano(until(day), settings, NO_JUDGE)


def ours(settings: Settings) -> Grid:
    with open_ledger(Home(settings.home).ledger) as ledger:
        grid = ledger.grid(FRAME)
    assert grid is not None
    return grid


def tiles(settings: Settings) -> dict[DatePair, str]:
    with open_ledger(Home(settings.home).ledger) as ledger:
        return {row.pair: row.content_sha256 for row in ledger.tiles("fernandina", FRAME)}


LATTICE = Grid(OURS.c, OURS.f, OURS.a, -OURS.e, SIDE, SIDE)


def test_the_frames_own_heights_settle_it_whichever_pairs_come_first(
    portal: StandInPortal, settings: Settings
) -> None:
    put_raster(portal.tree, np.full((SIDE, SIDE), 100.0), HEIGHTS, OURS)
    run(settings, "2024-02-01")  # the odd ones alone
    assert lattice_distance_pixels(ours(settings), LATTICE) < 0.01
    run(settings)
    at_once = settings.model_copy(update={"home": settings.home.with_name("at-once")})
    run(at_once)
    assert len(tiles(settings)) == 3
    assert tiles(settings) == tiles(at_once)
    assert ours(settings) == ours(at_once)


def bring_all_of_a_small_file(raster: Any, planned: Iterable[ByteRange]) -> None:
    """As in a real frame, of which a window is a small part."""
    for part in planned:
        raster._parts[part] = raster._reader.read(part).content


def test_without_them_most_pairs_of_the_first_batch_do_and_none_is_lost(
    portal: StandInPortal, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The third pair's window was cut a pixel beside the majority's: it is brought once more."""
    # These frames are hardly larger than the window, and would come whole.
    monkeypatch.setattr(RemoteRaster, "_bring_all", bring_all_of_a_small_file)
    report = run(settings)
    assert lattice_distance_pixels(ours(settings), LATTICE) > 0.3
    (problem,) = report.problems
    assert (str(problem.pair), problem.try_later) == (THIRD, True)
    assert run(settings).problems == ()  # no pause: nothing is wrong with it
    assert len(tiles(settings)) == 3


def test_what_was_settled_before_anything_was_tiled_is_settled_anew(
    portal: StandInPortal, settings: Settings
) -> None:
    shutil.rmtree(portal.tree / "128" / str(FRAME) / "interferograms" / FIRST)
    shutil.rmtree(portal.tree / "128" / str(FRAME) / "interferograms" / SECOND)
    odd = Grid(ODD.c, ODD.f, ODD.a, -ODD.e, SIDE, SIDE)
    open_home(Home(settings.home))
    request = until("2024-03-01")
    discover_frame(FrameRequest(request.volcano, FRAME, request.start, request.end), settings)
    with open_ledger(Home(settings.home).ledger) as ledger:
        ledger.record_grid(FRAME, odd)
        assert not ledger.has_tiles(FRAME)
    run(settings)
    assert ours(settings) == LATTICE
    assert len(tiles(settings)) == 1


def test_heights_of_another_place_or_of_no_use_settle_nothing(
    portal: StandInPortal, settings: Settings
) -> None:
    put_raster(portal.tree, np.full((SIDE, SIDE), 100.0), HEIGHTS, shifted(OURS, 10_000, 0.0))
    run(settings)
    assert lattice_distance_pixels(ours(settings), LATTICE) > 0.3  # by the batch
