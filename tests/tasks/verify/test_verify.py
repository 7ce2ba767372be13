"""Each thing is spoilt on purpose: what is said, what a repair does, what a backfill then does."""

import datetime as dt
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from catalogs.cubes.cube import cube_pairs, pairs_of, read_cube
from catalogs.home.home import only_writer
from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.rows import FileRow, FileState, TileRow
from catalogs.rasters.grid import Window
from catalogs.rasters.window_files import write_window
from catalogs.rasters.window_records import FetchedWindow, WindowProvenance, hash_values
from catalogs.records import DatePair, Product
from catalogs.storage.place import Folder
from catalogs.tables import INTERFEROGRAMS, read_table
from catalogs.world.volcanoes import find_volcano
from fringewatch.errors import HomeError, LedgerError, ModelError, StoreError
from tasks.records import Outcome
from tasks.verify.records import Difference, DifferenceKind, VerifyReport
from tasks.verify.volcano import verify_volcano
from tests.portal.faults import Fault, FaultKind
from tests.scenes import FRAME
from tests.storage import folder_of
from tests.tasks.kept_home import FERNANDINA, PAIRS, KeptHome
from tests.tasks.test_watch import digests

pytestmark = pytest.mark.usefixtures("undrawn")


BACKFILL = "fringewatch backfill fernandina"
REPAIR = "fringewatch verify fernandina --repair"


def verify(
    kept: KeptHome, *, repair: bool = False, newest_pairs: int | None = None
) -> VerifyReport:
    return verify_volcano(
        FERNANDINA, (FRAME,), kept.settings, repair=repair, newest_pairs=newest_pairs
    )


def kinds(report: VerifyReport) -> list[DifferenceKind]:
    return [found.kind for found in report.differences]


def only_difference(report: VerifyReport) -> Difference:
    assert report.outcome is Outcome.PARTIAL
    (found,) = report.differences
    return found


def settle(kept: KeptHome, fetched: int) -> None:
    """Run the backfill that the report names: all must be as it was at first."""
    report = kept.backfill()
    assert (report.outcome, report.fetched, report.in_table) == (Outcome.DONE, fetched, 5)
    assert verify(kept).outcome is Outcome.DONE


def flip_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def test_a_home_after_a_backfill_is_sound_and_stays_untouched(kept: KeptHome) -> None:
    before, asked = digests(kept.settings.home), len(kept.portal.requests)
    report = verify(kept)
    assert (report.outcome, report.differences, report.next_commands) == (Outcome.DONE, (), ())
    (check,) = report.frames
    assert (check.tiled, check.listed, check.files_asked) == (5, 5, 10)
    assert digests(kept.settings.home) == before
    requests = kept.portal.requests[asked:]
    assert sum(request.path.endswith("/interferograms/") for request in requests) == 1
    assert not any(request.path.endswith("_20240118") for request in requests)  # no manifest


def test_only_the_newest_pairs_are_asked_for(kept: KeptHome) -> None:
    report = verify(kept, newest_pairs=2)
    assert report.frames[0].files_asked == 4
    assert verify(kept, newest_pairs=0).frames[0].files_asked == 0


@pytest.mark.parametrize("array", ["phase", "coherence"])
@pytest.mark.parametrize("damage", [flip_byte, Path.unlink, lambda path: path.write_bytes(b"")])
def test_a_damaged_chunk_is_found_repaired_and_fetched(
    kept: KeptHome, array: str, damage: Callable[[Path], object]
) -> None:
    damage(kept.chunk(array, 1))
    before = digests(kept.settings.home)
    found = only_difference(verify(kept))
    assert (found.kind, found.pair, found.repaired) == (DifferenceKind.DAMAGED, PAIRS[1], None)
    assert digests(kept.settings.home) == before

    report = verify(kept, repair=True)
    assert "the next night or backfill brings it" in str(only_difference(report))
    assert report.next_commands == (
        f"{BACKFILL} --start 2024-01-06 --end 2024-01-30 --frame {FRAME}",
    )
    cube = read_cube(Folder(kept.cube))
    assert not cube["phase"][1].to_numpy().any()  # readers meet no data, not an error
    settle(kept, fetched=1)
    assert cube_pairs(Folder(kept.cube)) == PAIRS


