import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from catalogs.records import DatePair
from tasks.status.coverage import LONGEST_STEP_DAYS, in_span, time_gaps

FIRST = dt.date(2020, 1, 1)
PAIRS = st.lists(
    st.tuples(st.integers(0, 400), st.integers(1, 60)).map(
        lambda days: DatePair(
            FIRST + dt.timedelta(days[0]), FIRST + dt.timedelta(days[0] + days[1])
        )
    ),
    max_size=12,
)


def pair(text: str) -> DatePair:
    return DatePair.parse(text)


def test_36_days_are_no_gap_and_37_are() -> None:
    near, far = pair("20240101_20240206"), pair("20240101_20240207")
    assert time_gaps([near]) == ()
    (gap,) = time_gaps([far])
    assert (gap.after, gap.before, gap.days) == (far.primary, far.secondary, 37)


def test_an_acquisition_between_closes_a_gap() -> None:
    assert time_gaps([pair("20240101_20240301"), pair("20240101_20240131")]) == ()


@given(PAIRS)
def test_every_gap_is_empty_and_too_long(pairs: list[DatePair]) -> None:
    dates = {date for item in pairs for date in (item.primary, item.secondary)}
    for gap in time_gaps(pairs):
        assert gap.days > LONGEST_STEP_DAYS
        assert {gap.after, gap.before} <= dates
        assert not any(gap.after < date < gap.before for date in dates)


@given(PAIRS, PAIRS)
def test_the_span_is_that_of_what_was_brought(
    pairs: list[DatePair], brought: list[DatePair]
) -> None:
    assert set(in_span(brought, brought)) == set(brought)
    assert set(in_span(pairs, brought)) <= set(pairs)
    assert in_span(pairs, []) == ()
