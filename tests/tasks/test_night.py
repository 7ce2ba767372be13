"""Whole nights: what goes wrong with one volcano does not end the others' night."""

import datetime as dt
import errno
import logging
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from catalogs.home.home import Home, home_of, only_writer, open_home
from catalogs.settings import Settings
from flows.screen import show_reports
from flows.steps import conclude_all
from fringewatch.errors import TryLaterError, UnforeseenError
from tasks.night import _last_try, watch_night
from tasks.records import BatchReport, FrameRequest, Outcome, RunReport
from tasks.watch import Steps
from tests.night_tree import PAIRS, Watched, write_night
from tests.portal.faults import Fault, FaultKind
from tests.portal.server import StandInPortal
from tests.storage import folder_of

DONE, FAILED, REFUSED, PARTIAL, LATER = (
    Outcome.DONE, Outcome.FAILED, Outcome.REFUSED, Outcome.PARTIAL, Outcome.LATER
)  # fmt: skip

pytestmark = pytest.mark.usefixtures("hurried", "undrawn")
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}[^,\n]*")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("night")


@pytest.fixture(scope="module")
def watched(tree: Path) -> tuple[Watched, ...]:
    return write_night(tree)


@pytest.fixture
def portal(tree: Path, watched: tuple[Watched, ...]) -> Iterator[StandInPortal]:
    assert len(watched) == 12
    with StandInPortal(tree) as portal:
        yield portal


def night(watched: Sequence[Watched], settings: Settings, steps: Steps | None = None,
          ) -> list[RunReport]:  # fmt: skip
    return watch_night([each.request for each in watched], settings, steps)


def tables(settings: Settings, volcano: str) -> dict[str, str]:
    """The text of a volcano's tables and settings, times left out."""
    folder = folder_of(home_of(settings).detections(volcano))
    names = ("dates.csv", "interferograms.csv", "settings.json")
    return {
        name: _TIME.sub("TIME", (folder / name).read_text())
        for name in names
        if (folder / name).is_file()
    }