def test_a_report_names_the_commands_to_run_next(kept: KeptHome) -> None:
    flip_byte(kept.chunk("phase", 4))
    report = verify(kept)
    assert report.next_commands == (
        REPAIR,
        f"{BACKFILL} --start 2024-01-30 --end 2024-02-11 --frame {FRAME}",
    )
    lines = report.lines()
    assert lines[0] == "fernandina: differences: 1, repaired: 0, without answer: 0"
    assert any("20240130_20240211" in line for line in lines)
    assert lines[-2:] == [f"run next: {command}" for command in report.next_commands]


def test_a_deleted_cube_is_found_repaired_and_fetched(kept: KeptHome) -> None:
    shutil.rmtree(kept.cube)
    report = verify(kept)
    assert kinds(report) == [DifferenceKind.LOST] * 5
    verify(kept, repair=True)
    with open_ledger(kept.home.ledger) as ledger:
        assert ledger.tiles("fernandina", FRAME) == ()
    settle(kept, fetched=5)


@pytest.mark.parametrize("name", ["zarr.json", "primary/c/0"])
def test_a_cube_that_does_not_open_is_moved_aside(kept: KeptHome, name: str) -> None:
    (kept.cube / name).write_bytes(b"{ no such thing")
    found = only_difference(verify(kept))
    assert (found.kind, found.path) == (DifferenceKind.BAD_CUBE, Folder(kept.cube))
    verify(kept, repair=True)
    assert not kept.cube.exists()
    (aside,) = kept.cube.parent.glob("*.damaged-*")
    assert (aside / "phase").is_dir()
    settle(kept, fetched=5)


def test_a_pair_that_the_ledger_does_not_know_is_an_orphan(kept: KeptHome) -> None:
    with open_ledger(kept.home.ledger) as ledger:
        ledger.forget_tiles(FRAME, [PAIRS[0]])
    report = verify(kept)
    assert set(kinds(report)) == {DifferenceKind.UNKNOWN_PAIR, DifferenceKind.TABLE}
    assert report.differences[0].pair == PAIRS[0]
    assert report.next_commands[0].startswith(BACKFILL)
    assert verify(kept, repair=True).differences == report.differences
    settle(kept, fetched=1)


def test_a_pair_that_is_listed_and_not_here_is_a_gap(kept: KeptHome) -> None:
    kept_pair = DatePair.parse("20240106_20240211")
    folder = kept.remote(kept_pair, Product.CC).parent
    for product in Product.DIFF_PHA.needed:
        shutil.copy(kept.remote(PAIRS[0], product), folder / f"{kept_pair}{product.ending}")
    outside = kept.remote(DatePair.parse("20240211_20240223"), Product.CC)
    assert outside.parent.is_dir()
    report = verify(kept)
    found = only_difference(report)
    assert (found.kind, found.pair) == (DifferenceKind.NOT_HERE, kept_pair)
    assert "1 listed pairs lie outside" in report.frames[0].notes[0]
    assert kept.backfill().fetched == 1
    assert DifferenceKind.NOT_HERE not in kinds(verify(kept))


def test_a_gap_with_a_reason_in_the_ledger_is_a_note(kept: KeptHome) -> None:
    refused = FileRow(PAIRS[2], Product.CC, FileState.REJECTED, reason="cut short")
    with open_ledger(kept.home.ledger) as ledger:
        ledger.forget_tiles(FRAME, [PAIRS[2]])
        ledger.record_file(FRAME, refused)
    shutil.rmtree(kept.cube)
    report = verify(kept)
    assert DifferenceKind.NOT_HERE not in kinds(report)
    (note,) = report.frames[0].notes
    assert note.startswith(f"{PAIRS[2]} is not here: cc rejected (cut short), asked again from 20")


GRANULE = (PAIRS[0], Product.DIFF_PHA)


