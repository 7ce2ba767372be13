"""The verify flow as a Python call, under a real (test) Prefect server."""

import datetime as dt
import shlex
import shutil
from pathlib import Path

import pytest

from catalogs.home.home import Home, only_writer
from catalogs.ledger.ledger import open_ledger
from flows.backfill import backfill
from flows.cli import run
from flows.screen import stop_logging
from flows.verify import verify
from fringewatch.errors import BadInputError, HomeError, LedgerError, NoHomeError, TryLaterError
from tasks.records import Outcome
from tests.portal.server import StandInPortal
from tests.scenes import FRAME
from tests.storage import folder_of

pytestmark = pytest.mark.usefixtures("prefect_server", "undrawn")
START, END = dt.date(2024, 1, 1), dt.date(2024, 2, 1)


@pytest.fixture(scope="module")
def made(
    flow_portal: StandInPortal, prefect_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    home = tmp_path_factory.mktemp("made") / "home"
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FRINGEWATCH_REQUESTS_PER_SECOND", "1000")
        backfill("fernandina", START, END, [str(FRAME)], [flow_portal.url], home)
    return home


@pytest.fixture
def filled(made: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FRINGEWATCH_REQUESTS_PER_SECOND", "1000")
    shutil.copytree(made, home)
    return home


def chunk(home: Path) -> Path:
    return folder_of(Home(home).cube("fernandina", FRAME)) / "phase" / "c" / "0" / "0" / "0"


def test_all_volcanoes_of_a_sound_home(flow_portal: StandInPortal, filled: Path) -> None:
    state = verify(portal=[flow_portal.url], home=filled, return_state=True)
    assert (state.name, state.is_completed()) == ("Completed", True)
    (report,) = verify("Fernandina", portal=[flow_portal.url], home=filled)
    assert (report.volcano, report.outcome) == ("fernandina", Outcome.DONE)


def test_differences_end_in_a_state_called_partial_and_are_mended(
    flow_portal: StandInPortal, filled: Path
) -> None:
    chunk(filled).unlink()
    state = verify(portal=[flow_portal.url], home=filled, return_state=True)
    assert (state.name, state.message) == ("Partial", "0 of 1 as they should be")
    (report,) = verify(repair=True, newest_pairs=0, portal=[flow_portal.url], home=filled)
    assert report.outcome is Outcome.PARTIAL
    assert report.frames[0].files_asked == 0
    backfill("fernandina", START, END, [str(FRAME)], [flow_portal.url], filled)
    (report,) = verify(newest_pairs=None, portal=[flow_portal.url], home=filled)
    assert (report.outcome, report.frames[0].files_asked) == (Outcome.DONE, 6)


def test_a_volcano_that_cannot_be_verified_does_not_stop_the_others(
    flow_portal: StandInPortal, filled: Path
) -> None:
    with open_ledger(Home(filled).ledger) as ledger:
        ledger.record_tiles("atlantis", FRAME, ledger.tiles("fernandina", FRAME))
    reports = verify(portal=[flow_portal.url], home=filled)
    assert [(report.volcano, report.outcome) for report in reports] == [
        ("atlantis", Outcome.REFUSED), ("fernandina", Outcome.DONE),
    ]  # fmt: skip
    assert "no volcano 'atlantis'" in reports[0].lines()[-1]


def test_a_repair_beside_a_run_is_refused(flow_portal: StandInPortal, filled: Path) -> None:
    with only_writer(Home(filled)):
        state = verify(repair=True, portal=[flow_portal.url], home=filled, return_state=True)
        with pytest.raises(TryLaterError, match="another Fringewatch run"):
            verify(repair=True, portal=[flow_portal.url], home=filled)
    assert (state.name, state.is_failed()) == ("TryLater", True)
    assert "another Fringewatch run" in str(state.message)


def test_the_command_without_portal_and_the_one_that_it_recommends(
    flow_portal: StandInPortal,
    filled: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FRINGEWATCH_HOME", str(filled))
    monkeypatch.setenv("FRINGEWATCH_PORTAL", flow_portal.url)
    monkeypatch.chdir(filled.parent)
    try:
        assert run(["verify"]) == 0
        chunk(filled).unlink()
        capsys.readouterr()
        assert run(["verify", "fernandina"]) == 3
        said = [line.strip() for line in capsys.readouterr().out.splitlines()]
        commands = [line[line.index("fringewatch ") :] for line in said if "fringewatch " in line]
        assert "fringewatch verify fernandina --repair" in commands
        # The first settles what it found, and the others bring it anew.
        assert run(shlex.split(commands[0])[1:]) == 3
        codes = [run(shlex.split(command)[1:]) for command in commands[1:]]
        assert codes == [0] * len(codes)
        assert run(["verify"]) == 0
    finally:
        stop_logging()


def test_wrong_words_are_refused_and_nothing_is_made(home: Path) -> None:
    with pytest.raises(HomeError, match="no Fringewatch home"):
        verify("fernandina", home=home)
    assert not home.exists()
    with pytest.raises(BadInputError, match="newest_pairs is -1"):
        verify(newest_pairs=-1, home=home)


def test_a_home_without_cubes_is_said(filled: Path) -> None:
    with pytest.raises(BadInputError, match="olympus"):
        verify("olympus", home=filled)
    Home(filled).ledger.unlink()
    with pytest.raises(LedgerError, match="is damaged"):
        verify(home=filled)
    for folder in ("cubes", "detections"):
        shutil.rmtree(filled / folder)
    with pytest.raises(NoHomeError, match="nothing ran in it yet"):
        verify(home=filled)
