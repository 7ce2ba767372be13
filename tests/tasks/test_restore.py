"""A home restored from what cannot be had again: its ledger and its settings. It goes on."""

import datetime as dt
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from catalogs.cubes.cube import cube_pairs
from catalogs.home.home import home_of
from catalogs.ledger.review_rows import ReviewVerdict, Statement
from catalogs.ledger.rows import LostPair
from catalogs.records import FrameId, Product
from catalogs.settings import Settings
from catalogs.settings.volcano import PlaceSettings
from catalogs.tables import DATES, INTERFEROGRAMS, read_table
from insar_models.onset.date_state import DateState
from insar_models.onset.evidence import DateVerdict
from tasks.health.health import health_of
from tasks.health.records import Check
from tasks.judge.lost import in_doubt_from, with_lost
from tasks.messages.standing import standing_now
from tasks.records import Outcome, RunReport
from tasks.review.give import give_review
from tasks.status.home import home_status
from tasks.verify.volcano import verify_volcano
from tasks.watch import watch_volcano
from tests.portal.faults import Fault, FaultKind
from tests.scenes import FRAME
from tests.tasks.kept_home import FERNANDINA, PAIRS, REQUEST, KeptHome

pytestmark = pytest.mark.usefixtures("undrawn")


LATE = dt.date(2024, 3, 1)
"""After all of the pairs."""


@pytest.fixture
def restored(kept: KeptHome, tmp_path: Path) -> Settings:
    """The settings of a home that has the ledger of the kept one, and no cube."""
    said = Statement("2024-01-30", ReviewVerdict.OTHER, "NS", "calm")
    give_review(FERNANDINA, said, kept.settings)
    folder = tmp_path / "restored"
    folder.mkdir()
    with (
        closing(sqlite3.connect(kept.home.ledger)) as source,
        closing(sqlite3.connect(folder / "ledger.sqlite")) as target,
    ):
        source.backup(target)
    shutil.copy(kept.settings.home / "home.json", folder)
    return kept.settings.model_copy(update={"home": folder})


def tables_of(settings: Settings) -> list[pd.DataFrame]:
    folder = home_of(settings).detections("fernandina")
    return [
        read_table(schema, folder).drop(columns="scored_at", errors="ignore")
        for schema in (DATES, INTERFEROGRAMS)
    ]


def night(settings: Settings, start: dt.date) -> RunReport:
    return watch_volcano(replace(REQUEST, start=start, scheduled=True), settings)


def assert_all_is_back(kept: KeptHome, restored: Settings) -> None:
    for new, old in zip(tables_of(restored), tables_of(kept.settings), strict=True):
        pd.testing.assert_frame_equal(new, old)


@pytest.mark.parametrize("repair", [True, False])
def test_a_restored_home_says_what_the_old_one_said(
    kept: KeptHome, restored: Settings, repair: bool
) -> None:
    if repair:
        report = verify_volcano(FERNANDINA, (), restored, repair=True)
        assert report.outcome is Outcome.PARTIAL
    again = watch_volcano(REQUEST, restored)
    assert (again.outcome, again.fetched) == (Outcome.DONE, len(PAIRS))
    assert_all_is_back(kept, restored)


@pytest.mark.parametrize("start", [dt.date(2024, 1, 25), dt.date(2024, 3, 1)])
def test_a_night_brings_what_was_here_whatever_its_dates(
    kept: KeptHome, restored: Settings, start: dt.date
) -> None:
    again = night(restored, start)
    assert (again.outcome, again.fetched) == (Outcome.DONE, len(PAIRS))
    assert_all_is_back(kept, restored)


def test_a_backfill_of_another_frame_brings_it_too(kept: KeptHome, restored: Settings) -> None:
    other = FrameId.parse("106A_09048_000909")
    again = watch_volcano(replace(REQUEST, frames=(other,)), restored)
    assert again.fetched == len(PAIRS)
    assert_all_is_back(kept, restored)


def test_until_all_is_back_nothing_is_judged_from_a_part(
    kept: KeptHome, restored: Settings
) -> None:
    withheld = [PAIRS[0], PAIRS[4]]
    for pair in withheld:
        kept.portal.faults[f"interferograms/{pair}"] = Fault(FaultKind.STATUS, code=500)
    first = night(restored, dt.date(2024, 1, 25))
    assert (first.outcome, first.fetched) == (Outcome.PARTIAL, 3)
    assert any("2 of 5 pairs that were here are not any more" in line for line in first.lines())
    dates, _ = tables_of(restored)
    before, _ = tables_of(kept.settings)
    assert before["state"].tolist() == ["quiet", "quiet", "unrest"]
    assert dates["state"].tolist() == ["unknown", "unknown", "unrest"]
    assert all("lost" in because for because in dates["because"])
    assert dates["since"].tolist()[-1] == before["since"].tolist()[-1]
    assert dates["first_state"].tolist() == before["first_state"].tolist()
    kept.portal.faults.clear()
    assert night(restored, dt.date(2024, 3, 1)).outcome is Outcome.DONE
    assert_all_is_back(kept, restored)


