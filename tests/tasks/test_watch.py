import datetime as dt
import hashlib
import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from catalogs.cubes.cube import cube_pairs
from catalogs.home.home import Home, home_of, only_writer, open_home
from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.rows import FileState
from catalogs.records import DatePair, FrameId, Product
from catalogs.settings import Settings
from catalogs.storage.place import Folder
from catalogs.tables import DATES, INTERFEROGRAMS, read_table
from fringewatch.errors import BadInputError, HomeError, ModelError
from tasks.records import Outcome, WatchRequest
from tasks.runs import recorded_run
from tasks.watch import parse_request, preview_volcano, watch_volcano
from tests.portal.faults import Fault, FaultKind
from tests.portal.rasters import shifted
from tests.portal.server import StandInPortal
from tests.scenes import FRAME, KINDS, QUIET, TRANSFORM, scene_phase, write_scene
from tests.storage import folder_of

pytestmark = pytest.mark.usefixtures("undrawn")

START, END = dt.date(2024, 1, 1), dt.date(2024, 3, 31)
PAIRS = tuple(map(DatePair.parse, sorted(KINDS)))


@pytest.fixture
def request_(scene_tree: Path) -> WatchRequest:
    return parse_request("fernandina", START, END, [str(FRAME)])


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_backfill_gives_a_table_and_a_second_one_changes_nothing(
    request_: WatchRequest, settings: Settings, portal: StandInPortal
) -> None:
    report = watch_volcano(request_, settings)
    assert report.outcome is Outcome.DONE
    assert (report.listed, report.fetched, report.scored, report.in_table) == (5, 5, 5, 5)
    home = Home(settings.home)
    folder = folder_of(home.detections("fernandina"))
    table = read_table(INTERFEROGRAMS, Folder(folder))
    assert table["secondary_date"].map(str).tolist() == [
        "2024-01-18", "2024-01-30", "2024-01-30", "2024-02-11", "2024-02-11",
    ]  # fmt: skip
    assert table["positive"].tolist() == [False, False, False, True, True]
    assert table["patches_scored"].tolist() == [9] * 5
    assert table["source_url"].str.startswith(portal.public_url).all()
    dates = read_table(DATES, Folder(folder))
    assert dates["state"].tolist() == ["quiet", "quiet", "unrest"]
    assert report.published is not None
    assert report.published.first_unrest == dt.date(2024, 2, 11)
    assert report.published.last.startswith("2024-02-11, unrest (2 of 2 pairs positive")
    assert (folder / "timeline.png").read_bytes()[:4] == b"\x89PNG"
    assert not any(path.is_file() for path in (settings.home / "granules").rglob("*"))

    before, asked = digests(folder), len(portal.requests)
    cube = digests(folder_of(home.cube("fernandina", FRAME)))
    again = watch_volcano(request_, settings)
    assert again.outcome is Outcome.DONE
    assert (again.fetched, again.scored, again.in_table) == (0, 0, 5)
    assert digests(folder) == before
    assert digests(folder_of(home.cube("fernandina", FRAME))) == cube
    assert len(portal.requests) == asked + 1  # one listing, and nothing else


def test_the_peak_lies_on_the_fringes(request_: WatchRequest, settings: Settings) -> None:
    watch_volcano(request_, settings)
    table = read_table(INTERFEROGRAMS, Home(settings.home).detections("fernandina"))
    deforming = table[table["positive"].astype(bool)]
    # The fringes close round the middle of the raster, 520 pixels of 0.001 degree wide.
    assert np.hypot(
        deforming["peak_latitude"] + 0.37, deforming["peak_longitude"] + 91.55
    ).max() == pytest.approx(0, abs=0.12)


def test_a_longer_range_adds_to_the_table(request_: WatchRequest, settings: Settings) -> None:
    short = parse_request("fernandina", START, dt.date(2024, 1, 30), [str(FRAME)])
    first = watch_volcano(short, settings)
    assert (first.listed, first.fetched, first.in_table) == (3, 3, 3)
    second = watch_volcano(request_, settings)
    assert (second.fetched, second.scored, second.in_table) == (2, 2, 5)


