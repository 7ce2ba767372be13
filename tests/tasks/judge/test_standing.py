"""What stands of a volcano's verdicts on a day."""

import datetime as dt

import pandas as pd
import pytest

from tasks.judge.standing import Standing, standing_of

ONSET, LAST = dt.date(2023, 5, 1), dt.date(2023, 6, 1)
UNREST = ("unrest", ONSET, 4, "4 of 4 pairs positive, one track")


def dates(*rows: tuple[str, dt.date | None, int, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["state", "since", "pairs", "because"])
    return table.assign(date=[LAST + dt.timedelta(days=60 * k) for k in range(len(rows))])


def test_the_newest_date_stands_until_the_silence_is_too_long() -> None:
    table = dates(UNREST)
    stands = standing_of(table, LAST + dt.timedelta(days=48), 48)
    assert stands == Standing("unrest", ONSET, UNREST[3])
    assert standing_of(table, LAST + dt.timedelta(days=162), 48) == Standing(
        "unknown", None, "no pair for 162 days; unrest since 2023-05-01 not seen to end"
    )


def test_dates_without_a_pair_do_not_break_the_silence() -> None:
    unknown = ("unknown", None, 0, "no pair for 60 days; unrest since 2023-05-01 not seen to end")
    for silence in (unknown, ("no data", ONSET, 0, "no pair for 60 days")):
        stands = standing_of(dates(UNREST, silence), LAST + dt.timedelta(days=61), 48)
        assert stands.because == "no pair for 61 days; unrest since 2023-05-01 not seen to end"
        assert stands.state == "unknown"


@pytest.mark.parametrize("days", [0, 1000])
def test_a_volcano_that_was_never_seen_has_no_data(days: int) -> None:
    table = dates(("no data", None, 0, "no pair could be scored"))
    assert standing_of(table, LAST + dt.timedelta(days=days), 48).state == "no data"


def test_quiet_does_not_stand_for_ever_either() -> None:
    table = dates(("quiet", None, 3, "0 of 3 pairs positive, one track"))
    stands = standing_of(table, LAST + dt.timedelta(days=49), 48)
    assert stands == Standing("unknown", None, f"no pair for 49 days; last known on {LAST}")
