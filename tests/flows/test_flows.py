"""The flows as Python calls, under a real (test) Prefect server."""

import datetime as dt
from pathlib import Path

import pytest
import xarray as xr

from catalogs.corpora.versions import corpus_at
from catalogs.home.home import Home, home_of
from catalogs.settings import load_settings
from catalogs.tables import DATES, read_table
from flows.backfill import backfill
from flows.nightly import nightly
from flows.rebuild_corpus import rebuild_corpus
from fringewatch.errors import BadInputError, MissingProductError, SourceUnavailableError
from tasks.records import Outcome
from tests.portal.faults import Fault, FaultKind
from tests.portal.server import StandInPortal
from tests.scenes import FRAME

pytestmark = pytest.mark.usefixtures("prefect_server", "undrawn")
START, END = dt.date(2024, 1, 1), dt.date(2024, 2, 1)
NOWHERE = ["http://127.0.0.1:9/LiCSAR_products"]


def test_backfill_writes_the_table(flow_portal: StandInPortal, home: Path) -> None:
    report = backfill("fernandina", START, END, [str(FRAME)], [flow_portal.url], home)
    assert report.outcome is Outcome.DONE
    dates = read_table(DATES, Home(home).detections("fernandina"))
    assert dates["state"].tolist() == ["quiet", "unrest"]


def test_backfill_ends_in_a_state_called_partial(flow_portal: StandInPortal, home: Path) -> None:
    pair = "20240118_20240130"
    flow_portal.faults[pair] = Fault(FaultKind.STATUS, code=404)
    try:
        state = backfill(
            "fernandina", START, END, [str(FRAME)], [flow_portal.url], home, return_state=True
        )
        report = backfill("fernandina", START, END, [str(FRAME)], [flow_portal.url], home)
    finally:
        flow_portal.faults.clear()
    assert (state.name, state.is_completed()) == ("Partial", True)
    assert report.outcome is Outcome.PARTIAL
    assert [str(problem.pair) for problem in report.problems] == [pair]


def test_backfill_fails_when_nothing_can_be_had(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRINGEWATCH_RETRIES", "0")
    with pytest.raises(SourceUnavailableError, match="whole frame"):
        backfill("fernandina", START, END, [str(FRAME)], NOWHERE, home)
    for state in (
        backfill("fernandina", START, END, [str(FRAME)], NOWHERE, home, return_state=True),
        nightly(["fernandina"], NOWHERE, home, today=END, return_state=True),
    ):
        assert (state.name, state.is_failed()) == ("TryLater", True)
        assert "127.0.0.1" in str(state.message)


def test_a_frame_that_is_nowhere_is_nothing_to_be_had(
    flow_portal: StandInPortal, home: Path
) -> None:
    with pytest.raises(MissingProductError, match="no such frame"):
        backfill("taal", START, END, None, [flow_portal.url], home)


def test_nightly_brings_only_what_is_new(flow_portal: StandInPortal, home: Path) -> None:
    first = nightly(["fernandina"], [flow_portal.url], home, today=dt.date(2024, 1, 20))
    assert [report.fetched for report in first] == [1]
    second = nightly(["fernandina"], [flow_portal.url], home, today=dt.date(2024, 2, 1))
    assert [(report.outcome, report.fetched) for report in second] == [(Outcome.DONE, 2)]
    asked = len(flow_portal.requests)
    third = nightly(["fernandina"], [flow_portal.url], home, today=dt.date(2024, 2, 2))
    assert [(report.outcome, report.fetched) for report in third] == [(Outcome.DONE, 0)]
    listings = {request.path for request in flow_portal.requests[asked:]}
    assert all(path.endswith("/interferograms/") for path in listings)


def test_nightly_goes_on_when_one_volcano_fails(flow_portal: StandInPortal, home: Path) -> None:
    reports = nightly(["taal", "fernandina"], [flow_portal.url], home, today=END)
    assert [report.volcano for report in reports] == ["taal", "fernandina"]
    assert [report.outcome for report in reports] == [Outcome.NOTHING, Outcome.DONE]


def test_nightly_without_a_watch_list_says_where_to_write_one(home: Path) -> None:
    with pytest.raises(BadInputError, match=r"watch list is empty.*fringewatch\.toml"):
        nightly(home=home)


def test_nightly_refuses_a_list_of_unknown_names_before_it_starts(home: Path) -> None:
    with pytest.raises(BadInputError, match="olympus"):
        nightly(["olympus", "atlantis"], NOWHERE, home)
    assert not home.exists()


def test_a_corpus_is_rebuilt_the_same_way(flow_portal: StandInPortal, home: Path) -> None:
    backfill("fernandina", START, END, [str(FRAME)], [flow_portal.url], home)
    report = rebuild_corpus("first", ["cubes:fernandina"], home=home, workers=1)
    assert (report.patches, report.missing) == (27, ())
    corpus = corpus_at(home_of(load_settings(home=home)).corpora, "first")
    assert corpus.current() == report.version
    patches = xr.open_zarr(str(report.place))
    assert patches["phase"].shape == (27, 224, 224)
    assert float(patches["phase"].max()) <= 3.1416
    again = rebuild_corpus("first", ["cubes"], home=home, workers=2)
    assert again.patches == report.patches
    fewer = rebuild_corpus("first", config=strict_rules(home), home=home, workers=1)
    assert fewer.version != report.version
    assert corpus.finished() == (report.version, again.version, fewer.version)


def strict_rules(home: Path) -> Path:
    recipe = home / "strict.toml"
    recipe.write_text(
        '[[sources]]\nkind = "cubes"\n[rules]\nminimum_phasor_coherence = 0.41\n', "utf-8"
    )
    return recipe


def test_a_corpus_of_nothing_is_refused(home: Path) -> None:
    with pytest.raises(BadInputError, match="no cube of any volcano"):
        rebuild_corpus("first", ["cubes"], home=home)
    with pytest.raises(BadInputError, match="cannot name a corpus"):
        rebuild_corpus("../first", ["cubes"], home=home)