def test_files_can_be_kept(request_: WatchRequest, settings: Settings) -> None:
    kept = settings.model_copy(update={"keep_granules": True})
    watch_volcano(request_, kept)
    home = Home(settings.home)
    assert all(
        home.granule(FRAME, pair, product).is_file()
        for pair in PAIRS
        for product in Product.DIFF_PHA.needed
    )


def test_a_preview_asks_one_listing_and_writes_nothing(
    request_: WatchRequest, settings: Settings, portal: StandInPortal
) -> None:
    (plan,) = preview_volcano(request_, settings)
    assert [files.pair for files in plan.to_fetch] == list(PAIRS)
    assert len(portal.requests) == 1
    assert not settings.home.exists()
    watch_volcano(request_, settings)
    (plan,) = preview_volcano(request_, settings)
    assert (plan.to_fetch, plan.there) == ((), PAIRS)


def test_a_preview_of_an_old_home_leaves_every_byte_of_it(
    request_: WatchRequest, settings: Settings
) -> None:
    """Also a ledger of the first format, which a run would migrate."""
    home = open_home(home_of(settings))
    with closing(sqlite3.connect(home.ledger)) as old:
        old.executescript(
            "CREATE TABLE tiles(volcano TEXT, frame TEXT, pair TEXT, url TEXT, sha256 TEXT, "
            "coherence_sha256 TEXT, content_sha256 TEXT, tiled_at TEXT); PRAGMA user_version = 1;"
        )
        row = ("fernandina", str(FRAME), str(PAIRS[0]), "u", "a", "b", "c", "2024-02-01T00:00:00")
        with old:
            old.execute("INSERT INTO tiles VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    before = digests(settings.home)
    (plan,) = preview_volcano(replace(request_, start=dt.date(2024, 1, 18)), settings)
    assert plan.there == ()  # its cube is gone: a run would bring it again, whatever its dates
    assert [entry.pair for entry in plan.to_fetch] == [PAIRS[0], *PAIRS[2:]]
    assert digests(settings.home) == before
    assert set(before) == {"home.json", "ledger.sqlite"}


def test_a_damaged_cube_is_a_problem_of_its_frame_alone(
    settings: Settings, scene_tree: Path, tmp_path: Path
) -> None:
    other = FrameId.parse("106A_09048_000909")
    tree = tmp_path / "tree"
    shutil.copytree(scene_tree, tree)
    frame_folder = tree / str(other.track) / str(other)
    shutil.copytree(tree / str(FRAME.track) / str(FRAME), frame_folder)
    both = parse_request("fernandina", START, END, [str(other), str(FRAME)])
    with StandInPortal(tree) as portal:
        asked = settings.model_copy(update={"portal": (portal.url,)})
        watch_volcano(both, asked)
        mark = folder_of(Home(settings.home).cube("fernandina", other)) / "zarr.json"
        mark.write_bytes(b"{ damaged")
        (frame_folder / "interferograms" / str(PAIRS[0])).rename(tmp_path / "gone")
        report = watch_volcano(both, asked)
    assert report.outcome is Outcome.PARTIAL
    assert [(problem.frame, problem.pair) for problem in report.problems] == [(other, None)]
    assert str(other) in report.problems[0].reason
    assert report.published is not None


FILE_FAULTS = {
    "html": (Fault(FaultKind.HTML), FileState.REJECTED, "is no TIFF"),
    "empty": (Fault(FaultKind.EMPTY), FileState.REJECTED, "zero bytes"),
    "cut": (Fault(FaultKind.CUT, after_bytes=5000), FileState.REJECTED, ""),
    "missing": (Fault(FaultKind.STATUS, code=404), FileState.MISSING, ""),
    "server error": (Fault(FaultKind.STATUS, code=503), FileState.LISTED, "503"),
}


@pytest.mark.parametrize("name", FILE_FAULTS)
def test_one_bad_file_is_one_problem_with_its_reason(
    name: str, request_: WatchRequest, settings: Settings, portal: StandInPortal
) -> None:
    fault, state, words = FILE_FAULTS[name]
    bad = "20240118_20240130"
    portal.faults[f"{bad}.geo.diff_pha.tif"] = fault
    report = watch_volcano(request_, settings)
    assert report.outcome is Outcome.PARTIAL
    assert report.in_table == 4
    (problem,) = report.problems
    assert str(problem.pair) == bad
    assert words in problem.reason
    with open_ledger(Home(settings.home).ledger) as ledger:
        row = ledger.files(FRAME)[DatePair.parse(bad), Product.DIFF_PHA]
    assert row.state is state
    assert row.reason
    assert row.reason in problem.reason
    left = [path.name for path in (settings.home / "granules").rglob("*.part")]
    assert left == []

    portal.faults.clear()
    mended = watch_volcano(request_, settings)
    assert mended.outcome is Outcome.DONE
    assert (mended.fetched, mended.in_table) == (1, 5)


def test_a_listed_pair_without_manifest_gives_a_row_of_no_data(
    request_: WatchRequest, settings: Settings, portal: StandInPortal
) -> None:
    for pair in ("20240118_20240211", "20240130_20240211"):
        portal.faults[pair] = Fault(FaultKind.STATUS, code=404)
    report = watch_volcano(request_, settings)
    assert report.outcome is Outcome.PARTIAL
    dates = read_table(DATES, Home(settings.home).detections("fernandina"))
    assert dates["state"].tolist() == ["quiet", "quiet", "no data"]


def test_a_manifest_without_coherence_is_a_problem(
    request_: WatchRequest, settings: Settings, scene_tree: Path, tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(scene_tree, tree)
    next(tree.rglob("20240106_20240118.geo.cc.tif")).unlink()
    with StandInPortal(tree) as portal:
        report = watch_volcano(request_, settings.model_copy(update={"portal": (portal.url,)}))
    assert report.outcome is Outcome.PARTIAL
    assert [problem.reason for problem in report.problems] == ["the pair's manifest names no cc"]


def test_a_pipe_in_a_folder_is_named_and_ends_nothing(
    request_: WatchRequest, settings: Settings, scene_tree: Path, tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(scene_tree, tree)
    strange, lacking = (
        next(tree.rglob(f"{pair}.geo.cc.tif"))
        for pair in ("20240106_20240118", "20240106_20240130")
    )
    strange.unlink()
    os.mkfifo(strange)
    lacking.unlink()
    report = watch_volcano(request_, settings.model_copy(update={"portal": (str(tree),)}))
    assert (report.outcome, report.in_table) == (Outcome.PARTIAL, 3)
    assert [problem.reason for problem in report.problems] == [
        f"{strange} is a pipe (FIFO): an interferogram's file belongs there",
        "the pair's folder holds no cc",
    ]


@pytest.mark.parametrize(
    ("rows", "shape", "reason"),
    [
        (0.2, (520, 520), None),
        (1.0, (520, 520), None),
        (0.0, (519, 520), None),
        (-10_000.0, (520, 520), "does not reach the volcano's window"),
    ],
)
def test_a_pair_of_another_part_of_the_frame_is_cut_by_its_coordinates(
    rows: float, shape: tuple[int, int], reason: str | None, request_: WatchRequest,
    settings: Settings, scene_tree: Path, tmp_path: Path,
) -> None:  # fmt: skip
    """The odd pair is the first of all: the majority settles the frame's lattice."""
    tree = tmp_path / "tree"
    shutil.copytree(scene_tree, tree)
    odd = "20240106_20240118"
    write_scene(
        tree, odd, scene_phase(QUIET)[: shape[0], : shape[1]], shifted(TRANSFORM, rows, 0.0)
    )
    with StandInPortal(tree) as portal:
        report = watch_volcano(request_, settings.model_copy(update={"portal": (portal.url,)}))
    if reason is None:
        assert report.outcome is Outcome.DONE
    else:
        (problem,) = report.problems
        assert str(problem.pair) == odd
        assert reason in problem.reason
        assert report.in_table == 4


def test_a_raster_of_zeros_is_one_problem(
    request_: WatchRequest, settings: Settings, scene_tree: Path, tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(scene_tree, tree)
    write_scene(tree, "20240118_20240130", np.zeros((520, 520), dtype=np.float32))
    with StandInPortal(tree) as portal:
        report = watch_volcano(request_, settings.model_copy(update={"portal": (portal.url,)}))
    assert (report.outcome, report.in_table) == (Outcome.PARTIAL, 4)
    assert "every pixel is 0" in report.problems[0].reason


@pytest.mark.parametrize("scheduled", [False, True])
def test_pairs_that_are_all_of_no_use_are_a_gap_and_not_nothing(
    request_: WatchRequest, settings: Settings, portal: StandInPortal, *, scheduled: bool
) -> None:
    for pair in KINDS:
        portal.faults[f"{pair}.geo.diff_pha.tif"] = Fault(FaultKind.EMPTY)
    with recorded_run(settings, "nightly", ["fernandina"]) as run:
        report = watch_volcano(replace(request_, scheduled=scheduled), settings)
        run.reports = [report]
    assert (report.outcome, report.fetched, len(report.problems)) == (Outcome.PARTIAL, 0, 5)
    with open_ledger(Home(settings.home).ledger) as ledger:
        (kept,) = ledger.runs()
        assert (kept.outcome, kept.volcanoes[0].outcome) == ("nothing", "nothing")
        assert ledger.failed_nights(dt.datetime.now(dt.UTC))["fernandina"][0] == 1


def test_a_portal_that_refuses_connections(request_: WatchRequest, settings: Settings) -> None:
    gone = settings.model_copy(update={"portal": ("http://127.0.0.1:9/LiCSAR_products",)})
    report = watch_volcano(request_, gone)
    assert report.outcome is Outcome.LATER
    assert "127.0.0.1" in report.problems[0].reason
    assert report.problems[0].pair is None


def test_the_second_portal_answers_when_the_first_does_not(
    request_: WatchRequest, settings: Settings, portal: StandInPortal
) -> None:
    both = settings.model_copy(update={"portal": ("http://127.0.0.1:9/gone", portal.url)})
    assert watch_volcano(request_, both).outcome is Outcome.DONE


def test_a_frame_that_the_portal_does_not_have(settings: Settings) -> None:
    other = parse_request("fernandina", START, END, ["106A_09048_000909"])
    report = watch_volcano(other, settings)
    assert report.outcome is Outcome.NOTHING
    assert "no such frame" in report.problems[0].reason


def test_a_range_without_pairs_says_what_there_is(settings: Settings) -> None:
    empty = parse_request("fernandina", dt.date(2016, 1, 1), dt.date(2016, 2, 1), [str(FRAME)])
    report = watch_volcano(empty, settings)
    assert report.outcome is Outcome.NOTHING
    assert "the newest pair" in report.notes[0]
    assert "20240130_20240211" in report.notes[0]


def test_a_deleted_cube_is_fetched_again(request_: WatchRequest, settings: Settings) -> None:
    watch_volcano(request_, settings)
    cube = Home(settings.home).cube("fernandina", FRAME)
    shutil.rmtree(folder_of(cube))
    report = watch_volcano(request_, settings)
    assert report.outcome is Outcome.DONE
    assert report.fetched == 5
    assert cube_pairs(cube) == PAIRS


def test_a_killed_run_goes_on_where_it_was(
    request_: WatchRequest,
    settings: Settings,
    portal: StandInPortal,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The cube has the pairs, the ledger does not know it yet: nothing is fetched again."""

    class KilledError(BaseException):  # no step makes a row of it
        pass

    def die(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr("catalogs.ledger.ledger.Ledger.record_tiles", die)
        with pytest.raises(KilledError):
            watch_volcano(request_, settings)
    asked = portal.count(".diff_pha.tif")
    report = watch_volcano(request_, settings)
    assert (report.outcome, report.in_table) == (Outcome.DONE, 5)
    assert portal.count(".diff_pha.tif") == asked
    assert cube_pairs(Home(settings.home).cube("fernandina", FRAME)) == PAIRS


@pytest.mark.parametrize("number", [28, 30])
def test_a_full_or_read_only_disk_ends_the_run_and_harms_nothing(
    number: int, request_: WatchRequest, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = parse_request("fernandina", START, dt.date(2024, 1, 30), [str(FRAME)])
    watch_volcano(short, settings)
    folder = folder_of(Home(settings.home).detections("fernandina"))
    before = digests(folder)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, "the system's words")

    with monkeypatch.context() as patch:
        patch.setattr("catalogs.cubes.layout.zarr.consolidate_metadata", refuse)
        with pytest.raises(HomeError, match=r"disk is full|read-only"):
            watch_volcano(request_, settings)
    assert digests(folder) == before
    report = watch_volcano(request_, settings)
    assert (report.outcome, report.in_table) == (Outcome.DONE, 5)


def test_an_unknown_model_is_said_before_anything_is_fetched(
    request_: WatchRequest, settings: Settings, portal: StandInPortal
) -> None:
    with pytest.raises(ModelError, match="nobody"):
        watch_volcano(request_, settings.model_copy(update={"model": "nobody"}))
    assert portal.requests == ()


def test_an_option_that_the_method_lacks_is_said_before_anything_is_fetched(
    request_: WatchRequest, settings: Settings, portal: StandInPortal
) -> None:
    with pytest.raises(BadInputError, match="no option 'datse'"):
        watch_volcano(request_, settings.model_copy(update={"method_options": {"datse": 2}}))
    assert portal.requests == ()


def test_two_runs_do_not_write_to_one_home(request_: WatchRequest, settings: Settings) -> None:
    with only_writer(open_home(home_of(settings))), pytest.raises(HomeError, match="another"):
        watch_volcano(request_, settings)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("fernandna", START, END, ()), "fernandina"),
        (("fernandina", END, START, ()), "must be before"),
        (("fernandina", START, START, ()), "must be before"),
        (("fernandina", START, END, ("155D_02579_100800",)), "155D_02579_100800"),
        (("fernandina", START, END, ("nonsense",)), "not a LiCSAR frame id"),
    ],
)
def test_wrong_words_are_refused(
    words: tuple[str, dt.date, dt.date, tuple[str, ...]], message: str
) -> None:
    with pytest.raises(BadInputError, match=message):
        parse_request(*words)


def test_a_catalogue_frame_that_the_source_lacks_is_a_note_and_not_a_gap(
    settings: Settings,
) -> None:
    everything = parse_request("fernandina", START, END)
    report = watch_volcano(everything, settings)
    assert (report.outcome, report.in_table, report.problems) == (Outcome.DONE, 5, ())
    absent = [note for note in report.notes if "no such frame" in note]
    assert len(absent) == len(everything.frames) - 1
    others = [note for note in report.notes if note not in absent]
    assert all("no landmask" in note or "no hgt" in note for note in others)


def test_a_frame_that_was_named_and_is_not_there_is_a_gap(settings: Settings) -> None:
    named = parse_request("fernandina", START, END, [str(FRAME), "106A_09048_000909"])
    report = watch_volcano(named, settings)
    assert (report.outcome, report.in_table) == (Outcome.PARTIAL, 5)
    assert [str(problem.frame) for problem in report.problems] == ["106A_09048_000909"]


def test_what_a_killed_run_left_of_tiled_pairs_is_swept_up(
    request_: WatchRequest, settings: Settings
) -> None:
    watch_volcano(request_, settings)
    home = Home(settings.home)
    left = home.granule(FRAME, PAIRS[0], Product.CC)
    window = home.window("fernandina", FRAME, PAIRS[1], Product.DIFF_PHA)
    other = home.granule(FRAME, DatePair.parse("20250101_20250113"), Product.CC)
    names = (left, window, left.with_name(f"{left.name}.part"), left.with_name(".x.tif.tmp"))
    for path in (*names, other):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"left")
    watch_volcano(request_, settings)
    assert [path for path in names if path.exists()] == []
    assert other.is_file()  # of a pair that is not in the cube: it may be whole