def put_granule(kept: KeptHome, content: bytes | None = None) -> Path:
    path = kept.home.granule(FRAME, *GRANULE)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(kept.remote(*GRANULE).read_bytes() if content is None else content)
    return path


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("20240106_20240118.diff_pha.tif", "its pair is in the cube"),
        ("20190106_20190118.cc.tif", "the ledger does not know it"),
        ("20240106_20240118.diff_pha.tif.part", "cut short"),
        ("20240106_20240118.diff_pha.tif.part.json", "cut short"),
    ],
)
def test_a_left_over_file_is_removed(kept: KeptHome, name: str, reason: str) -> None:
    path = put_granule(kept).with_name(name)
    put_granule(kept).rename(path)
    found = only_difference(verify(kept))
    assert (found.kind, found.path) == (DifferenceKind.LEFT_OVER, path)
    assert reason in found.reason
    assert path.is_file()
    report = verify(kept, repair=True)
    assert only_difference(report).repaired == "removed"
    assert report.next_commands == ()
    assert not path.exists()
    assert verify(kept).outcome is Outcome.DONE


def test_a_file_of_another_name_is_named_and_left(kept: KeptHome) -> None:
    path = put_granule(kept).with_name("notes.txt")
    put_granule(kept).rename(path)
    assert only_difference(verify(kept, repair=True)).kind is DifferenceKind.STRANGE_FILE
    assert path.is_file()


@pytest.mark.parametrize("content", [b"II*\0 and no more", None])
def test_files_that_are_kept_are_hashed_and_decoded(kept: KeptHome, content: bytes | None) -> None:
    keeping = KeptHome(kept.settings.model_copy(update={"keep_granules": True}), kept.portal)
    path = put_granule(kept, content)
    if content is None:
        assert verify(keeping).outcome is Outcome.DONE
        flip_byte(path)
    assert only_difference(verify(keeping)).kind is DifferenceKind.DAMAGED_FILE
    assert only_difference(verify(keeping, repair=True)).repaired == "removed"
    assert not path.exists()


def test_a_corrupt_file_that_waits_for_its_tile_is_fetched_again(kept: KeptHome) -> None:
    verify(kept)
    shutil.rmtree(kept.cube)
    path = put_granule(kept, b"II*\0 and no more")
    report = verify(kept, repair=True)
    assert DifferenceKind.DAMAGED_FILE in kinds(report)
    assert not path.exists()
    settle(kept, fetched=5)


def test_a_window_that_travelled_alone_is_checked_by_its_own_hash(kept: KeptHome) -> None:
    """The ledger may remember another volcano's window of the same file."""
    with open_ledger(kept.home.ledger) as ledger:
        ledger.forget_tiles(FRAME, [PAIRS[0]])
        row = replace(ledger.files(FRAME)[GRANULE], sha256="ab", provenance="{}")
        ledger.record_file(FRAME, row)
        grid = ledger.grid(FRAME)
    assert grid is not None
    values = np.ones((500, 500), np.float32)
    source = WindowProvenance(str(row.url), 9, None, None, ((0, 9),), 1, 9, hash_values(values))
    path = kept.home.window("fernandina", FRAME, *GRANULE)
    write_window(path, FetchedWindow(values, Window(grid, 0, 0, 500), source))
    assert DifferenceKind.DAMAGED_FILE not in kinds(verify(kept))
    path.write_bytes(b"II*\0 and no more")
    assert DifferenceKind.DAMAGED_FILE in kinds(verify(kept))
    verify(kept, repair=True)
    assert not path.exists()
    settle(kept, fetched=1)


def test_a_file_of_a_run_that_was_killed_before_it_told_the_ledger_waits(kept: KeptHome) -> None:
    with open_ledger(kept.home.ledger) as ledger:
        ledger.forget_tiles(FRAME, [PAIRS[0]])
        ledger.record_file(FRAME, FileRow(*GRANULE, FileState.LISTED))
    path = put_granule(kept)
    assert {DifferenceKind.LEFT_OVER, DifferenceKind.DAMAGED_FILE}.isdisjoint(kinds(verify(kept)))
    path.write_bytes(b"II*\0 and no more")
    assert DifferenceKind.DAMAGED_FILE in kinds(verify(kept))


