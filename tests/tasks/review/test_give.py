"""Reviews: given, weighed at once, shown, taken back; on a real home."""

import datetime as dt
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.review_rows import ReviewVerdict, Statement
from catalogs.ledger.rows import PairScore
from catalogs.records import DatePair, FrameId, ModelId
from catalogs.tables import DATES, INTERFEROGRAMS, read_table
from fringewatch.errors import BadInputError
from tasks.judge.models import model_of
from tasks.judge.opinions import review_lines, standing_line
from tasks.judge.standing import standing_of
from tasks.messages.send import review_words
from tasks.messages.words import NOT_REVIEWED
from tasks.publish import publish_volcano
from tasks.review.give import Given, give_review, take_back
from tasks.site.site import write_site
from tasks.status.home import home_status
from tests.scenes import FRAME
from tests.storage import folder_of
from tests.tasks.kept_home import FERNANDINA, PAIRS, KeptHome
from tests.tasks.test_publish import score_again
from tests.tasks.test_watch import digests

pytestmark = pytest.mark.usefixtures("undrawn")


LAST = dt.date(2024, 2, 11)
AIR, CONFIRMED, OTHER = ReviewVerdict.ATMOSPHERE, ReviewVerdict.CONFIRMED, ReviewVerdict.OTHER


def say(
    kept: KeptHome, subject: str, verdict: ReviewVerdict = AIR, by: str = "NS", word: str = ""
) -> Given:
    return give_review(FERNANDINA, Statement(subject, verdict, by, word, "rings"), kept.settings)


def dates(kept: KeptHome) -> Any:  # a table by its dates; pandas' stubs know no dates as keys
    return read_table(DATES, kept.home.detections("fernandina")).set_index("date")


def pairs(kept: KeptHome) -> pd.DataFrame:
    return read_table(INTERFEROGRAMS, kept.home.detections("fernandina"))


def test_atmosphere_takes_the_pairs_of_a_date_out_of_the_evidence(kept: KeptHome) -> None:
    given = say(kept, "2024-02-11")
    last = dates(kept).loc[LAST]
    assert (last["state"], last["pairs"], last["pairs_positive"]) == ("no data", 0, 0)
    assert last["because"].startswith("2 of 2 pairs left out: atmosphere (NS); ")
    assert (last["review"], last["reviewed_by"]) == ("atmosphere", "NS")
    assert last["revised"]
    assert pd.isna(last["since"])
    table = pairs(kept)
    assert table["left_out"].notna().tolist() == [False, False, False, True, True]
    assert table["review"].dropna().tolist() == ["atmosphere", "atmosphere"]
    assert not list(folder_of(kept.home.detections("fernandina")).glob("episode-*"))
    assert "left out of the evidence: 2 pairs" in given.lines()
    assert "review 1: 2024-02-11 atmosphere by NS" in given.lines()[0]


def test_air_of_a_date_is_in_every_pair_of_its_pass_that_holds_it(kept: KeptHome) -> None:
    day, begins = dt.date(2024, 1, 30), PAIRS[4]
    before = dates(kept).drop(columns=["revised"])
    given = say(kept, "2024-01-30")
    last = dates(kept).loc[LAST]
    assert (last["pairs"], last["pairs_positive"]) == (1, 1)
    assert last["because"].startswith("1 of 2 pairs left out: atmosphere (NS); ")
    table = pairs(kept)
    assert table["left_out"].notna().tolist() == [False, True, True, False, True]
    assert (
        "left out of the evidence: 3 pairs, 2 that were looked at and all others that have the air "
        f"of {day} ({begins})"
    ) in given.lines()
    take_back(FERNANDINA, "2024-01-30", "NS", "", kept.settings)
    pd.testing.assert_frame_equal(dates(kept).drop(columns=["revised"]), before)
    say(kept, "2024-01-30", CONFIRMED)
    assert pairs(kept)["left_out"].isna().all()


def test_a_date_whose_pairs_were_all_left_out_does_not_say_that_it_had_none(kept: KeptHome) -> None:
    say(kept, "2024-02-11")
    because = dates(kept).loc[LAST, "because"]
    assert "; no pair that counts for 12 days; last known on 2024-01-30" in because
    later = standing_of(dates(kept).reset_index(), LAST + dt.timedelta(days=60), 48)
    assert later.because.startswith("no pair that counts for 72 days; ")
    say(kept, "2024-01-30")
    say(kept, "2024-01-18")
    first = dates(kept)["because"].iloc[0]
    assert first.endswith("; no pair that ends on this date or before it counts")


