import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from catalogs.ledger.rows import GivenVerdict, PairScore, ScoredPair, Verdict
from catalogs.records import DatePair, FrameId, ModelId
from catalogs.settings import Settings
from catalogs.storage.place import Folder
from catalogs.tables import DATES, write_table
from catalogs.world.volcanoes import find_volcano
from fringewatch.errors import BadInputError
from insar_models.onset.date_state import DateState
from insar_models.onset.evidence import DateVerdict
from insar_models.onset.rule import Rule
from tasks.judge.detect import SaidOfDates, dates_table, judge_dates, method_of, to_remember
from tests.insar_models.linear_models import divergence_detector

TAAL = find_volcano("taal")
FRAMES = [FrameId.parse(name) for name in ("142A_07606_131313", "061D_07585_131313")]
THRESHOLD = 0.5
MODEL = ModelId("baseline-0", "aa")
DETECTOR = replace(divergence_detector(), threshold=THRESHOLD)
GIVEN_AT = dt.datetime(2020, 3, 1, tzinfo=dt.UTC)


def day(number: int) -> dt.date:
    return dt.date(2020, 1, 1) + dt.timedelta(days=6 * number)


def scored(dates: Sequence[Sequence[bool | None]]) -> tuple[ScoredPair, ...]:
    """One pair for each verdict, of two frames in turn; None is one that could not be scored."""
    rows = []
    for number, verdicts in enumerate(dates):
        for place, verdict in enumerate(verdicts):
            logit = np.nan if verdict is None else THRESHOLD + (2.0 if verdict else -2.0)
            probability = np.nan if verdict is None else (0.9 if verdict else 0.1)
            score = PairScore(
                0.5, 0.7, logit + place / 10, probability,
                verdict is True, 14.0 + place, 121.0, 0 if verdict is None else 9,
            )  # fmt: skip
            pair = DatePair(day(number - 1 - place // 2), day(number))
            rows.append(ScoredPair(FRAMES[place % 2], pair, score, "http://x", "ff", GIVEN_AT))
    return tuple(rows)


def table_of(
    rows: tuple[ScoredPair, ...],
    tried: Sequence[dt.date] = (),
    said: dict[dt.date, Verdict] | None = None,
) -> pd.DataFrame:
    verdicts = judge_dates(rows, DETECTOR, Rule(), tried)
    first = to_remember(verdicts, "rule", MODEL) | (said or {})
    given = {date: [GivenVerdict(verdict, GIVEN_AT)] for date, verdict in first.items()}
    return dates_table(TAAL, verdicts, rows, SaidOfDates(given), "rule", "baseline-0")


def test_a_date_has_the_state_that_the_method_gives_it() -> None:
    table = table_of(scored([[False, False], [True, True], [True], [None], [False, None]]))
    assert table["state"].tolist() == ["quiet", "unrest", "unrest", "no data", "quiet"]
    since = [None, day(1), day(1), day(1), None]
    assert [None if pd.isna(value) else value for value in table["since"]] == since
    assert table["pairs"].tolist() == [2, 2, 1, 0, 1]
    assert table["pairs_positive"].tolist() == [0, 2, 1, 0, 0]


def test_a_score_at_the_threshold_is_positive() -> None:
    (row,) = scored([[True]])
    at = replace(row, score=replace(row.score, score=THRESHOLD))
    (verdict,) = judge_dates([at], DETECTOR, Rule(), [])
    assert verdict.pairs_for == 1
    below = replace(row, score=replace(row.score, score=np.nextafter(THRESHOLD, 0)))
    (verdict,) = judge_dates([below], DETECTOR, Rule(), [])
    assert verdict.pairs_against == 1


def test_a_date_that_was_tried_in_vain_is_no_data_and_not_quiet() -> None:
    table = table_of(scored([[False]]), [day(0), day(1)])
    assert table["state"].tolist() == ["quiet", "no data"]
    assert table["frames"].tolist() == [str(FRAMES[0]), ""]
    assert table["probability"].isna().tolist() == [False, True]


def test_the_tracks_for_and_against_are_named() -> None:
    table = table_of(scored([[True, False, True, False], [True, True]]))
    assert table["frames"][0] == f"{FRAMES[1]} {FRAMES[0]}"
    assert table["tracks_for"][0] == FRAMES[0].text[:4]
    assert table["tracks_against"][0] == FRAMES[1].text[:4]
    assert table["tracks_against"][1] == ""


def test_the_place_is_that_of_the_strongest_positive_pair() -> None:
    table = table_of(scored([[True, True, False], [False]]))
    assert table["peak_latitude"][0] == 15.0
    assert np.isnan(table["peak_latitude"][1])


def test_what_was_first_said_stays_and_what_differs_is_revised() -> None:
    quiet = Verdict("quiet", None, 0.1, "rule", "an older model", "bb")
    late = Verdict("unrest", day(2), 0.9, "rule", "an older model", "bb")
    rows = scored([[False], [True, True], [True, True]])
    table = table_of(rows, said={day(0): quiet, day(1): quiet, day(2): late})
    assert table["state"].tolist() == ["quiet", "unrest", "unrest"]
    assert table["first_state"].tolist() == ["quiet", "quiet", "unrest"]
    assert table["first_since"].tolist() == [None, None, day(2)]
    assert table["revised"].tolist() == [False, True, True]
    assert set(table["first_model"]) == {"an older model"}
    assert set(table["model"]) == {"baseline-0"}
    assert set(table["first_judged_at"]) == {GIVEN_AT}


def test_what_is_remembered_is_what_was_said() -> None:
    verdict = DateVerdict(day(1), 0.9, DateState.UNREST, day(1), 2, 0, ("a",), ())
    assert to_remember([verdict], "rule", MODEL) == {
        day(1): Verdict("unrest", day(1), 0.9, "rule", *MODEL)
    }


def test_the_settings_choose_the_method() -> None:
    settings = Settings(method="rule", method_options={"dates": 2})
    assert method_of(settings) == Rule(dates=2)
    assert method_of(Settings(method="cumulative-sum")).name == "cumulative-sum"


def test_an_option_that_the_method_lacks_is_said() -> None:
    with pytest.raises(BadInputError, match="method 'deconvolution' has no option 'datse'"):
        method_of(Settings(method_options={"datse": 2}))


def test_the_rows_fit_the_schema(tmp_path: Path) -> None:
    assert write_table(DATES, table_of(scored([[True, True], [None]]), [day(3)]), Folder(tmp_path))
    empty = table_of(())
    assert empty.empty
    assert list(empty.columns) == [column.name for column in DATES.columns]