def change_upstream(kept: KeptHome) -> Path:
    """Replace a file by another of the same size and an older time."""
    path = kept.remote(PAIRS[3], Product.CC)
    size = path.stat().st_size
    other = bytearray(path.read_bytes())
    path.write_bytes(other)
    older = path.stat().st_mtime - 86400
    os.utime(path, (older, older))
    assert path.stat().st_size == size
    return path


def test_a_file_that_changed_upstream_is_fetched_again(kept: KeptHome) -> None:
    path = change_upstream(kept)
    found = only_difference(verify(kept))
    assert (found.kind, found.pair, found.product) == (
        DifferenceKind.CHANGED, PAIRS[3], Product.CC,
    )  # fmt: skip
    assert found.reason.startswith("it is of 20")
    report = verify(kept, repair=True)
    assert report.next_commands[0].startswith(BACKFILL)
    row = kept.row(PAIRS[3], Product.CC)
    assert (row.state, row.reason) == (FileState.CHANGED, found.reason)
    with open_ledger(kept.home.ledger) as ledger:
        assert PAIRS[3] in ledger.tiled_pairs("fernandina", FRAME)
        assert ledger.outdated_pairs("fernandina", FRAME) == (PAIRS[3],)
    settle(kept, fetched=1)
    with open_ledger(kept.home.ledger) as ledger:
        assert ledger.outdated_pairs("fernandina", FRAME) == ()
    row = kept.row(PAIRS[3], Product.CC)
    assert row.state is FileState.FETCHED
    assert row.last_modified == dt.datetime.fromtimestamp(int(path.stat().st_mtime), dt.UTC)


def test_a_file_of_another_size_brings_new_numbers(kept: KeptHome) -> None:
    shutil.copy(kept.remote(PAIRS[0], Product.DIFF_PHA), kept.remote(PAIRS[4], Product.DIFF_PHA))
    folder = kept.home.detections("fernandina")
    assert bool(read_table(INTERFEROGRAMS, folder)["positive"].iloc[-1])
    found = only_difference(verify(kept))
    assert "bytes now" in found.reason
    verify(kept, repair=True)
    settle(kept, fetched=1)
    assert not bool(read_table(INTERFEROGRAMS, folder)["positive"].iloc[-1])


