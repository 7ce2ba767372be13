import datetime as dt

import numpy as np
import pandas as pd

from catalogs.tables import INTERFEROGRAMS
from tasks.judge.pair_kinds import kind_of, kind_words, kinds_of, newest_pair
from tests.tasks.site.made_facts import POSITIVE, date_of, pair, table_of

OUT = {"left_out": "atmosphere (NS)"}


def test_a_pair_is_positive_negative_not_scored_or_left_out() -> None:
    table = pd.DataFrame(
        {
            "probability": [0.9, 0.2, np.nan, 0.5, 0.9, np.nan],
            "positive": [True, False, True, None, True, None],
            "left_out": [None, None, None, None, "atmosphere (NS)", np.nan],
        }
    )
    kinds = ["positive", "negative", "not scored", "not scored", "left out", "not scored"]
    assert kinds_of(table).tolist() == kinds
    assert [kind_of(row) for row in table.to_dict("records")] == kinds  # type: ignore[arg-type]


def test_a_table_and_its_rows_say_the_same() -> None:
    rows = [pair(0, 1), pair(1, 2, **POSITIVE), pair(2, 3, **POSITIVE, **OUT)]
    assert kinds_of(table_of(INTERFEROGRAMS, rows)).tolist() == [kind_of(row) for row in rows]
    assert kinds_of(table_of(INTERFEROGRAMS, [])).tolist() == []
    assert [kind_words(row) for row in rows] == [
        "not positive", "positive", "left out: atmosphere (NS)",
    ]  # fmt: skip
    assert kind_words(pair(0, 1, probability=None)) == "not scored"


def test_the_newest_pair_is_evidence_if_any_is() -> None:
    def ends(*rows: dict[str, object]) -> dt.date:
        found = newest_pair(rows)
        assert found is not None
        return found["secondary_date"]  # type: ignore[no-any-return]

    unscored = pair(3, 4, probability=None, score=None, positive=None)
    left_out = pair(2, 3, **POSITIVE, **OUT)
    assert ends(pair(0, 1), pair(1, 2), left_out, unscored) == date_of(2)
    assert ends(left_out, unscored) == date_of(3)
    assert ends(unscored) == date_of(4)
    assert newest_pair([]) is None
    shortest = newest_pair([pair(0, 2), pair(1, 2)])
    assert shortest is not None
    assert shortest["days"] == 12
    positive = newest_pair([pair(0, 2, **POSITIVE), pair(1, 2)])
    assert positive is not None
    assert positive["positive"]
