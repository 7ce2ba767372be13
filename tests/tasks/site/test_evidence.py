from catalogs.ledger.rows import FittedField, PairAir
from catalogs.records import DatePair, FrameId
from catalogs.settings import Settings
from tasks.site.evidence import air_words, evidence_words, most_shared, newest_rows
from tasks.site.false_alarms import METHODS, METHODS_COMMAND, false_alarm_words
from tests.docs.blocks import ROOT
from tests.tasks.site.made_facts import (
    ASCENDING,
    DESCENDING,
    POSITIVE,
    date_of,
    day,
    facts_of,
    pair,
)


def air(share: float, *, removed: bool) -> PairAir:
    fit = FittedField("heights", "0", "removed", 5.0, 1.0, "rad/km", removed)
    return PairAir("0", (fit,), share)


def test_the_thresholds_are_said_in_words() -> None:
    facts = facts_of([day(1), day(2, "unrest")], [pair(0, 1), pair(1, 2, **POSITIVE)])
    words = " ".join(evidence_words(facts))
    assert "positive from a probability of 0.05 on" in words
    assert "unrest from level 0.50 on; its level is 0.80: reached" in words
    assert [row["primary_date"] for row in newest_rows(facts)] == [date_of(1)]


def test_a_volcano_without_data_has_no_evidence() -> None:
    assert evidence_words(facts_of()) == [
        "No interferogram was scored, so there is no evidence for anything."
    ]
    assert air_words(facts_of(), [], Settings()) == ["There is no pair to look for air in."]


def test_pairs_that_share_an_acquisition_may_be_the_weather_of_its_day() -> None:
    rows = [pair(0, 1, **POSITIVE), pair(1, 2, **POSITIVE)]
    words = " ".join(air_words(facts_of([day(2)], rows), rows, Settings()))
    assert f"have the acquisition of {date_of(1)}" in words
    assert "Both positive pairs" in words
    rows = [*rows, pair(2, 3, **POSITIVE)]
    words = " ".join(air_words(facts_of([day(3)], rows), rows, Settings()))
    assert f"2 of the 3 positive pairs have the acquisition of {date_of(1)}" in words
    assert "and 1 would be left" in words
    assert "Only ascending passes saw it" in words


def test_pairs_of_no_common_day_are_called_so_alone() -> None:
    rows = [pair(0, 1, **POSITIVE), pair(2, 3, **POSITIVE)]
    words = " ".join(air_words(facts_of([day(3)], rows), rows, Settings()))
    assert "No two of the 2 positive pairs share an acquisition" in words
    # Two passes of one day went through different air.
    rows = [pair(0, 1, **POSITIVE), pair(1, 2, frame=DESCENDING, **POSITIVE)]
    assert most_shared(rows)[1] == 1


def test_an_episode_says_when_its_beginning_rests_on_one_acquisition() -> None:
    rows = [pair(0, 2, **POSITIVE), pair(1, 2, **POSITIVE), pair(2, 3, **POSITIVE)]
    days = [day(1), day(2, "unrest"), day(3, "unrest", since=date_of(2))]
    words = " ".join(air_words(facts_of(days, rows), rows, Settings()))
    assert f"All 3 positive pairs have the acquisition of {date_of(2)}" in words
    began = f"The episode began with 2 positive pairs on {date_of(2)}, and rests there on one"
    assert f"{began} acquisition, that of {date_of(2)}." in words
    # Two dates in a row began it, of which the first was watch.
    rows = [pair(0, 1, **POSITIVE), pair(0, 2, **POSITIVE), pair(1, 2, **POSITIVE)]
    days = [day(1, "watch", since=None), day(2, "unrest", since=date_of(1))]
    words = " ".join(air_words(facts_of(days, rows), rows, Settings()))
    assert "3 positive pairs from" in words
    assert "which do not all have one acquisition" in words


def test_a_level_that_is_enough_says_why_the_date_is_no_unrest() -> None:
    because = "1 of 1 pair positive, one track; enough for unrest, but it rests on one pair"
    facts = facts_of([day(1, "watch", level=0.79, because=because)], [pair(0, 1, **POSITIVE)])
    words = " ".join(evidence_words(facts))
    assert (
        "its level is 0.79: enough by itself, but the date is watch, for: enough for unrest, but "
        "it rests on one pair."
    ) in words
    slow = facts_of([day(1, "unrest", level=0.2, because="0 of 1 pair positive; it moves")])
    words = " ".join(evidence_words(slow))
    assert "its level is 0.20: not reached, but the date is unrest, for: it moves." in words
    assert "its level is 0.05: not reached." in " ".join(evidence_words(facts_of([day(1)])))


def test_two_geometries_have_the_air_of_different_days() -> None:
    rows = [pair(0, 1, **POSITIVE), pair(1, 2, frame=DESCENDING, **POSITIVE)]
    assert "Both geometries saw it" in " ".join(air_words(facts_of([], rows), rows, Settings()))


def test_air_that_was_taken_away_is_counted() -> None:
    rows = [pair(0, 1, **POSITIVE), pair(1, 2)]
    keys = [
        (FrameId.parse(ASCENDING), DatePair(row["primary_date"], row["secondary_date"]))
        for row in rows
    ]
    known = {keys[0]: air(0.6, removed=True), keys[1]: air(0.0, removed=False)}
    words = " ".join(air_words(facts_of([], rows, air=known), rows, Settings()))
    assert "found in 1 of 2 pairs" in words
    assert "60% of the structure was such air" in words
    assert "No heights" in " ".join(air_words(facts_of([], rows), rows, Settings()))
    assert "setting air is empty" in " ".join(
        air_words(facts_of([], rows), rows, Settings(air=()))
    ).replace("`", "")


def test_air_that_was_found_in_no_pair_was_taken_from_none() -> None:
    rows = [pair(0, 1), pair(1, 2)]
    keys = [
        (FrameId.parse(ASCENDING), DatePair(row["primary_date"], row["secondary_date"]))
        for row in rows
    ]
    known = dict.fromkeys(keys, air(0.0, removed=False))
    words = air_words(facts_of([], rows, air=known), rows, Settings())
    assert words[0] == "Air that follows the relief was looked for in 2 pairs, and found in none."


def test_the_rates_of_methods_are_those_that_are_documented() -> None:
    page = (ROOT / "docs" / "assess.md").read_text("utf-8")
    assert METHODS_COMMAND in page
    for name, rate in METHODS.items():
        (row,) = [
            line for line in page.splitlines() if line.startswith((f"| {name} |", f"| {name} (d"))
        ]
        assert row.split("|")[2].strip() == f"{rate:.2f}", name


def test_the_model_answers_by_its_card() -> None:
    words = " ".join(false_alarm_words(Settings(method="deconvolution")))
    assert "1.9% of real quiet windows" in words
    assert "0.5% to 3.9%" in words
    assert "0.18 false episodes a year" in words
    older = " ".join(false_alarm_words(Settings(model="baseline-0", method="rule")))
    assert "no measured rate" in older
    own = " ".join(false_alarm_words(Settings(method="rule", method_options={"dates": 2})))
    assert "was not measured" in own