def test_all_who_contradict_a_pair_are_named_wherever_it_is_shown(kept: KeptHome) -> None:
    say(kept, "2024-02-11", CONFIRMED, "BB")
    say(kept, "2024-02-11", CONFIRMED, "Zoë")
    given = say(kept, str(PAIRS[3]))
    against = "contradicted: confirmed by Zoë, confirmed by BB"
    last = dates(kept).loc[LAST]
    assert last["review"] == f"confirmed; {PAIRS[3]}: atmosphere, {against}"
    assert last["reviewed_by"] == "Zoë, BB, NS"
    because = (
        "1 of 2 pairs left out: atmosphere (NS; contradicted: confirmed by Zoë and confirmed by BB)"
    )
    assert last["because"].startswith(because)
    assert f"{PAIRS[3]}: atmosphere, {against}" in given.lines()
    with open_ledger(kept.home.ledger) as ledger:
        reviews = ledger.reviews("fernandina")
    assert standing_line(reviews).endswith(f'"rings", {against}')
    lines = review_lines(reviews)
    assert lines[0].endswith("contradicted: atmosphere by NS")
    take_back(FERNANDINA, str(PAIRS[3]), "NS", "", kept.settings)
    with open_ledger(kept.home.ledger) as ledger:
        reviews = ledger.reviews("fernandina")
    assert review_lines(reviews)[2].endswith("(taken back)")
    assert standing_line(reviews).startswith("review 2: 2024-02-11 confirmed by Zoë")
    assert dates(kept).loc[LAST, "review"] == "confirmed"


def test_the_page_shows_what_stands_and_what_was_taken_back(kept: KeptHome) -> None:
    say(kept, "2024-02-11", CONFIRMED, "BB")
    say(kept, "2024-01-30")
    take_back(FERNANDINA, "2024-01-30", "NS", "", kept.settings)
    write_site(kept.settings, {"fernandina"})
    page = folder_of(kept.home.site / "fernandina.html").read_text()
    text = re.sub(r"<[^>]*>", "", page)
    assert re.search(r"Reviewed\s*review 1: 2024-02-11 confirmed by BB", text)
    assert re.search(r"review 2: 2024-01-30 atmosphere by NS, [^\n]*\(taken back\)", text)


def test_status_page_and_command_say_the_same_of_a_date_that_a_review_left_out(
    kept: KeptHome,
) -> None:
    given = say(kept, "2024-02-11")
    today = dt.date(2024, 2, 20)
    headline = home_status(kept.settings, FERNANDINA, today).headline
    assert headline == (
        "fernandina: NO DATA on 2024-02-11; before it quiet, probability 0.02, data of 2024-01-30, "
        "21 days old"
    )
    assert given.published is not None
    assert "newest data of 2024-01-30" in given.published.now
    write_site(kept.settings, {"fernandina"}, seen_from=today)
    text = read_page(kept)
    assert "NO DATA on 2024-02-11" in text
    assert "newest data 2024-01-30" in text


def test_what_a_review_left_out_is_nowhere_on_the_page_as_evidence(kept: KeptHome) -> None:
    write_site(kept.settings, {"fernandina"}, seen_from=LAST)
    assert "positive, 128D" in read_page(kept)
    say(kept, "2024-02-11")
    write_site(kept.settings, {"fernandina"}, seen_from=LAST)
    page, text = folder_of(kept.home.site / "fernandina.html").read_text(), read_page(kept)
    assert "descending: left out: atmosphere (NS), 128D" in text
    assert not re.search(r"p [01]\.\d\d, positive|: positive, 128D", text)
    assert "None of its pairs is evidence" in text
    assert "Only descending passes" not in text
    assert 'class="phase left-out' in page
    assert 'data-outline="M' not in page
    assert not re.search(r'<g class="place"', page)
    assert 'class="unrest"' not in page.partition("</svg></div>")[0].partition("<svg viewBox")[2]


def test_no_message_is_made_of_what_a_review_left_out(
    kept: KeptHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[DatePair] = []

    def news_of(*given: Any, **_: Any) -> None:
        told.extend(row.pair for row in given[2])

    monkeypatch.setattr("tasks.publish.news_of", news_of)
    say(kept, str(PAIRS[3]))
    assert set(told) == {*PAIRS} - {PAIRS[3]}


def read_page(kept: KeptHome) -> str:
    """The words of the page, without those that are its own title of a legend."""
    page = folder_of(kept.home.site / "fernandina.html").read_text()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page.partition("<body")[2]))


