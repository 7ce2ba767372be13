from typing import Any

import pytest

from catalogs.ledger.measures import DateMeasure
from catalogs.records import Direction
from insar_models.rates.motion_words import Motion
from tasks.judge.measured import motion_of_rate
from tasks.judge.place_words import distance_and_bearing, from_summit
from tasks.judge.standing import Standing
from tasks.site.overview import row_of
from tasks.site.state_words import MARKS, RANK, placed_row, short_evidence, state_words
from tasks.site.steps import map_row
from tests.tasks.site.made_facts import FERNANDINA, POSITIVE, date_of, day, facts_of, pair

PEAK: dict[str, Any] = {"peak_latitude": -0.406, "peak_longitude": -91.55}


def test_unrest_says_since_when_where_and_how_sure() -> None:
    facts = facts_of([day(1), day(2, "unrest", **PEAK)], [pair(1, 2, **POSITIVE)])
    words = state_words(facts)
    assert words.headline == f"UNREST since {date_of(2)}"
    assert words.place == "4 km S of the summit"
    assert words.sure == "p 0.80 that it deforms; 1 of 1 pair positive, seen from 1 track (106A)"
    assert words.change.is_new
    assert words.change.before == "quiet"
    assert "27.7 mm" in words.amount


def test_an_episode_means_the_place_of_its_newest_date_that_has_one() -> None:
    since = {"since": date_of(2)}
    days = [day(1, **PEAK), day(2, "unrest", **PEAK), day(3, "unrest", **since)]
    row = placed_row(facts_of(days))
    assert row is not None
    assert row["date"] == date_of(2)
    # What was seen before the episode is no place of it.
    assert placed_row(facts_of([day(1, **PEAK), day(2, "unrest")])) is None


def test_quiet_means_no_place() -> None:
    assert state_words(facts_of([day(1, **PEAK)])).place is None


def test_silence_overtakes_the_table() -> None:
    silent = Standing("unknown", None, "no pair for 60 days")
    words = state_words(facts_of([day(1), day(2, "unrest")], standing=silent))
    assert words.headline == f"UNKNOWN since {date_of(2)}"
    assert "not quiet" in words.meaning
    assert not words.change.is_new
    assert words.change.before == "unrest"


def test_unknown_counts_from_the_last_date_of_which_something_is_known() -> None:
    silent = Standing("unknown", None, "no pair for 60 days")
    none = {"pairs": 0, "probability": None}
    days = [day(1), day(2, "watch"), day(3, "no data", **none), day(4, "no data", **none)]
    facts = facts_of(days, [pair(1, 2)], standing=silent)
    words = state_words(facts)
    assert words.headline == f"UNKNOWN since {date_of(2)}"
    assert (words.change.date, words.change.before) == (date_of(2), "watch")
    assert str(words.change) == f"watch until {date_of(2)}"
    assert facts.newest_data == row_of(facts).newest == date_of(2)
    # The table has come so far itself.
    days.append(day(9, "unknown", unknown_since=date_of(2), **none))
    assert state_words(facts_of(days, standing=silent)).change == words.change


def test_a_date_without_data_is_no_state_before_another() -> None:
    none = {"pairs": 0, "probability": None}
    days = [day(1, "watch"), day(2, "no data", **none), day(3, "unrest")]
    change = state_words(facts_of(days)).change
    assert (change.date, change.before, change.is_new) == (date_of(3), "watch", True)
    change = state_words(facts_of([*days[:2], day(3, "watch")])).change
    assert (change.date, change.before, change.is_new) == (date_of(1), None, False)
    # After a silence what comes then comes after *unknown*, as the feed has it.
    assert state_words(facts_of([day(1), day(9)])).change.before == "unknown"
    words = state_words(facts_of(days[:2]))
    assert words.headline == f"NO DATA on {date_of(2)}"
    assert (words.change.date, words.change.before) == (date_of(2), "watch")