def test_a_new_file_that_is_no_good_takes_nothing_away(kept: KeptHome) -> None:
    path = kept.remote(PAIRS[4], Product.DIFF_PHA)
    good = path.read_bytes()
    path.write_bytes(good[: len(good) // 2])
    verify(kept, repair=True)
    report = kept.backfill()
    assert (report.outcome, report.fetched, report.in_table) == (Outcome.PARTIAL, 0, 5)
    assert [problem.pair for problem in report.problems] == [PAIRS[4]]
    path.write_bytes(good)
    settle(kept, fetched=1)


def test_a_changed_file_is_outdated_for_every_volcano_of_the_frame(kept: KeptHome) -> None:
    with open_ledger(kept.home.ledger) as ledger:
        ledger.record_tiles("wolf", FRAME, ledger.tiles("fernandina", FRAME))
    change_upstream(kept)
    report = verify(kept, repair=True)
    assert [command.split()[:3] for command in report.next_commands] == [
        ["fringewatch", "backfill", "fernandina"],
        ["fringewatch", "backfill", "wolf"],
    ]
    with open_ledger(kept.home.ledger) as ledger:
        assert len(ledger.tiles("wolf", FRAME)) == 5
        assert ledger.outdated_pairs("wolf", FRAME) == (PAIRS[3],)


def test_a_file_that_moved_to_the_other_host_is_the_same_file(kept: KeptHome) -> None:
    """Its time is that of the copy there: only the size tells."""
    change_upstream(kept)
    archived = kept.portal.archived
    kept.portal.archived = lambda name: name.endswith(".png")  # from the archive to the storage
    kept.portal.faults[f"licsar_products/128/{FRAME}/{PAIRS[3]}/{PAIRS[3]}.geo.cc.tif"] = Fault(
        FaultKind.STATUS, code=404
    )
    try:
        report = verify(kept)
    finally:
        kept.portal.archived = archived
    assert report.outcome is Outcome.DONE
    assert report.frames[0].files_asked == 10


def test_a_file_that_is_not_there_any_more_is_a_note(kept: KeptHome) -> None:
    kept.portal.faults[f"{PAIRS[3]}.geo.cc.tif"] = Fault(FaultKind.STATUS, code=404)
    report = verify(kept)
    assert report.outcome is Outcome.DONE
    (note,) = report.frames[0].notes
    assert note.startswith(f"{PAIRS[3]} cc is kept here")


def test_a_pair_that_vanished_upstream_is_marked_and_kept(kept: KeptHome) -> None:
    shutil.rmtree(kept.remote(PAIRS[1], Product.CC).parent)
    found = only_difference(verify(kept))
    assert (found.kind, found.pair) == (DifferenceKind.VANISHED, PAIRS[1])
    with open_ledger(kept.home.ledger) as ledger:
        assert all(row.gone_since is None for row in ledger.pairs(FRAME))
    assert only_difference(verify(kept, repair=True)).repaired == "marked in the ledger"
    with open_ledger(kept.home.ledger) as ledger:
        gone = [row.pair for row in ledger.pairs(FRAME) if row.gone_since]
    assert gone == [PAIRS[1]]
    settle(kept, fetched=0)
    assert cube_pairs(Folder(kept.cube)) == PAIRS


@pytest.mark.parametrize("is_up", [True, False])
def test_what_cannot_be_fetched_again_is_never_taken_away(kept: KeptHome, is_up: bool) -> None:
    """Whether the source says now that the pair is gone, or the ledger knows it."""
    shutil.rmtree(kept.remote(PAIRS[1], Product.CC).parent)
    if not is_up:
        verify(kept, repair=True)
        kept.portal.faults["/interferograms/"] = Fault(FaultKind.STATUS, code=503)
    flip_byte(kept.chunk("phase", 1))
    spoilt = kept.chunk("phase", 1).read_bytes()
    report = verify(kept, repair=True)
    assert report.differences[0].kind is DifferenceKind.LOST_FOR_GOOD
    assert "restore the cube from a backup" in report.differences[0].reason
    assert kept.chunk("phase", 1).read_bytes() == spoilt
    with open_ledger(kept.home.ledger) as ledger:
        assert PAIRS[1] in ledger.tiled_pairs("fernandina", FRAME)
    assert report.next_commands == ()


def test_a_source_that_is_down_does_not_stop_what_is_local(kept: KeptHome) -> None:
    flip_byte(kept.chunk("phase", 0))
    kept.portal.faults["/interferograms/"] = Fault(FaultKind.STATUS, code=503)
    report = verify(kept)
    assert report.outcome is Outcome.PARTIAL
    assert kinds(report) == [DifferenceKind.DAMAGED]
    (check,) = report.frames
    assert (check.listed, check.tiled) == (None, 5)
    assert "503" in check.unreachable[0]
    with open_ledger(kept.home.ledger) as ledger:
        assert all(row.gone_since is None for row in ledger.pairs(FRAME))


def test_nothing_vanishes_while_a_root_gives_no_answer(kept: KeptHome) -> None:
    """The root that is silent may have what the other no longer lists."""
    shutil.rmtree(kept.remote(PAIRS[1], Product.CC).parent)
    both = (kept.portal.url, kept.portal.public_url)
    settings = kept.settings.model_copy(update={"portal": both})
    kept.portal.faults[f"public/128/{FRAME}/interferograms/"] = Fault(FaultKind.STATUS, code=503)
    report = verify(KeptHome(settings, kept.portal), repair=True)
    assert report.outcome is Outcome.PARTIAL
    assert report.differences == ()
    assert "it may have more" in report.frames[0].unreachable[0]
    with open_ledger(kept.home.ledger) as ledger:
        assert all(row.gone_since is None for row in ledger.pairs(FRAME))


def test_an_empty_listing_makes_nothing_vanish(kept: KeptHome) -> None:
    shutil.rmtree(kept.portal.tree)
    kept.remote(PAIRS[0], Product.CC).parent.rmdir()
    report = verify(kept, repair=True)
    assert (report.outcome, report.differences) == (Outcome.PARTIAL, ())
    assert "lists no pair at all" in report.frames[0].unreachable[0]


def test_a_file_server_that_is_down_is_not_asked_for_every_file(kept: KeptHome) -> None:
    kept.portal.faults[".tif"] = Fault(FaultKind.STATUS, code=503)
    before = len(kept.portal.requests)
    report = verify(kept)
    assert report.outcome is Outcome.PARTIAL
    assert "7 more files were not asked for" in report.frames[0].unreachable[-1]
    asked = {path for _, path in kept.portal.requests[before:] if path.endswith(".tif")}
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("interferograms.parquet", b"PAR1 and no more"),
        ("interferograms.parquet", None),
        ("dates.parquet", None),
        ("interferograms.csv", b"volcano\n"),
        ("dates.csv", None),
    ],
)
def test_a_table_that_is_damaged_is_written_anew(
    kept: KeptHome, name: str, content: bytes | None
) -> None:
    path = folder_of(kept.home.detections("fernandina")) / name
    before = path.read_bytes()
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    report = verify(kept)
    found = only_difference(report)
    assert (found.kind, report.tables) == (DifferenceKind.TABLE, (found,))
    assert report.next_commands == (
        f"{BACKFILL} --start 2024-01-06 --end 2024-02-11 --frame {FRAME}",
    )
    settle(kept, fetched=0)
    assert path.read_bytes() == before


