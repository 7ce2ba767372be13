import datetime as dt
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fringewatch.errors import BadInputError
from insar_models.simulation.time_courses import (
    Eruption,
    ExponentialInflation,
    Ramp,
    Step,
    TimeCourse,
)

START = dt.date(2021, 2, 24)
STOP = dt.date(2021, 3, 19)
ERUPTION = Eruption(START, dt.date(2021, 9, 18), 30.0, erupts=STOP, drained=0.6)

TEXT: Any = "9"
NOTHING: Any = None

days = st.dates(dt.date(2014, 1, 1), dt.date(2030, 1, 1))
courses = st.sampled_from([Step(START), Ramp(START, STOP), ExponentialInflation(START, STOP, 9.0)])


@given(courses | st.just(ERUPTION), days)
def test_nothing_happens_before_the_start_or_after_the_stop(
    course: TimeCourse, day: dt.date
) -> None:
    if day < course.start:
        assert course.fraction(day) == 0.0
    if day > course.stop:
        assert course.fraction(day) == course.fraction(course.stop)


@given(courses, days, days)
def test_what_grows_never_shrinks(course: TimeCourse, one: dt.date, other: dt.date) -> None:
    first, last = sorted((one, other))
    assert 0.0 <= course.fraction(first) <= course.fraction(last) <= 1.0


@pytest.mark.parametrize(
    "course", [Step(START), Ramp(START, STOP), ExponentialInflation(START, STOP, 9.0)]
)
def test_all_is_reached_at_the_stop(course: TimeCourse) -> None:
    assert course.fraction(course.stop) == pytest.approx(1.0)
    assert course.fraction(course.stop - dt.timedelta(days=1)) < 0.999


def test_a_step_has_happened_on_its_day() -> None:
    step = Step(START)
    assert [step.fraction(START + dt.timedelta(days=day)) for day in (-1, 0, 1)] == [0.0, 1.0, 1.0]


def test_a_ramp_is_even() -> None:
    ramp = Ramp(dt.date(2020, 1, 1), dt.date(2020, 1, 11))
    assert ramp.fraction(dt.date(2020, 1, 4)) == pytest.approx(0.3)


def test_an_inflation_slows_down_by_its_decay() -> None:
    course = ExponentialInflation(dt.date(2020, 1, 1), dt.date(2030, 1, 1), 10.0)
    assert course.fraction(dt.date(2020, 1, 11)) == pytest.approx(1 - math.exp(-1))


def test_an_eruption_drains_what_was_filled() -> None:
    middle = START + (STOP - START) / 2
    assert ERUPTION.fraction(middle) == pytest.approx(0.5, abs=0.05)
    assert ERUPTION.fraction(STOP) == pytest.approx(1.0)
    assert ERUPTION.fraction(STOP + dt.timedelta(days=1)) < 1.0
    assert ERUPTION.fraction(ERUPTION.stop) == pytest.approx(0.4)
    first_month = 1.0 - ERUPTION.fraction(STOP + dt.timedelta(days=30))
    assert first_month > 0.6 * 0.6


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Step(TEXT), "Step: start='9' is no date"),
        (lambda: Step(dt.datetime(2021, 2, 24, tzinfo=dt.UTC)), "Step: start=datetime.datetime"),
        (lambda: Ramp(STOP, START), "Ramp: stop=2021-02-24 does not come after start=2021-03-19"),
        (lambda: Ramp(START, START), "does not come after"),
        (lambda: Ramp(START, NOTHING), "Ramp: stop=None is no date"),
        (lambda: ExponentialInflation(START, STOP, 0.0), "ExponentialInflation: decay_days=0.0"),
        (lambda: ExponentialInflation(START, STOP, math.nan), "decay_days=nan"),
        (lambda: ExponentialInflation(START, STOP, TEXT), "decay_days='9'"),
        (lambda: Eruption(START, STOP, 9.0, erupts=START), "Eruption: erupts=2021-02-24 does not"),
        (lambda: Eruption(START, STOP, 9.0, erupts=STOP), "Eruption: stop=2021-03-19 does not"),
        (lambda: Eruption(START, ERUPTION.stop, -1.0, erupts=STOP), "Eruption: decay_days=-1.0"),
        (lambda: Eruption(START, ERUPTION.stop, 9.0, STOP, math.inf), "Eruption: drained=inf"),
        (lambda: Eruption(START, ERUPTION.stop, 9.0, STOP, 0.0), "Eruption: drained=0.0"),
    ],
)
def test_an_impossible_course_is_refused(make: Any, message: str) -> None:
    with pytest.raises(BadInputError) as caught:
        make()
    assert message in str(caught.value)