def test_an_unknown_volcano_has_one_voice_of_what_was_last_said() -> None:
    silent = Standing("unknown", None, "no pair for 60 days")
    days = [day(1), day(2, "unrest", **PEAK, **RATE), day(3, "no data", pairs=0, probability=None)]
    facts = facts_of(days, [pair(1, 2, **POSITIVE)], standing=silent)
    words = state_words(facts)
    when = f"last said on {date_of(2)}, which is old and no longer stands: unrest, p 0.80 that"
    assert words.sure.startswith(f"nobody can be sure now; {when} it deforms; 1 of 1 pair")
    assert words.place is None
    assert words.where == (
        f"no place is known now; last seen on {date_of(2)}, which is old: 4 km S of the summit"
    )
    assert short_evidence(facts) == f"last said on {date_of(2)} (old): unrest, p 0.80, 1 of 1 pair"
    measured = state_words(facts_of(days[:2], standing=silent))
    assert measured.amount.startswith(f"Not known now. As of {date_of(2)}, which is old: Rate:")
    # A date without data in the middle of an episode is not old, but says nothing either.
    words = state_words(facts_of(days))
    assert words.sure.startswith(f"nobody can be sure now; last said on {date_of(2)}: unrest")
    assert state_words(facts_of()).where == "no place is meant"
    assert short_evidence(facts_of()) == "nothing known"


def test_a_volcano_that_was_never_seen_is_not_quiet() -> None:
    words = state_words(facts_of())
    assert words.headline == "NO DATA: never seen"
    assert "not quiet" in words.meaning
    assert str(words.change) == "never watched before"


def test_the_change_is_the_first_date_of_the_state() -> None:
    words = state_words(facts_of([day(1, "watch"), day(2), day(3), day(4)]))
    assert (words.change.date, words.change.before) == (date_of(2), "watch")
    assert not words.change.is_new


RATE: dict[str, Any] = {
    "rate_mm_per_day": 0.425, "rate_low": 0.03, "rate_high": 0.82, "rate_latitude": -0.406,
    "rate_longitude": -91.55, "rate_first": date_of(-4),
}  # fmt: skip
MOVED: dict[str, Any] = {
    "displacement_mm": -37.6, "displacement_low_mm": -80.0, "displacement_high_mm": 4.9,
    "displacement_latitude": -0.28, "displacement_longitude": -91.55,
    "displacement_first": date_of(1),
}  # fmt: skip


def test_each_number_says_its_direction_its_place_and_its_days() -> None:
    amount = state_words(facts_of([day(2, "unrest", **RATE, **MOVED)])).amount
    assert (
        "Rate: 0.42 (0.03 to 0.82) mm a day towards the satellite, 4 km S of the summit, over the "
        f"72 days to {date_of(2)}."
    ) in amount
    assert (
        "Moved since the episode began: 38 (-5 to 80) mm away from the satellite, or none: the "
        f"interval holds zero, 10 km N of the summit, from {date_of(1)} to {date_of(2)}."
    ) in amount
    assert "CAUTION: rate and displacement say opposite directions, of places 14 km" in amount


def test_numbers_of_one_motion_need_no_caution() -> None:
    here = {"displacement_latitude": -0.406, "displacement_mm": 37.6}
    ends = {"displacement_low_mm": 20.0, "displacement_high_mm": 55.2}
    amount = state_words(facts_of([day(2, "unrest", **RATE, **(MOVED | here | ends))])).amount
    assert "CAUTION" not in amount
    apart = MOVED | ends | {"displacement_mm": 37.6}
    amount = state_words(facts_of([day(2, "unrest", **RATE, **apart)])).amount
    assert "CAUTION: the two are of places 14 km apart" in amount


def test_a_rate_whose_days_hold_an_episode_that_has_ended_says_so() -> None:
    amount = state_words(facts_of([day(1, "unrest"), day(2, **RATE)])).amount
    assert amount.endswith(f", in which unrest ran until {date_of(1)}.")