def test_twelve_volcanoes_of_which_every_third_meets_a_fault(
    tree: Path, watched: tuple[Watched, ...], portal: StandInPortal, settings: Settings,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    undisturbed = night(watched, settings)
    assert [report.outcome for report in undisturbed] == [DONE] * 12

    elsewhere, cut, emptied, silent = watched[2::3]
    elsewhere.write(tree, PAIRS[0], east_degrees=10.0)
    portal.faults[f"{cut.frame}/{PAIRS[1]}/{PAIRS[1]}.geo.cc.tif"] = Fault(
        FaultKind.CUT, after_bytes=900
    )
    portal.faults[f"{emptied.frame}/interferograms/{PAIRS[0]}"] = Fault(FaultKind.EMPTY, times=1)
    portal.faults[f"{silent.frame}/interferograms/"] = Fault(FaultKind.STATUS, code=500)
    # The archive and the storage name their files' folders differently.
    portal.faults[f"{cut.frame}/interferograms/{PAIRS[1]}/{PAIRS[1]}.geo.cc.tif"] = Fault(
        FaultKind.CUT, after_bytes=900
    )
    disturbed = settings.model_copy(update={"home": settings.home.with_name("other")})
    reports = night(watched, disturbed)
    elsewhere.write(tree, PAIRS[0])  # as it was, for the other tests

    ended = {report.volcano: report.outcome for report in reports}
    bad = {elsewhere: PARTIAL, cut: PARTIAL, silent: LATER}
    assert ended == {each.volcano.slug: bad.get(each, DONE) for each in watched}
    good = [each.volcano.slug for each in watched if each not in bad]
    assert len(good) == 9
    for slug in good:
        assert len(tables(disturbed, slug)) == 3
        assert tables(disturbed, slug) == tables(settings, slug)
    problems = [problem for report in reports for problem in report.problems]
    assert [(problem.frame, problem.pair) for problem in problems] == [
        (elsewhere.frame, PAIRS[0]), (cut.frame, PAIRS[1]), (silent.frame, None),
    ]  # fmt: skip
    assert "does not reach the volcano's window" in problems[0].reason
    assert problems[1].reason.startswith("cc: ")
    assert "500" in problems[2].reason
    assert show_reports(reports) == 3
    assert capsys.readouterr().out.count("1 not to be had:") == 3


def test_a_portal_that_is_down_is_asked_again_until_morning(
    watched: tuple[Watched, ...], portal: StandInPortal, settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    up, down = watched[:2]
    portal.faults[f"{down.frame}/interferograms/"] = Fault(FaultKind.STATUS, times=2)
    now = dt.datetime.now(dt.UTC)
    until = (now + dt.timedelta(hours=1)).time()
    patient = settings.model_copy(update={"retry_until": until, "retry_pause_minutes": 0.005})
    with caplog.at_level(logging.WARNING, logger="tasks.night"):
        reports = night([up, down], patient)
    assert [report.outcome for report in reports] == [DONE, DONE]
    assert portal.count(f"{up.frame}/interferograms/") == 1  # what was had is not asked for again
    assert portal.count(f"{down.frame}/interferograms/") == 3
    waits = [line for line in caplog.messages if "got nothing: asked for again at" in line]
    assert len(waits) == 2
    assert all(line.startswith(f"{down.volcano.slug} got") for line in waits)


def test_a_morning_that_has_come_ends_the_waiting(
    watched: tuple[Watched, ...], portal: StandInPortal, settings: Settings
) -> None:
    portal.faults["/interferograms/"] = Fault(FaultKind.STATUS)
    until = (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=1.5)).time()
    brief = settings.model_copy(update={"retry_until": until, "retry_pause_minutes": 0.01})
    reports = night(watched[:1], brief)
    assert [report.outcome for report in reports] == [LATER]
    assert 1 <= portal.count("/interferograms/") <= 4
    with pytest.raises(TryLaterError, match="whole frame"):
        conclude_all(reports)


@pytest.mark.parametrize(
    ("now", "hour", "hours"),
    [("02:17", "06:00", 3.7167), ("22:00", "06:00", 8.0), ("06:00", "06:00", 0.0),
     ("10:00", "06:00", None), ("06:01", "06:00", None), ("02:17", None, None)],
)  # fmt: skip
def test_the_last_try_is_in_the_same_night(now: str, hour: str | None, hours: float | None) -> None:
    moment = dt.datetime.combine(dt.date(2024, 3, 1), dt.time.fromisoformat(now), dt.UTC)
    found = _last_try(moment, dt.time.fromisoformat(hour) if hour else None)
    if hours is None:
        assert found is None
    else:
        assert found is not None
        assert (found - moment).total_seconds() / 3600 == pytest.approx(hours, abs=1e-3)


def failing(slug: str, error: Exception) -> Steps:
    """The steps, of which scoring fails for one volcano."""
    score: Callable[[FrameRequest, Settings], BatchReport] = Steps().score

    def fail(request: FrameRequest, settings: Settings) -> BatchReport:
        if request.volcano.slug == slug:
            raise error
        return score(request, settings)

    return replace(Steps(), score=fail)


@pytest.mark.parametrize(
    ("error", "outcome", "whole"),
    [
        (ZeroDivisionError("a slip of ours"), FAILED, FAILED),
        (OSError(errno.ENOSPC, "No space left on device"), LATER, LATER),
        (MemoryError("Unable to allocate 9 GiB"), LATER, PARTIAL),
    ],
)
def test_any_failure_of_one_volcano_leaves_the_others_their_night(
    error: Exception, outcome: Outcome, whole: Outcome, watched: tuple[Watched, ...],
    settings: Settings, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    first, second = watched[:2]
    reports = night([first, second], settings, failing(first.volcano.slug, error))
    assert [report.outcome for report in reports] == [outcome, DONE]
    assert reports[0].notes  # the reason
    assert tables(settings, second.volcano.slug)
    if whole is FAILED:
        (record,) = [record for record in caplog.records if record.exc_info]
        assert "ZeroDivisionError: a slip of ours" in caplog.text
        assert record.name == "tasks.step_failures"
        with pytest.raises(UnforeseenError, match="please report it"):
            conclude_all(reports)
    elif whole is LATER:
        with pytest.raises(TryLaterError, match="the disk is full"):
            conclude_all(reports)
    else:
        assert show_reports(reports) == PARTIAL


def test_a_damaged_ledger_is_said_and_needs_a_person(
    watched: tuple[Watched, ...], settings: Settings
) -> None:
    ledger = open_home(Home(settings.home)).ledger
    ledger.write_bytes(b"not a database at all, but as long as one" * 200)
    (report,) = night(watched[:1], settings)
    assert report.outcome is REFUSED
    assert f"{ledger} is no ledger, or is damaged" in report.notes[0]
    assert "restore it from a backup" in report.notes[0]


def test_a_busy_home_is_waited_for_once_and_then_left_for_later(
    watched: tuple[Watched, ...], portal: StandInPortal, settings: Settings,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    waiting = settings.model_copy(update={"busy_wait_minutes": 0.005})
    with only_writer(open_home(home_of(settings))):
        reports = night(watched[:3], waiting)
    assert [(report.outcome, report.home_stopped) for report in reports] == [(LATER, True)] * 3
    assert all("is busy: another Fringewatch run" in report.notes[0] for report in reports)
    assert sum("waiting for it" in line for line in caplog.messages) == 1
    assert portal.requests == ()


def test_a_frame_that_no_root_has_is_one_line_of_one_night(
    watched: tuple[Watched, ...], portal: StandInPortal, settings: Settings
) -> None:
    two_roots = settings.model_copy(update={"portal": (portal.url, portal.archive_url)})
    first = watched[0]
    absent = next(each.frame for each in watched if each.frame != first.frame)
    portal.faults[f"{absent}/interferograms/"] = Fault(FaultKind.STATUS, code=404)
    portal.faults[f"{absent}/"] = Fault(FaultKind.STATUS, code=404)
    request = replace(first.request, frames=(first.frame, absent))
    notes = [
        [note for note in report.notes if str(absent) in note]
        for _ in range(2)
        for report in watch_night([request], two_roots)
    ]
    assert [len(said) for said in notes] == [1, 0]
    assert f"no such frame as {absent} at 2 roots" in notes[0][0]


def test_a_volcano_is_watched_once_however_often_it_is_named(
    watched: tuple[Watched, ...], portal: StandInPortal, settings: Settings
) -> None:
    assert len(night([watched[0], watched[0]], settings)) == 1
    assert portal.count(f"{watched[0].frame}/interferograms/") == 1