def test_a_volcano_that_was_never_fetched(kept: KeptHome) -> None:
    before = len(kept.portal.requests)
    report = verify_volcano(find_volcano("taal"), (), kept.settings, repair=False)
    assert (report.outcome, report.differences) == (Outcome.NOTHING, ())
    assert "never fetched" in report.lines()[-1]
    assert len(kept.portal.requests) == before


def test_all_frames_are_verified_and_those_never_asked_for_are_left_out(kept: KeptHome) -> None:
    report = verify_volcano(FERNANDINA, (), kept.settings)
    assert [check.frame for check in report.frames] == [FRAME]
    assert report.outcome is Outcome.DONE


def test_without_a_home_nothing_is_made(kept: KeptHome, tmp_path: Path) -> None:
    nowhere = KeptHome(kept.settings.model_copy(update={"home": tmp_path / "no"}), kept.portal)
    for repair in (False, True):
        with pytest.raises(HomeError, match="no Fringewatch home"):
            verify(nowhere, repair=repair)
    assert not (tmp_path / "no").exists()


def test_a_home_without_a_ledger_and_a_damaged_one(kept: KeptHome) -> None:
    kept.home.ledger.write_bytes(b"not a database at all, but as long as one" * 40)
    with pytest.raises(StoreError, match="is no ledger"):
        verify(kept)
    kept.home.ledger.unlink()
    with pytest.raises(LedgerError, match="is not there, while"):
        verify(kept)
    assert not kept.home.ledger.exists()


def test_only_a_repair_needs_the_home_for_itself(kept: KeptHome) -> None:
    with only_writer(kept.home):
        assert verify(kept).outcome is Outcome.DONE
        with pytest.raises(HomeError, match="another Fringewatch run"):
            verify(kept, repair=True)


def test_an_unknown_model_is_said(kept: KeptHome) -> None:
    with pytest.raises(ModelError, match="nobody"):
        verify(KeptHome(kept.settings.model_copy(update={"model": "nobody"}), kept.portal))


def test_the_cube_of_another_hand_is_compared_by_its_content(kept: KeptHome) -> None:
    """A ledger restored from a backup may remember another content than the cube holds."""
    with open_ledger(kept.home.ledger) as ledger:
        row = ledger.tiles("fernandina", FRAME)[0]
        old = TileRow(row.pair, row.url, row.phase_sha256, row.coherence_sha256, "00" * 32)
        ledger.record_tiles("fernandina", FRAME, [old])
    report = verify(kept)
    assert DifferenceKind.DAMAGED in kinds(report)
    verify(kept, repair=True)
    settle(kept, fetched=1)


def test_dates_of_the_cube_stay_as_they_were(kept: KeptHome) -> None:
    flip_byte(kept.chunk("coherence", 2))
    verify(kept, repair=True)
    cube = read_cube(Folder(kept.cube))
    assert pairs_of(cube) == PAIRS
    assert np.asarray(cube["phase"][0]).any()
