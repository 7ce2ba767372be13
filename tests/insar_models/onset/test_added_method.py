"""What a date method of another package gives back is looked at: it ends as that one's failure."""

import datetime as dt
import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fringewatch.plugins import DATE_METHODS, PluginError
from insar_models.onset.date_state import DateState
from insar_models.onset.evidence import DateVerdict
from insar_models.onset.methods import OnsetMethod, find_method
from insar_models.onset.rule import Rule
from tests.insar_models.onset.series import day, network, step
from tests.plugins import install

MODULE = """
from dataclasses import dataclass
from insar_models.onset.rule import Rule

@dataclass(frozen=True)
class Odd(Rule):
    name = "odd"

    def judge(self, pairs, tried=()):
        return CHANGE(super().judge(pairs, tried))
"""
PAIRS = network(range(0, 120, 6), step(112))
TRIED = (day(200),)
Verdicts = tuple[DateVerdict, ...]


def with_last(**changed: Any) -> Callable[[Verdicts], Verdicts]:
    """Change the verdict on the last date with pairs; on `TRIED` there are none."""
    return lambda given: (*given[:-2], replace(given[-2], **changed), given[-1])


def with_silent(**changed: Any) -> Callable[[Verdicts], Verdicts]:
    return lambda given: (*given[:-1], replace(given[-1], **changed))


def fails_late(given: Verdicts) -> Iterator[DateVerdict]:
    yield from given[:2]
    raise KeyError(given)


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[object], OnsetMethod]:
    """Find a method of another package: the rule, but for what becomes of its verdicts."""
    install(tmp_path, "odds", {DATE_METHODS: {"odd": "odd_j:Odd"}}, {"odd_j.py": MODULE})
    monkeypatch.syspath_prepend(tmp_path)

    def find(change: object) -> OnsetMethod:
        import odd_j  # type: ignore[import-not-found] # noqa: PLC0415 - there from now on

        monkeypatch.setattr(odd_j, "CHANGE", change, raising=False)
        return find_method("odd")

    return find


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda _: (), "0 verdicts for 20 dates, none on 2020-"),
        (lambda given: given[1:], "19 verdicts for 20 dates, none on "),
        (lambda given: (*given, given[-1]), "21 verdicts for 20 dates, not in order of time, or"),
        (lambda given: given[::-1], "20 verdicts for 20 dates, not in order"),
        (lambda _: None, "TypeError: 'NoneType'"),
        (lambda given: [one.state for one in given], "<DateState.QUIET: 'quiet'>, which is no Dat"),
        (fails_late, "KeyError: "),
        (with_silent(date=day(201)), r"one on datetime.date\(.*, which is none of them"),
        (with_silent(date=dt.datetime(2020, 1, 1)), "which is none of them"),  # noqa: DTZ001 - it has none
        (with_last(state="unrest"), "a state that is none"),
        (with_silent(state=DateState.QUIET, probability=0.1), "which is silence"),
        (with_last(probability=1.5), "a probability outside of 0 to 1"),
        (with_last(probability=None), "a probability outside of 0 to 1"),
        (with_last(probability=math.nan), "not NaN where there is no data"),
        (with_silent(probability=0.5), "not NaN where there is no data"),
        (with_last(since=None), "no fit beginning"),
        (with_last(since="2020-01-01"), "no fit beginning"),
        (with_last(since=day(300)), "no fit beginning"),
        (with_last(state=DateState.QUIET), "no fit beginning"),
        (with_last(pairs_for=-1), "no counts"),
        (with_last(pairs_against=1.5), "no counts"),
        (with_last(tracks_for=(1,)), "tracks that are no tuple"),
        (with_last(level=math.inf), "a level that is no number"),
        (with_last(level_needed="high"), "a level that is no number"),
        (with_silent(unknown_since=day(300)), "since which nothing is known"),
        (with_last(because=None), "no words"),
        (with_last(past="quiet"), "a past that is none"),
    ],
)  # fmt: skip
def test_wrong_verdicts_name_the_package_and_what_is_wrong(
    change: object, words: str, odd: Callable[[object], OnsetMethod]
) -> None:
    whose = r"the plug-in 'odd' \(fringewatch\.date_methods\) of odds 1\.0 is broken: "
    with pytest.raises(PluginError, match=f"{whose}.*{words}"):
        odd(change).judge(PAIRS, TRIED)


def test_sound_verdicts_are_handed_on(odd: Callable[[object], OnsetMethod]) -> None:
    ours = Rule().judge(PAIRS, TRIED)
    assert ours[-2].state is DateState.UNREST
    # A generator of dates can be gone through once alone.
    assert repr(odd(list).judge(PAIRS, (date for date in TRIED))) == repr(ours)


def test_days_of_silence_are_whole(odd: Callable[[object], OnsetMethod], tmp_path: Path) -> None:
    assert odd(tuple).silence_days == Rule().silence_days
    text = """
from dataclasses import dataclass

@dataclass(frozen=True)
class Mute:
    name = "mute"
    silence_days = "many"

    def judge(self, pairs, tried=()):
        return ()
"""
    install(tmp_path, "mutes", {DATE_METHODS: {"mute": "mute_j:Mute"}}, {"mute_j.py": text})
    with pytest.raises(PluginError, match="its silence_days is 'many', not a whole number"):
        find_method("mute").silence_days  # noqa: B018 - it is asked