def test_it_survives_new_scores_and_a_new_model(
    kept: KeptHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(kept, "2024-02-11")
    score_again(kept, PAIRS, 9.0)
    publish_volcano(FERNANDINA, (FRAME,), kept.settings)
    assert dates(kept)["state"].tolist()[-1] == "no data"
    following = replace(model_of(kept.settings), name="next", sha256="bb")  # type: ignore[type-var]
    monkeypatch.setattr("tasks.publish.judging_model", lambda *_: following)
    score = PairScore(0.5, 0.7, 9.0, 0.9, True, -0.37, -91.55, 9)
    with open_ledger(kept.home.ledger) as ledger:
        identity = ModelId("next", "bb")
        ledger.record_scores("fernandina", FRAME, identity, [(pair, score) for pair in PAIRS])
    publish_volcano(FERNANDINA, (FRAME,), kept.settings)
    last = dates(kept).loc[LAST]
    assert (last["model"], last["state"], last["review"]) == ("next", "no data", "atmosphere")


def test_a_pair_and_an_episode_can_be_air(kept: KeptHome) -> None:
    say(kept, str(PAIRS[3]))
    last = dates(kept).loc[LAST]
    assert (last["state"], last["pairs"]) == ("watch", 1)
    assert last["review"] == f"{PAIRS[3]}: atmosphere"
    take_back(FERNANDINA, str(PAIRS[3]), "NS", "", kept.settings)
    assert dates(kept).loc[LAST, "state"] == "unrest"
    say(kept, "episode-2024-02-11")
    assert dates(kept).loc[LAST, "state"] == "no data"


def test_an_episode_that_a_review_has_ended_is_refused_with_that_review(kept: KeptHome) -> None:
    say(kept, "episode-2024-02-11")
    say(kept, "2024-01-30", CONFIRMED, "BB")
    with pytest.raises(BadInputError) as told:
        say(kept, "episode-2024-02-11", CONFIRMED, "CD")
    words = str(told.value)
    assert (
        "fernandina has no episode of unrest since 2024-02-11 any more; what took it away" in words
    )
    assert "review 1: episode-2024-02-11 atmosphere by NS" in words
    assert "BB" not in words
    assert "name its dates one by one: 2024-02-11" in words
    assert "backfill" not in words
    # Where no review did, and of one that never was, a backfill does not help either.
    take_back(FERNANDINA, "episode-2024-02-11", "NS", "", kept.settings)
    score_again(kept, PAIRS, -5.0)
    publish_volcano(FERNANDINA, (FRAME,), kept.settings)
    with pytest.raises(BadInputError, match="its dates are judged otherwise by now"):
        say(kept, "episode-2024-02-11")
    with pytest.raises(BadInputError, match=r"since 2020-01-01; there is none at all$"):
        say(kept, "episode-2020-01-01")


def test_a_pair_that_comes_after_the_review_holds_the_same_air(kept: KeptHome) -> None:
    with open_ledger(kept.home.ledger) as ledger:
        ledger.forget_tiles(FRAME, PAIRS[4:])
    say(kept, "2024-02-11")
    kept.backfill()
    last = dates(kept).loc[LAST]
    assert (last["state"], last["pairs"]) == ("no data", 0)
    assert "2 of 2 pairs left out" in last["because"]


def test_air_of_a_day_that_somebody_overruled_is_no_news_of_later_pairs(kept: KeptHome) -> None:
    with open_ledger(kept.home.ledger) as ledger:
        ledger.forget_tiles(FRAME, PAIRS[4:])
    say(kept, "2024-02-11")
    say(kept, "2024-02-11", CONFIRMED, by="AB")
    kept.backfill()
    last = dates(kept).loc[LAST]
    assert last["pairs"] == 2
    assert "left out" not in last["because"]


def test_a_message_says_what_takes_pairs_from_its_date_or_what_came_later(kept: KeptHome) -> None:
    with open_ledger(kept.home.ledger) as ledger:
        review = review_words(ledger)
        assert review("fernandina", LAST) == NOT_REVIEWED
    say(kept, str(PAIRS[3].primary))
    with open_ledger(kept.home.ledger) as ledger:
        review = review_words(ledger)
        assert review("fernandina", LAST) == "1 of 2 pairs reviewed: atmosphere (NS)"
    say(kept, "2024-02-11")
    with open_ledger(kept.home.ledger) as ledger:
        before = min(pair.primary for pair in PAIRS)
        assert review_words(ledger)("fernandina", before) == "later: 2024-02-11 atmosphere (NS)"


def test_the_air_of_another_pass_is_news() -> None:
    other = FrameId.parse("128A_09016_110500")
    said = Statement("2024-02-11", AIR, "NS", dates=(LAST,), pairs=((FRAME, PAIRS[3]),))
    assert said.speaks_of(FRAME, PAIRS[4])
    assert not said.speaks_of(other, PAIRS[4])
    assert not replace(said, verdict=CONFIRMED).speaks_of(FRAME, PAIRS[4])


def test_undo_keeps_the_history_and_the_verdict_comes_back(kept: KeptHome) -> None:
    before = dates(kept).drop(columns=["revised"])
    say(kept, "2024-02-11")
    given = take_back(FERNANDINA, "2024-02-11", "AB", "it was not", kept.settings)
    assert "taken back (review 1) by AB" in str(given.review)
    assert given.evidence_again == tuple((FRAME, pair) for pair in PAIRS[3:5])
    pd.testing.assert_frame_equal(dates(kept).drop(columns=["revised"]), before)
    with open_ledger(kept.home.ledger) as ledger:
        said = [each.statement.verdict for each in ledger.reviews("fernandina")]
    assert said == [AIR, ReviewVerdict.TAKEN_BACK]
    with pytest.raises(BadInputError, match=r"no review of 2024-02-11 .* those that do: none"):
        take_back(FERNANDINA, "2024-02-11", "AB", "", kept.settings)


def test_of_two_reviewers_the_newest_counts_and_the_contradiction_shows(kept: KeptHome) -> None:
    say(kept, "2024-02-11")
    given = say(kept, "2024-02-11", CONFIRMED, "AB")
    last = dates(kept).loc[LAST]
    assert last["state"] == "unrest"
    assert last["review"] == "confirmed, contradicted: atmosphere by NS"
    assert last["reviewed_by"] == "AB, NS"
    assert f"{LAST}: {last['review']}" in given.lines()
    (again,) = [line for line in given.lines() if line.startswith("evidence again: ")]
    assert again.startswith("evidence again: 2 pairs that had been left out as air (")
    status = "\n".join(home_status(kept.settings, None, LAST).lines())
    assert "fernandina: 2 reviews stand, the newest: review 2" in status
    assert "confirmed, contradicted: atmosphere by NS (counts: AB)" in status
    say(kept, "2024-02-11", AIR, "ab")  # changes their mind, whatever the spelling
    assert dates(kept).loc[LAST, "review"] == "atmosphere"


def test_another_word_is_shown_and_changes_no_verdict(kept: KeptHome) -> None:
    say(kept, "2024-01-30", OTHER, word="snow")
    row = dates(kept).loc[dt.date(2024, 1, 30)]
    assert (row["state"], row["review"]) == ("quiet", "snow")
    assert pairs(kept)["left_out"].isna().all()


def test_nothing_that_was_said_changes_a_byte_the_second_time(kept: KeptHome) -> None:
    say(kept, "2024-02-11")
    folder = folder_of(kept.home.detections("fernandina"))
    before = digests(folder)
    publish_volcano(FERNANDINA, (FRAME,), kept.settings)
    assert digests(folder) == before


@pytest.mark.parametrize(
    ("subject", "by", "word", "words"),
    [
        ("2024-03-06", "NS", "", "no date 2024-03-06; near it: 2024-01-18, 2024-01-30, 2024-02-11"),
        ("20240118_20240306", "NS", "", "no pair 20240118_20240306; near it: .*20240118_20240211"),
        ("episode-2024-01-01", "NS", "", "no episode .* near it: episode-2024-02-11"),
        ("yesterday", "NS", "", "'yesterday' is nothing to review .* give a date"),
        ("20240211_20240118", "NS", "", "the first must be the older one"),
        ("2024-02-11", " ", "", "--by ''"),
        ("2024-02-11", "=cmd|' /C calc'!A0", "", "--by '=cmd"),
        ("2024-02-11", "N\nS", "", r"--by 'N\\nS'"),
        ("2024-02-11", "NS", "<script>", "--other '<script>'"),
        ("2024-02-11", "NS", "Confirmed", "say --confirmed, or another word"),
        ("2024-02-11", "N" * 61, "", "60 at most"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_kept(
    kept: KeptHome, subject: str, by: str, word: str, words: str
) -> None:
    verdict = OTHER if word else AIR
    with pytest.raises(BadInputError, match=words):
        say(kept, subject, verdict, by, word)
    with open_ledger(kept.home.ledger) as ledger:
        assert ledger.reviews("fernandina") == ()


def test_a_date_without_a_pair_cannot_be_air_but_can_be_confirmed(kept: KeptHome) -> None:
    with open_ledger(kept.home.ledger) as ledger:
        ledger.forget_tiles(FRAME, PAIRS[3:])
    with pytest.raises(BadInputError, match="no pair of fernandina ends on 2024-02-11"):
        say(kept, "2024-02-11")
    say(kept, "2024-02-11", CONFIRMED)
    assert dates(kept).loc[LAST, "review"] == "confirmed"


def test_a_ledger_of_format_4_gets_the_tables_of_reviews(kept: KeptHome, tmp_path: Path) -> None:
    with open_ledger(kept.home.ledger) as ledger:
        for table in ("reviews", "reviewed_dates", "reviewed_pairs"):
            ledger._connection.execute(f"DROP TABLE {table}")
        ledger._connection.execute("PRAGMA user_version = 4")
    assert home_status(kept.settings, None, LAST).reviews == ()
    say(kept, "2024-02-11")
    assert dates(kept).loc[LAST, "review"] == "atmosphere"
