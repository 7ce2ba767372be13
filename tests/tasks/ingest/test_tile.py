"""Tiling a batch: the cube, the ledger and the files, whoever does the work."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from catalogs.cubes.cube import open_cube
from catalogs.cubes.pair_tile import PairTile
from catalogs.cubes.reading import read_cube
from catalogs.ledger.rows import FileState
from catalogs.rasters.grid import volcano_window
from catalogs.records import DatePair, Product
from catalogs.settings import Settings
from catalogs.storage.place import Folder
from fringewatch.errors import CorruptProductError, HomeError
from insar_models.phase.codes import encode_phase
from tests.scenes import FRAME, full_coherence, scene_phase
from tests.tasks.ingest.tile_homes import (
    EMPTY,
    GOOD,
    GRID,
    PAIRS,
    REQUEST,
    STRANGE,
    Backwards,
    TileHome,
    in_hand,
    make_home,
)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> TileHome:
    return make_home(tmp_path_factory.mktemp("granules") / "home")


@pytest.fixture
def home(filled: TileHome, tmp_path: Path) -> TileHome:
    shutil.copytree(filled.settings.home, tmp_path / "home")
    return TileHome(Settings(home=tmp_path / "home"))


def other(home: TileHome) -> TileHome:
    """A copy, for a second way to the same end."""
    root = home.settings.home.with_name("other")
    shutil.copytree(home.settings.home, root)
    return TileHome(Settings(home=root))


def expected(pair: DatePair) -> PairTile:
    """The tile that a pair's scene is."""
    window = volcano_window(GRID, REQUEST.volcano.latitude, REQUEST.volcano.longitude)
    part = np.s_[window.row : window.row + 500, window.column : window.column + 500]
    coherence = full_coherence()[part]
    codes = encode_phase(scene_phase("quiet", PAIRS.index(pair))[part], coherence > 0)
    return PairTile(pair, codes, coherence)


def test_a_batch_is_the_cube_of_its_good_pairs_in_their_order(
    home: TileHome, tmp_path: Path
) -> None:
    report = home.tile()
    assert report.done == GOOD
    assert [problem.pair for problem in report.problems] == [EMPTY, STRANGE]
    assert "holds no data" in report.problems[0].reason
    assert "does not reach the volcano's window" in report.problems[1].reason
    assert home.shown == GOOD
    assert home.tiles == {pair: expected(pair).sha256 for pair in GOOD}
    assert {pair: home.state(pair) for pair in PAIRS} == {
        pair: FileState.FETCHED if pair in GOOD else FileState.REJECTED for pair in PAIRS
    }
    assert not any(home.granules(pair) for pair in PAIRS)

    window = volcano_window(GRID, REQUEST.volcano.latitude, REQUEST.volcano.longitude)
    serial = open_cube(Folder(tmp_path / "serial.zarr"), "fernandina", FRAME, window)
    serial.append([expected(pair) for pair in GOOD])
    files = {
        str(path.relative_to(tmp_path / "serial.zarr")): path.read_bytes()
        for path in (tmp_path / "serial.zarr").rglob("*")
        if path.is_file()
    }
    assert home.content == files