def test_with_nothing_back_at_all_the_rows_say_so(kept: KeptHome) -> None:
    shutil.rmtree(kept.cube)
    kept.portal.faults["interferograms/"] = Fault(FaultKind.STATUS, code=500)
    report = kept.backfill()
    assert report.outcome is Outcome.LATER
    dates, pairs = tables_of(kept.settings)
    assert dates["state"].tolist() == ["unknown", "unknown", "unrest"]
    assert pairs.empty


def test_what_no_source_has_any_more_is_in_doubt_alone(kept: KeptHome, restored: Settings) -> None:
    shutil.rmtree(kept.remote(PAIRS[0], Product.CC).parent)
    report = night(restored, dt.date(2024, 1, 1))
    assert report.outcome is Outcome.DONE
    assert any("restore the cube from a backup" in note for note in report.notes)
    dates, _ = tables_of(restored)
    assert dates["state"].tolist() == ["unknown", "quiet", "unrest"]


def test_a_pair_that_is_called_bad_is_wanted_no_more(kept: KeptHome, restored: Settings) -> None:
    kept.portal.faults[f"interferograms/{PAIRS[0]}"] = Fault(FaultKind.STATUS, code=500)
    place = PlaceSettings(bad_pairs={str(PAIRS[0]): "its file is no good any more"})
    report = night(restored.model_copy(update={"volcano": {"fernandina": place}}), LATE)
    assert report.outcome is Outcome.DONE


def test_a_volcano_with_lost_pairs_is_unknown_to_messages() -> None:
    lost = [LostPair(FRAME, PAIRS[0], is_gone=False)]
    quiet = DateVerdict(LATE, 0.1, DateState.QUIET, None, 0, 2, (), ("128D",))
    (verdict,) = with_lost([quiet], lost, {})
    assert verdict.state is DateState.UNKNOWN
    standing, because = standing_now([verdict], LATE, 48, in_doubt_from=in_doubt_from(lost))
    assert standing.state == "unknown"
    assert "lost" in because


def test_chunks_that_are_gone_are_lost_pairs_and_no_silence(kept: KeptHome) -> None:
    """A model that looks anew at a cube whose chunks are gone sees nothing: that is no data."""
    slot = cube_pairs(kept.home.cube("fernandina", FRAME)).index(PAIRS[4])
    for array in ("phase", "coherence"):
        kept.chunk(array, slot).unlink()
    kept.portal.faults[f"interferograms/{PAIRS[4]}"] = Fault(FaultKind.STATUS, code=500)
    anew = kept.settings.model_copy(update={"water_coherence": 0.11})
    report = watch_volcano(REQUEST, anew)
    assert report.outcome is Outcome.PARTIAL
    assert any("pairs that were here are not any more" in line for line in report.lines())
    dates, _ = tables_of(kept.settings)
    assert dates["state"].tolist()[-1] == "unrest"
    kept.portal.faults.clear()
    again = watch_volcano(REQUEST, anew)
    assert (again.outcome, again.fetched) == (Outcome.DONE, 1)


@pytest.mark.parametrize("array", ["phase", "coherence"])
def test_a_night_finds_chunks_that_are_gone_by_itself(kept: KeptHome, array: str) -> None:
    before = tables_of(kept.settings)
    (kept.cube / array / "c/2/0/0").unlink()
    assert cube_pairs(home_of(kept.settings).cube("fernandina", FRAME)) == (*PAIRS[:2], *PAIRS[3:])
    again = night(kept.settings, LATE)
    assert (again.outcome, again.fetched) == (Outcome.DONE, 1)
    assert cube_pairs(home_of(kept.settings).cube("fernandina", FRAME)) == PAIRS
    assert not verify_volcano(FERNANDINA, (), kept.settings, repair=False).differences
    for new, old in zip(tables_of(kept.settings), before, strict=True):
        pd.testing.assert_frame_equal(new, old)


def test_status_and_health_of_a_restored_home_say_that_data_are_not_here(
    restored: Settings,
) -> None:
    settings = restored.model_copy(update={"watch": ("fernandina",), "stale_days": 3650})
    status = "\n".join(home_status(settings, FERNANDINA, LATE).lines())
    assert "CUBE GONE: 5 pairs were here; the next night brings them" in status
    health = health_of(settings, dt.datetime(2024, 3, 1, tzinfo=dt.UTC))
    assert health.findings[0].check is Check.LOST
    verify_volcano(FERNANDINA, (), settings, repair=True)
    status = "\n".join(home_status(settings, FERNANDINA, LATE).lines())
    assert status.startswith("fernandina: UNREST since 2024-02-11, probability 0.")
    assert "; data of 2024-02-11, 19 days old; 5 pairs that it rests on are lost" in status
    assert (
        "LOST: 5 pairs were here and are not any more; no date that rests on them is quiet; the "
        "next night brings them, or `fringewatch backfill fernandina --start 2024-01-06 "
        "--end 2024-02-11 --frame 128D_09016_110500`"
    ) in status
    assert "none ever came" not in status
    health = health_of(settings, dt.datetime(2024, 3, 1, tzinfo=dt.UTC))
    (found,) = (finding for finding in health.findings if finding.volcano == "fernandina")
    assert found.check is Check.LOST
    assert "5 pairs" in found.words
    assert health.volcanoes[0].state == "unknown"
