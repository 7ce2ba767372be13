import datetime as dt
from dataclasses import replace

import pytest

from catalogs.ledger.outbox_records import Message, MessageKind, Standing
from catalogs.world.volcanoes import find_volcano, load_volcanoes
from tasks.messages.place_words import place_words
from tasks.messages.short_text import SMS_LENGTH, sms_length, sms_text
from tasks.messages.words import Text, text_of, text_of_many, text_of_test

DAY = dt.date(2024, 3, 6)
MADE = dt.datetime(2024, 3, 7, 2, 40, tzinfo=dt.UTC)
QUIET = Standing("quiet", None, dt.date(2024, 2, 11))
UNREST = Standing("unrest", DAY, DAY)
FACTS = {
    "name": "Fernandina",
    "because": "1 of 1 pair positive, one track",
    "probability": 0.78,
    "pairs": 1,
    "positive": 1,
    "tracks": ["106A"],
    "place": "4 km S of summit",
    "others": ["descending: no data"],
    "before": QUIET.words(),
    "now": UNREST.words(),
}
SITE = "https://volcanoes.example"


def message(**facts: object) -> Message:
    said = {**FACTS, **facts}
    return Message(7, MessageKind.STATE, ("fernandina",), said, MADE, "0f")


def line(site: str = "", today: dt.date = dt.date(2024, 3, 7), **facts: object) -> str:
    return text_of(message(**facts), today, site).line


def test_the_line_says_all_that_a_duty_officer_asks_first() -> None:
    assert line() == (
        "[Fringewatch] FERNANDINA UNREST (new) 2024-03-06 UTC, p 0.78, 1 of 1 pair, 106A, "
        "4 km S of summit; descending: no data; data 1 day old; not reviewed"
    )


def test_of_slow_unrest_the_rate_stands_in_the_place_of_a_probability() -> None:
    rate = "rate 3.12 mm/day (2.00 to 4.20) towards"
    said = line(probability=None, rate=rate, positive=0, pairs=3)
    assert ", " + rate + ", 0 of 3 pairs, 106A, 4 km S of summit" in said or (
        ", " + rate + ", 106A, 4 km S of summit" in said
    )
    assert " p " not in said
    assert sms_length(said) <= SMS_LENGTH


def test_with_a_link_it_still_fits_an_sms() -> None:
    said = line(SITE)
    assert sms_length(said) <= SMS_LENGTH
    assert said.endswith("; https://volcanoes.example/fernandina.html")
    assert "descending: no data" in said
    assert "UNREST (new) 2024-03-06 UTC, p 0.78" in said


@pytest.mark.parametrize("site", ["", SITE, "https://a.very.long.name.of.an.observatory.example/x"])
def test_no_volcano_has_a_name_that_breaks_the_line(site: str) -> None:
    for volcano in load_volcanoes():
        said = line(site, name=volcano.name, place="12 km NW of summit", pairs=11, positive=10)
        assert sms_length(said) <= SMS_LENGTH or site.endswith("/x")
        assert said.isascii()
        assert said.startswith("[Fringewatch] ")


def test_what_is_said_of_ages_is_true_when_it_is_sent() -> None:
    assert "data 8 days old" in line(today=dt.date(2024, 3, 14))


def test_a_review_is_told_and_never_left_out() -> None:
    found = text_of(message(), DAY, SITE, lambda slug, date: f"atmosphere by NS {slug} {date}")
    assert "atmosphere by NS fernandina 2024-03-06" in found.line


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        (UNREST, replace(QUIET, date=DAY), "FERNANDINA QUIET (was unrest) 2024-03-06 UTC"),
        (Standing("unknown"), UNREST, "FERNANDINA UNREST (was unknown) 2024-03-06 UTC"),
        (UNREST, UNREST, "FERNANDINA UNREST (new) 2024-03-06 UTC"),
        (Standing("masked"), UNREST, "FERNANDINA UNREST (was masked) 2024-03-06 UTC"),
        (UNREST, Standing("masked", None, DAY), "FERNANDINA MASKED (was unrest) 2024-03-06 UTC: "),
        (UNREST, Standing("watch", DAY, DAY), "FERNANDINA WATCH (was unrest) 2024-03-06 UTC"),
        (
            UNREST,
            Standing("unknown", None, DAY),
            "FERNANDINA UNKNOWN (was unrest) 2024-03-06 UTC: ",
        ),
    ],
)
def test_what_it_was_before_is_said(before: Standing, now: Standing, words: str) -> None:
    found = text_of(message(before=before.words(), now=now.words()), DAY, "")
    assert words in found.line
    assert found.title.startswith("[Fringewatch] FERNANDINA")


