import datetime as dt
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.rows import FileRow, FileState, PairScore
from catalogs.records import DatePair, ModelId, Product
from catalogs.settings import Settings
from catalogs.tables import DATES, read_table
from fringewatch.errors import BadInputError, HomeError
from tasks.judge.models import model_of
from tasks.publish import publish_volcano
from tasks.records import Published, Revisions
from tests.scenes import FRAME
from tests.storage import folder_of
from tests.tasks.kept_home import FERNANDINA, PAIRS, KeptHome
from tests.tasks.test_watch import digests

FIRST, SECOND, LAST = dt.date(2024, 1, 18), dt.date(2024, 1, 30), dt.date(2024, 2, 11)


def publish(kept: KeptHome, settings: Settings | None = None) -> Published:
    published = publish_volcano(FERNANDINA, (FRAME,), settings or kept.settings)
    assert published is not None
    return published


def folder(kept: KeptHome) -> Path:
    return folder_of(kept.home.detections("fernandina"))


def dates(kept: KeptHome) -> pd.DataFrame:
    table = read_table(DATES, kept.home.detections("fernandina"))
    return table.set_index("date")


def score_again(kept: KeptHome, pairs: tuple[DatePair, ...], logit: float) -> None:
    """Let the model have said something else of these pairs, and of no other."""
    model = model_of(kept.settings)
    score = PairScore(
        0.5, 0.7, logit, 0.9 if logit > 0 else 0.1, logit >= model.threshold, -0.37, -91.55, 9
    )
    with open_ledger(kept.home.ledger) as ledger:
        identity = ModelId(model.name, model.sha256)
        ledger.record_scores("fernandina", FRAME, identity, [(pair, score) for pair in pairs])


def test_a_first_verdict_is_revised_by_nothing(kept: KeptHome) -> None:
    table = dates(kept)
    assert table["state"].tolist() == table["first_state"].tolist() == ["quiet", "quiet", "unrest"]
    assert not table["revised"].any()
    assert set(table["first_model"]) == set(table["model"]) == {Settings().model}
    assert set(table["first_method"]) == set(table["method"]) == {"deconvolution"}


def test_a_second_run_with_nothing_new_changes_no_byte(kept: KeptHome) -> None:
    before = digests(folder(kept))
    assert "episode-2024-02-11.png" in before
    published = publish(kept)
    assert published.changed == ()
    assert published.revisions == Revisions(dates=3, revised=0)
    assert digests(folder(kept)) == before


def test_what_was_first_said_stays_and_the_change_is_said(kept: KeptHome) -> None:
    said_at = dates(kept)["first_judged_at"][SECOND]
    score_again(kept, PAIRS[1:3], 5.0)  # both end on the second date
    published = publish(kept)
    table = dates(kept)
    assert table["state"].tolist() == ["quiet", "unrest", "unrest"]
    assert table["first_state"].tolist() == ["quiet", "quiet", "unrest"]
    assert table["since"].tolist() == [None, SECOND, SECOND]
    assert table["first_since"].tolist() == [None, None, LAST]
    assert table["revised"].tolist() == [False, True, True]
    assert table["first_judged_at"][SECOND] == said_at
    assert published.revisions == Revisions(dates=3, revised=2, now=(SECOND, LAST))
    assert "revised:  2 of 3 dates say other than they first did" in published.lines()
    assert "revised by this run: 2 dates (2024-01-30, 2024-02-11)" in published.lines()
    strips = sorted(path.name for path in folder(kept).glob("episode-*"))
    assert strips == ["episode-2024-01-30.png"]

    before = digests(folder(kept))
    again = publish(kept)
    assert again.revisions == Revisions(dates=3, revised=2)
    assert digests(folder(kept)) == before


def test_what_is_revised_back_is_revised_no_more_and_the_ledger_knows_all(kept: KeptHome) -> None:
    score_again(kept, PAIRS[1:3], 5.0)
    publish(kept)
    score_again(kept, PAIRS[1:3], -5.0)
    assert publish(kept).revisions == Revisions(dates=3, revised=0, now=(SECOND, LAST))
    with open_ledger(kept.home.ledger) as ledger:
        states = [given.verdict.state for given in ledger.verdicts("fernandina")[SECOND]]
    assert states == ["quiet", "unrest", "quiet"]


def test_a_date_whose_pairs_are_taken_back_keeps_its_row(kept: KeptHome) -> None:
    with open_ledger(kept.home.ledger) as ledger:
        ledger.forget_tiles(FRAME, PAIRS[3:])
    published = publish(kept)
    table = dates(kept)
    assert table["state"].tolist() == ["quiet", "quiet", "unrest"]  # as it was said with them
    assert "2 pairs that it rests on are lost: it cannot be judged anew" in table["because"][LAST]
    assert table["first_state"][LAST] == "unrest"
    assert table["revised"].tolist() == [False, False, False]
    assert published.first_unrest == LAST
    assert published.now.startswith("unknown on ")