def test_results_in_any_order_give_the_same_bytes_and_the_same_report(
    home: TileHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone, workers = other(home), Backwards()
    wanted = alone.tile()
    with in_hand(workers, monkeypatch):
        assert home.tile(workers=2) == wanted
    assert workers.shares == [1] * 8
    assert home.content == alone.content
    assert home.tiles == alone.tiles
    assert home.state(EMPTY) is FileState.REJECTED


def test_many_pairs_go_to_workers_a_few_at_a_time(
    home: TileHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.ingest.tile._TURNS", 1)
    alone, workers = other(home), Backwards(deadly=PAIRS[4])
    with in_hand(workers, monkeypatch):
        report = home.tile(workers=2)
    assert workers.shares == [4, 4, 1, 1, 1, 1]  # those beside the deadly one are tried alone
    assert report.done == tuple(pair for pair in GOOD if pair != PAIRS[4])
    alone.tile(tuple(pair for pair in PAIRS if pair != PAIRS[4]))
    assert home.content == alone.content


def test_a_pair_at_which_workers_die_is_a_problem_and_waits_for_the_next_run(
    home: TileHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    deadly = GOOD[1]
    with in_hand(Backwards(deadly=deadly), monkeypatch):
        report = home.tile(workers=2)
    assert deadly not in home.shown
    assert str(report.problems[0]) == f"{FRAME} {deadly}: a worker died 3 times"
    assert home.state(deadly) is FileState.FETCHED, "its files are not what is wrong"
    assert [home.granules(pair) for pair in (deadly, GOOD[0], EMPTY)] == [2, 0, 0]
    assert home.tile([deadly]).done == (deadly,)
    assert home.shown == (*(pair for pair in GOOD if pair != deadly), deadly)


def test_a_run_that_ends_midway_leaves_the_cube_as_readers_saw_it(
    home: TileHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = other(home)
    for each in (home, alone):
        each.tile(GOOD[:2])
    place = home.home.cube("fernandina", FRAME)
    before = read_cube(place)["phase"].to_numpy()
    with in_hand(Backwards(lost_after=3), monkeypatch), pytest.raises(KeyboardInterrupt):
        home.tile(PAIRS[3:], workers=2)
    assert home.shown == GOOD[:2]
    assert np.array_equal(read_cube(place)["phase"].to_numpy(), before)
    assert home.tiles.keys() == {*GOOD[:2]}
    assert all(home.granules(pair) == 2 for pair in PAIRS[3:])
    assert home.tile(PAIRS[3:]) == alone.tile(PAIRS[3:])
    assert home.content == alone.content


def test_what_is_there_is_left_alone_and_what_changed_is_written_over(home: TileHome) -> None:
    home.tile()
    for number, pair in enumerate(PAIRS):
        home.bring(pair, number if pair != GOOD[1] else 99)
    before = {path: path.stat().st_mtime_ns for path in home.cube.rglob("*") if path.is_file()}
    old = home.tiles
    assert home.tile(GOOD).done == GOOD
    assert home.shown == GOOD
    written = {
        str(path.relative_to(home.cube))
        for path, time in before.items()
        if path.stat().st_mtime_ns != time
    }
    assert [name for name in written if name.startswith("phase")] == ["phase/c/1/0/0"]
    assert [pair for pair in GOOD if home.tiles[pair] != old[pair]] == [GOOD[1]]


def test_a_batch_that_changes_nothing_writes_nothing_and_a_damaged_chunk_is_mended(
    home: TileHome,
) -> None:
    home.tile()
    wanted = home.content
    chunk = home.cube / "phase" / "c" / "1" / "0" / "0"
    # What is known of all pairs together is set down as unknown before a pair may change.
    times = {
        path: path.stat().st_mtime_ns
        for path in home.cube.rglob("*")
        if path.is_file() and path.parent.name != "highest_coherence"
    }
    for number, pair in enumerate(PAIRS):
        home.bring(pair, number)
    home.tile(GOOD[2:])
    assert {path: path.stat().st_mtime_ns for path in times} == times
    chunk.write_bytes(b"no chunk")
    home.tile(GOOD[:2])
    assert home.content == wanted


def test_refused_pairs_alone_make_no_cube(home: TileHome) -> None:
    report = home.tile([EMPTY])
    assert (report.done, len(report.problems)) == ((), 1)
    assert not home.cube.exists()
    assert home.state(EMPTY) is FileState.REJECTED


def test_refused_pairs_alone_leave_a_cube_as_it_was(home: TileHome) -> None:
    home.tile(GOOD[:2])
    before = home.content
    home.tile([EMPTY])
    assert home.content == before


def test_a_cube_that_cannot_be_written_ends_the_run_and_refuses_nobody(
    home: TileHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        message = "the disk is full"
        raise HomeError(message)

    with monkeypatch.context() as patch:
        patch.setattr("tasks.ingest.tile_pair.write_slot", refuse)
        with pytest.raises(HomeError, match="disk is full"):
            home.tile()
    assert home.shown == ()
    assert all(home.granules(pair) == 2 for pair in PAIRS)
    assert {home.state(pair) for pair in GOOD} == {FileState.FETCHED}
    assert home.tile().done == GOOD


def test_a_worker_that_does_not_see_the_home_ends_the_run_and_says_so(
    home: TileHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unseen(*_: object) -> None:
        message = "does not open"
        raise CorruptProductError(message)

    with monkeypatch.context() as patch:
        patch.setattr("tasks.ingest.tile_pair.lies_here", lambda *_: False)
        patch.setattr("tasks.ingest.tile_pair.read_granule", unseen)
        with pytest.raises(HomeError, match=r"does not see diff_pha of .* share with this machine"):
            home.tile()
    assert {home.state(pair) for pair in PAIRS} == {FileState.FETCHED}
    assert home.tile().done == GOOD


def test_a_file_that_is_gone_here_too_is_one_refused_pair(home: TileHome) -> None:
    home.home.granule(FRAME, GOOD[1], Product.CC).unlink()
    report = home.tile(GOOD)
    assert [problem.pair for problem in report.problems] == [GOOD[1]]
    assert home.state(GOOD[1], Product.CC) is FileState.REJECTED


def test_a_home_named_from_here_is_found_from_elsewhere(
    home: TileHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers run in folders of their own."""
    monkeypatch.chdir(home.settings.home.parent)
    relative = TileHome(Settings(home=Path("home"), storage="kept"))
    seen: list[tuple[int, object]] = []

    class Elsewhere(Backwards):
        def run(self, work, items, step):  # type: ignore[no-untyped-def]
            monkeypatch.chdir("/")
            seen.extend(super().run(work, items, step))
            monkeypatch.chdir(home.settings.home.parent)
            return iter(seen)

    with in_hand(Elsewhere(), monkeypatch):
        assert relative.tile(workers=2).done == GOOD
    assert (home.settings.home.parent / "kept" / "cubes" / "fernandina").is_dir()