def test_the_details_say_what_was_before_as_page_and_feed_do_and_what_was_told() -> None:
    def before(**facts: object) -> str:
        return text_of(message(**facts), DAY, SITE).details[0].partition("; ")[2]

    assert before(was="quiet") == before() == "before: quiet."
    assert before(was="watch") == "before: watch; last told: quiet."
    assert before(was="") == "before: nothing was said."
    told = UNREST.words()
    assert before(was="watch", before=told) == (
        "before: watch; last told: unrest since 2024-03-06."
    )


def test_the_details_say_why_and_are_for_who_has_room() -> None:
    found = text_of(message(), DAY, SITE)
    whole = found.whole.splitlines()
    assert whole[0] == found.line
    assert "Why: 1 of 1 pair positive, one track." in whole
    assert "people's safety" in whole[-1]
    assert f"Page: {SITE}/fernandina.html" in whole


def test_a_hostile_name_does_nothing_to_a_telephone() -> None:
    said = line(name="<script>\x1b[2J\u202e\nEtna", place="x\ny")
    assert said.isprintable()
    assert said.isascii()


def test_a_stale_volcano_is_said_with_its_last_state() -> None:
    facts = {"name": "Fernandina", "newest": "2024-03-06", "state": "unrest since 2024-03-06"}
    stale = Message(1, MessageKind.STALE, ("fernandina",), facts, MADE, "0f")
    assert text_of(stale, dt.date(2024, 4, 6), SITE).line == (
        "[Fringewatch] FERNANDINA STALE 2024-04-06 UTC: no data newer than 2024-03-06 (31 days); "
        "last state: unrest since 2024-03-06"
    )


def test_failed_nights_name_volcanoes_and_the_reason() -> None:
    facts = {
        "nights": 3,
        "date": "2024-03-09",
        "last_good": "2024-03-06",
        "reason": "503 at the door",
    }
    failed = Message(
        1, MessageKind.FAILED_NIGHTS, ("taal", "etna", "wolf", "alcedo"), facts, MADE, "0f"
    )
    found = text_of(failed, dt.date(2024, 3, 9), "")
    assert found.line == (
        "[Fringewatch] 3 FAILED NIGHTS 2024-03-09 UTC: TAAL, ETNA, WOLF +1 more; "
        "last good night 2024-03-06: 503 at the door"
    )
    assert "4 volcanoes: TAAL, ETNA, WOLF, ALCEDO" in found.whole
    long = replace(failed, facts={**facts, "reason": "x" * 300, "last_good": ""})
    assert sms_length(text_of(long, DAY, SITE).line) <= SMS_LENGTH


def test_many_messages_are_one_with_a_line_each() -> None:
    texts = [Text(f"[Fringewatch] V{n} UNREST", f"line {n}") for n in range(60)]
    found = text_of_many(texts)
    assert found.line == "[Fringewatch] 60 messages: V0 UNREST, V1 UNREST, V2 UNREST, +57 more"
    assert found.whole.count("line ") == 40
    assert "and 20 more" in found.whole


def test_a_test_is_taken_for_nothing_else() -> None:
    assert "TEST" in text_of_test(MADE).line
    assert "no volcano is meant" in text_of_test(MADE).line


@pytest.mark.parametrize(
    ("text", "plain"),
    [("Láscar", "Lascar"), ("Öræfajökull", "Orfajokull"), ("  a\n b ", "a\\n b"), ("火山", "x")],
)
def test_a_telephone_has_these_characters(text: str, plain: str) -> None:
    assert sms_text(text, "x") == plain


def test_brackets_take_two_places_of_an_sms() -> None:
    assert sms_length("[a]~") == 7


@pytest.mark.parametrize(
    ("north", "east", "words"),
    [
        (-0.036, 0.0, "4 km S of summit"),
        (0.1, 0.1, "16 km NE of summit"),
        (0.0, -0.01, "1 km W of summit"),
        (0.001, 0.001, "at summit"),
        (float("nan"), 0.0, ""),
    ],
)
def test_places_are_said_from_the_summit(north: float, east: float, words: str) -> None:
    volcano = find_volcano("fernandina")
    assert place_words(volcano, volcano.latitude + north, volcano.longitude + east) == words


def test_a_place_across_the_date_line_is_near() -> None:
    volcano = replace(find_volcano("fernandina"), latitude=0.0, longitude=179.99)
    assert place_words(volcano, 0.0, -179.99) == "2 km E of summit"
