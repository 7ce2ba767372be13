"""An episode begins high and ends low."""

import math
from typing import Any

import pytest

from fringewatch.errors import BadInputError
from insar_models.onset.states import Hysteresis, Reading
from tests.insar_models.onset.series import day

NAN = math.nan
LETTERS = {"quiet": "q", "watch": "w", "unrest": "U", "no data": "-", "unknown": "?"}


def strip(levels: list[Any], **options: int) -> tuple[str, list[int | None]]:
    """Return the states as letters, and `since` as day numbers; a string is a vague level."""
    readings = [
        Reading(day(k), float(level), vague=isinstance(level, str))
        for k, level in enumerate(levels)
    ]
    followed = Hysteresis(0.6, 0.3, **options).follow(readings)
    letters = "".join(LETTERS[step.state] for step in followed)
    return letters, [None if s.since is None else (s.since - day(0)).days for s in followed]


def test_it_begins_at_one_level_and_ends_below_another() -> None:
    letters, since = strip([0.1, 0.5, 0.6, 0.3, 0.29, 0.5, 0.1])
    assert letters == "qwUUqwq"
    assert since == [None, None, 2, 2, None, None, None]


def test_since_is_the_first_of_the_dates_that_were_enough() -> None:
    letters, since = strip([0.7, 0.1, 0.7, 0.8, 0.7], dates_to_begin=2)
    assert letters == "wqwUU"
    assert since == [None, None, None, 2, 2]


def test_several_dates_end_it_only_if_none_between_is_high() -> None:
    letters, since = strip([0.7, 0.1, 0.4, 0.1, 0.1, 0.1], dates_to_end=2)
    assert letters == "UwUwqq"
    assert since == [0, 0, 0, 0, None, None]


def test_silence_is_never_quiet_and_neither_begins_interrupts_nor_ends() -> None:
    assert strip([NAN, 0.7, NAN, 0.7, NAN, 0.1], dates_to_begin=2) == (
        "-w-U-q",
        [None, None, None, 1, 1, None],
    )
    assert strip([0.7, 0.1, NAN, 0.1], dates_to_end=2) == ("Uw-q", [0, 0, 0, None])


def test_a_vague_date_is_watched_and_neither_begins_nor_ends() -> None:
    assert strip(["0.9", "0.0", 0.9, "0.0", "0.9", 0.1])[0] == "wwUwwq"
    assert strip([0.7, "0.9", 0.7, 0.7], dates_to_begin=2)[1] == [None, None, None, 2]


def test_what_speaks_for_motion_is_not_quiet_at_any_level() -> None:
    (step,) = Hysteresis(0.6, 0.3).follow([Reading(day(0), 0.0, raised=True)])
    assert step.state == "watch"
    assert step.since is None


@pytest.mark.parametrize(
    "options",
    [
        {"begin": 0.2, "end": 0.3},
        {"begin": NAN, "end": 0.3},
        {"begin": 0.3, "end": NAN},
        {"begin": 0.6, "end": 0.3, "dates_to_begin": 0},
        {"begin": 0.6, "end": 0.3, "dates_to_end": 1.5},
    ],
)
def test_impossible_levels_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(BadInputError):
        Hysteresis(**options)