def test_rounding_never_hides_on_which_side_of_zero_an_interval_lies() -> None:
    assert Motion.of_rate(0.2, 0.004, 0.4).words.startswith("0.200 (0.004 to 0.400) mm a day")
    assert "zero" not in Motion.of_rate(0.2, 0.004, 0.4).words
    assert Motion.of_rate(-0.9, -1.7, -0.2).words == (
        "0.90 (0.20 to 1.70) mm a day away from the satellite"
    )
    # The picture of rates makes the same words from what the ledger keeps.
    measure = DateMeasure(date_of(1), None, "x", motion_mm=0.4254, low_mm=0.0334, high_mm=0.8174)
    said = motion_of_rate(measure)
    assert said == Motion.of_rate(0.425, 0.033, 0.817)
    assert motion_of_rate(DateMeasure(date_of(1), None, "x")) is None
    assert Motion.of_rate(0.4, None, float("nan")).words == "0.40 mm a day towards the satellite"


def test_a_rate_says_of_which_days_it_is() -> None:
    days = [day(1, "unrest", since=date_of(1)), day(2, "unrest", since=date_of(1)), day(3), day(4)]
    days[-1] |= {"rate_mm_per_day": 1.1, "rate_first": date_of(1)}
    words = state_words(facts_of(days))
    assert f"to {date_of(4)}, in which unrest ran until {date_of(2)}" in words.amount


def test_every_state_has_a_rank_and_a_mark_of_its_own() -> None:
    assert set(RANK) == set(MARKS)
    assert len(set(MARKS.values())) == len(RANK)
    assert RANK[0] == "unrest"
    assert RANK[-1] == "quiet"


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ((-0.37, -91.55), "at the summit"),
        ((-0.28, -91.55), "10 km N of the summit"),
        ((-0.37, 268.55), "11 km E of the summit"),
        ((-0.37, -91.65), "11 km W of the summit"),
    ],
)
def test_a_place_is_said_from_the_summit(place: tuple[float, float], words: str) -> None:
    assert from_summit(FERNANDINA, *place) == words


def test_bearings_across_the_antimeridian() -> None:
    distance, bearing = distance_and_bearing((0.0, 179.95), (0.0, -179.95))
    assert distance == pytest.approx(11.1, abs=0.1)
    assert bearing == pytest.approx(90)


def test_no_place_is_no_place() -> None:
    assert from_summit(FERNANDINA, None, None) is None


SLOW: dict[str, Any] = {
    "pairs_positive": 0, "probability": 0.004, "slow_dates": 2, "slow_since": date_of(0),
    "rate_mm_per_day": 0.7, "rate_low": 0.3, "rate_high": 0.9, "rate_deviations": 6.1,
    "rate_latitude": -0.40, "rate_longitude": -91.55, "tracks_for": "106A", "tracks_against": "",
}  # fmt: skip


def test_unrest_by_a_rate_has_its_place_and_its_sureness() -> None:
    facts = facts_of([day(0), day(1, "unrest", **SLOW)], [pair(0, 1)])
    words = state_words(facts)
    assert words.sure.startswith("by its rate: 6.1 standard deviations from rest, on 2 dates")
    assert "p 0.00" not in words.sure
    assert words.place == words.where == "3 km S of the summit"
    assert words.meaning.startswith("A place moves slowly")
    assert short_evidence(facts).startswith("rate 6.1 deviations from rest, 0 of 1 pair")
    map_of = map_row(facts, placed_row(facts))
    assert map_of is not None
    assert map_of["frame"] == facts.pairs[0]["frame"]


def test_a_rate_that_might_be_none_says_so_and_one_beside_positive_pairs_stands_second() -> None:
    vague = facts_of([day(1, "unrest", **SLOW | {"rate_low": -0.9})])
    assert "one date alone would not tell it" in state_words(vague).sure
    both = facts_of([day(1, "unrest", **SLOW | {"pairs_positive": 1, "probability": 0.8})])
    assert state_words(both).sure.startswith("p 0.80 that it deforms; its rate 6.1 standard")
    assert state_words(both).meaning.startswith("The ground deforms")


def test_a_rate_that_does_not_speak_for_motion_means_no_place() -> None:
    facts = facts_of([day(1, "watch", **SLOW | {"slow_dates": 0})])
    assert state_words(facts).where == "no place is meant"


def test_of_pairs_that_end_together_the_positive_one_is_shown() -> None:
    facts = facts_of([day(2, "unrest")], [pair(0, 2, **POSITIVE), pair(1, 2)])
    shown = facts.newest_pair(Direction.ASCENDING)
    assert shown is not None
    assert shown["positive"]
