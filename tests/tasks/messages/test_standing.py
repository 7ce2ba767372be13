import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.outbox_records import Standing
from catalogs.records import DatePair, FrameId, ModelId
from catalogs.settings import Settings
from insar_models.onset.date_state import DateState
from insar_models.onset.evidence import DateVerdict, SlowEvidence
from tasks.judge.detect import judge_dates, method_of
from tasks.judge.models import model_of
from tasks.messages.standing import news_of, standing_now, telling_of
from tests.scenes import FRAME
from tests.tasks.kept_home import FERNANDINA, KeptHome

LAST = dt.date(2024, 2, 11)
DAYS = [dt.date(2024, 1, 18), dt.date(2024, 1, 30), LAST]


def verdict(date: dt.date, state: DateState, since: dt.date | None = None) -> DateVerdict:
    return DateVerdict(date, 0.5, state, since, 1, 0, (), (), because=f"why {date}")


def test_a_date_without_data_changes_nothing() -> None:
    verdicts = [
        verdict(DAYS[0], DateState.QUIET),
        verdict(DAYS[1], DateState.UNREST, DAYS[1]),
        verdict(DAYS[2], DateState.NO_DATA, DAYS[1]),
    ]
    standing, because = standing_now(verdicts, LAST, 48)
    assert standing == Standing("unrest", DAYS[1], DAYS[1])
    assert because == "why 2024-01-30"


def test_a_mask_over_unrest_is_no_quiet() -> None:
    masked = DateState.MASKED
    # What the pairs of the masked dates said is no evidence: no unrest is left of them.
    verdicts = [verdict(DAYS[0], DateState.QUIET), *(verdict(day, masked) for day in DAYS[1:])]
    standing, because = standing_now(verdicts, LAST, 48)
    assert (standing, because) == (Standing("masked", None, LAST), f"why {LAST}")
    unrest = Standing("unrest", DAYS[1], LAST)
    assert standing.is_news_after(unrest, watch_wanted=False)
    assert Standing("quiet", None, LAST).is_news_after(standing, watch_wanted=False)
    # A winter's mask over a calm volcano is told to nobody, and neither is its end.
    calm = Standing("quiet", None, DAYS[0])
    assert not standing.is_news_after(calm, watch_wanted=True)
    assert not standing.is_news_after(Standing("watch", None, DAYS[0]), watch_wanted=False)
    assert standing.is_news_after(Standing("watch", None, DAYS[0]), watch_wanted=True)
    # Unrest that began before the mask goes on below it.
    runs = [verdict(DAYS[0], DateState.UNREST, DAYS[0]), verdict(LAST, masked, DAYS[0])]
    assert standing_now(runs, LAST, 48)[0] == Standing("unrest", DAYS[0], DAYS[0])


def test_an_episode_that_loses_its_first_dates_is_no_second_one() -> None:
    first, second, third = (LAST + dt.timedelta(6 * number) for number in range(3))
    told = Standing("unrest", first, first)
    told = told.told_with(Standing("unrest", first, second))
    assert not Standing("unrest", second, third).is_news_after(told, watch_wanted=True)
    assert told.told_with(Standing("unrest", second, third)) == Standing("unrest", first, third)
    assert Standing("unrest", third, third).is_news_after(told, watch_wanted=True)
    calm = Standing("quiet")
    assert calm.told_with(Standing("watch", None, LAST)) == calm


@pytest.mark.parametrize(("days", "state"), [(48, "unrest"), (49, "unknown")])
def test_after_a_silence_nothing_is_known(days: int, state: str) -> None:
    verdicts = [verdict(LAST, DateState.UNREST, DAYS[1])]
    standing, because = standing_now(verdicts, LAST + dt.timedelta(days), 48)
    assert standing.state == state
    assert standing.date == LAST
    if state == "unknown":
        assert because == "no pair for 49 days; unrest since 2024-01-30 not seen to end"


def test_what_was_before_is_what_page_and_feed_say(tmp_path: Path) -> None:
    def was(*states: DateState) -> object:
        dates = [LAST + dt.timedelta(days=12 * number) for number in range(len(states))]
        verdicts = [verdict(*one) for one in zip(dates, states, strict=True)]
        settings = Settings(home=tmp_path)
        return news_of(FERNANDINA, verdicts, [], settings, dates[-1])[1]["was"]

    quiet, watch, unrest = DateState.QUIET, DateState.WATCH, DateState.UNREST
    assert was(quiet, watch, DateState.NO_DATA, unrest) == "watch"
    assert was(quiet, unrest, DateState.NO_DATA) == "quiet"
    assert not was(unrest)
    assert was(quiet, unrest, DateState.MASKED) == "unrest"


def test_what_was_never_scored_is_unknown() -> None:
    standing, _ = standing_now([verdict(LAST, DateState.NO_DATA)], LAST, 48)
    assert standing == Standing("unknown")


def test_a_filled_home_makes_the_facts_of_a_message(kept: KeptHome) -> None:
    model, method = model_of(kept.settings), method_of(kept.settings)
    with open_ledger(kept.home.ledger) as ledger:
        scored = ledger.scored_pairs("fernandina", ModelId(model.name, model.sha256))
    verdicts = judge_dates(scored, model, method, ())
    standing, facts, telling = news_of(
        FERNANDINA, verdicts, scored, kept.settings, LAST + dt.timedelta(1)
    )
    assert standing == Standing("unrest", LAST, LAST)
    assert telling.channels == ()
    assert (facts["pairs"], facts["positive"], facts["tracks"]) == (2, 2, ["128D"])
    assert facts["place"].endswith("summit")
    assert facts["others"] == ["ascending: no data"]
    assert 0.0 < facts["probability"] <= 1.0
    other = FrameId.parse("106A_09048_000909")
    pair = DatePair(DAYS[0], DAYS[1])
    seen = [*scored, replace(scored[0], frame=other, pair=pair)]
    _, facts, _ = news_of(FERNANDINA, verdicts, seen, kept.settings, LAST)
    assert facts["others"] == ["ascending 2024-01-30: 0 of 1 pair"]
    assert FRAME.direction != other.direction


def test_unrest_by_a_rate_tells_the_rate_and_its_place_and_no_probability() -> None:
    slow = SlowEvidence("128D", DAYS[1], 2, 6.2, 3.12, 2.0, 4.2, -0.4, -91.55)
    said = DateVerdict(LAST, 0.004, DateState.UNREST, DAYS[1], 0, 3, ("128D",), (), slow=slow)
    _, facts, _ = news_of(FERNANDINA, [said], [], Settings(), LAST)
    assert facts["probability"] is None
    assert facts["rate"] == "rate 3.12 mm/day (2.00 to 4.20) towards"
    assert facts["place"] == "3 km S of summit"
    _, facts, _ = news_of(FERNANDINA, [replace(said, pairs_for=1)], [], Settings(), LAST)
    assert (facts["probability"], facts["rate"]) == (0.0, "")


def test_a_channel_is_named_without_its_address() -> None:
    addresses = ("ntfy://secret-topic", "ntfy://secret-topic", "mailto://u:p@h.example")
    settings = Settings(
        notify=tuple(map(SecretStr, addresses)),
        notify_watch=True,
        notify_cooldown_days=1.5,
        notify_digest=dt.time(7),
    )
    telling = telling_of(settings)
    assert len(telling.channels) == 2
    assert telling.channels[0].startswith("ntfy-")
    assert "secret" not in str(telling)
    assert telling.watch_wanted
    assert telling.cooldown == dt.timedelta(hours=36)
    assert telling.digest_at == dt.time(7)
