"""A cube is made anew and no pair is lost, though the source has one no more."""

import shutil
from collections.abc import Iterator

import pytest

from catalogs.cubes.cube import cube_pairs, read_cube
from catalogs.home.home import home_of, only_writer
from catalogs.ledger.ledger import open_ledger
from catalogs.records import FrameId, Product
from flows import cli
from flows.screen import stop_logging
from fringewatch.errors import BadInputError
from tasks.rebuild import rebuild_frame
from tasks.records import Outcome
from tests.scenes import FRAME
from tests.tasks.kept_home import FERNANDINA, PAIRS, KeptHome

pytestmark = pytest.mark.usefixtures("undrawn")


@pytest.fixture(autouse=True)
def _log_as_it_was() -> Iterator[None]:
    yield
    stop_logging()


def test_what_the_source_has_no_more_is_carried_over(kept: KeptHome) -> None:
    with open_ledger(kept.home.ledger) as ledger:
        before = {row.pair: row.content_sha256 for row in ledger.tiles("fernandina", FRAME)}
    shutil.rmtree(kept.remote(PAIRS[1], Product.CC).parent)
    rebuilt = rebuild_frame(FERNANDINA, FRAME, kept.settings)
    assert (rebuilt.brought, rebuilt.carried_over, rebuilt.left_behind) == (4, (PAIRS[1],), ())
    assert (rebuilt.report.outcome, rebuilt.report.in_table) == (Outcome.DONE, 5)
    with open_ledger(kept.home.ledger) as ledger:
        after = {row.pair: row.content_sha256 for row in ledger.tiles("fernandina", FRAME)}
    assert after == before
    place = kept.home.cube("fernandina", FRAME)
    assert {*cube_pairs(place)} == {*PAIRS}
    assert read_cube(rebuilt.old).sizes["pair"] == 5
    assert not list(kept.settings.home.glob("rebuild-*"))


def test_a_frame_without_pairs_is_not_rebuilt(kept: KeptHome) -> None:
    with pytest.raises(BadInputError, match="nothing to rebuild"):
        rebuild_frame(FERNANDINA, FrameId.parse("106A_09048_000909"), kept.settings)


def test_rebuild_of_a_busy_home_and_of_one_without_cubes(
    kept: KeptHome, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FRINGEWATCH_REQUESTS_PER_SECOND", "1000")
    monkeypatch.setenv("FRINGEWATCH_RETRIES", "0")
    home = ["--home", str(kept.settings.home), "--portal", kept.settings.portal[0]]
    with only_writer(home_of(kept.settings)):
        assert cli.run(["rebuild", "fernandina", *home]) == 5
    assert "is busy" in capsys.readouterr().out
    assert cli.run(["rebuild", "etna", *home]) == 2
    assert "no cube of etna: there is nothing to rebuild" in capsys.readouterr().err
    frames = ["--frame", "106A_09048_000909", "--frame", "128D_09016_110500"]
    assert cli.run(["rebuild", "fernandina", *frames, *home]) == 3  # one has no pairs
    said = capsys.readouterr().out
    assert "has no cube of 106A_09048_000909" in said
    assert "rebuilt: 5 pairs brought again" in said
