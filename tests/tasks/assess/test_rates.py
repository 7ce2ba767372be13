import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from fringewatch.errors import BadInputError
from tasks.assess.rates import Counts, count, poisson_rate


@given(st.integers(0, 40), st.floats(10.0, 5000.0))
def test_the_interval_is_exact(events: int, days: float) -> None:
    """At its ends the tails of the count are 2.5 % each."""
    rate = poisson_rate(events, days)
    assert rate.low <= rate.per_year <= rate.high
    assert poisson.cdf(events, rate.high * rate.years) == pytest.approx(0.025)
    if events:
        assert poisson.sf(events - 1, rate.low * rate.years) == pytest.approx(0.025)
    else:
        assert rate.low == 0.0


def test_of_no_time_there_is_no_rate() -> None:
    rate = poisson_rate(0, 0)
    assert all(math.isnan(number) for number in (rate.per_year, rate.low, rate.high))
    with pytest.raises(BadInputError, match="-1 events"):
        poisson_rate(-1, 10)


def test_counts() -> None:
    said = count([(True, True)] * 3 + [(False, True)] + [(True, False)] * 2 + [(False, False)])
    assert (said.precision, said.recall, said.total) == (0.75, 0.6, 7)
    assert (said + said).true_positives == 6
    assert math.isnan(Counts().precision)