def test_another_model_judges_anew_and_the_first_verdict_keeps_the_old_name(
    kept: KeptHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = model_of(kept.settings)
    following = replace(model, name="next", sha256="bb")  # type: ignore[type-var]  # a dataclass
    monkeypatch.setattr("tasks.publish.judging_model", lambda *_: following)
    score = PairScore(0.5, 0.7, -5.0, 0.1, False, -0.37, -91.55, 9)
    with open_ledger(kept.home.ledger) as ledger:
        scores = [(pair, score) for pair in PAIRS]
        ledger.record_scores("fernandina", FRAME, ModelId("next", "bb"), scores)
    published = publish(kept)
    table = dates(kept)
    assert table["state"].tolist() == ["quiet"] * 3
    assert set(table["model"]) == {"next"}
    assert set(table["first_model"]) == {Settings().model}
    assert table["revised"].tolist() == [False, False, True]
    assert f"first judged by another model ({Settings().model}): 3 dates" in published.lines()
    assert not list(folder(kept).glob("episode-*"))


def test_another_method_or_option_judges_anew(kept: KeptHome) -> None:
    slower = kept.settings.model_copy(update={"method_options": {"dates": 2}})
    assert publish(kept, slower).revisions.now == (LAST,)
    assert dates(kept)["state"].tolist() == ["quiet", "quiet", "watch"]


def test_an_option_that_is_none_is_said_before_anything_is_written(kept: KeptHome) -> None:
    before = digests(folder(kept))
    wrong = kept.settings.model_copy(update={"method_options": {"datse": 2}})
    with pytest.raises(BadInputError, match="no option 'datse'"):
        publish(kept, wrong)
    assert digests(folder(kept)) == before


def test_a_table_of_an_older_version_is_written_anew(kept: KeptHome) -> None:
    before = digests(folder(kept))
    path = folder(kept) / "dates.parquet"
    old = pq.read_table(path).select(["volcano", "date", "state"])
    pq.write_table(old.replace_schema_metadata({"fringewatch_format": "1"}), path)
    publish(kept)
    assert digests(folder(kept)) == before


def test_a_run_that_ends_before_its_tables_leaves_the_first_verdict(
    kept: KeptHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    score_again(kept, PAIRS[1:3], 5.0)

    def full(*_: object) -> None:
        message = "the disk is full"
        raise HomeError(message)

    with monkeypatch.context() as patch:
        patch.setattr("tasks.publish.write_table", full)
        with pytest.raises(HomeError):
            publish(kept)
    score_again(kept, PAIRS[1:3], -5.0)
    publish(kept)
    assert dates(kept)["first_state"].tolist() == ["quiet", "quiet", "unrest"]


def test_pictures_follow_the_tables_also_after_a_run_that_died_between_them(
    kept: KeptHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    class DiedError(Exception):
        pass

    def die(*_: object, **__: object) -> None:
        raise DiedError

    before = digests(folder(kept))
    score_again(kept, PAIRS, -5.0)
    with monkeypatch.context() as patch:
        patch.setattr("tasks.publish.draw_timeline", die)
        with pytest.raises(DiedError):
            publish(kept)
    assert digests(folder(kept))["timeline.png"] == before["timeline.png"]
    publish(kept)
    after = digests(folder(kept))
    assert after["timeline.png"] != before["timeline.png"]
    assert after["interferograms.png"] != before["interferograms.png"]
    assert publish(kept).changed == ()


def test_only_what_could_not_be_had_for_this_volcano_is_no_data(kept: KeptHome) -> None:
    missing, others = DatePair.parse("20240211_20240223"), DatePair.parse("20240211_20240306")
    with open_ledger(kept.home.ledger) as ledger:
        for product in Product.DIFF_PHA.needed:
            ledger.record_file(FRAME, FileRow(others, product, FileState.FETCHED, sha256="ff"))
            ledger.record_file(FRAME, FileRow(missing, product, FileState.MISSING, reason="404"))
    publish(kept)
    table = dates(kept)
    assert table.index[-1] == missing.secondary
    assert table["state"].iloc[-1] == "no data"
    assert table["since"].iloc[-1] == LAST


def test_dates_named_in_the_report_are_few() -> None:
    days = tuple(dt.date(2021, 1, day) for day in range(1, 10))
    lines = Revisions(dates=20, revised=9, now=days).lines()
    assert lines[1].endswith("2021-01-06 and 3 more)")
    assert len(Revisions(dates=20, revised=0).lines()) == 1
