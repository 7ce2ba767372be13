import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from catalogs.records import DatePair
from catalogs.storage.place import Place
from tasks.pictures.contact_strip import PhaseWindow
from tasks.pictures.episode_strip import draw_episodes, select_strips
from tasks.pictures.phase_windows import SeenPair, WindowReader

FRAME = "155D_02579_100800"
WORDS = ("Fagradalsfjall", "")
_NO_RATE = {"slow_dates": 0, "tracks_for": ""}


def day(number: int) -> dt.date:
    return dt.date(2021, 1, 6) + dt.timedelta(days=6 * number)


def dates_of(since: list[int | None]) -> pd.DataFrame:
    """One date for each item, which says since which of them unrest runs."""
    rows = [
        {
            "date": day(number),
            "since": None if first is None else day(first),
            "state": "quiet" if first is None else "unrest",
        }
        | _NO_RATE
        for number, first in enumerate(since)
    ]
    return pd.DataFrame(rows, columns=["date", "since", "state", *_NO_RATE], dtype=object)


def test_a_date_without_data_is_none_on_which_unrest_still_was() -> None:
    table = dates_of([None, 1, 1])
    table.loc[2, "state"] = "no data"
    (strip,) = select_strips(table, pairs_of(pair_row(1)))
    assert strip.words.startswith(f"unrest since {day(1)}, still on {day(1)}: ")
    table.loc[2, "state"] = "unknown"
    (strip,) = select_strips(table, pairs_of(pair_row(1)))
    assert strip.words.startswith(f"unrest {day(1)} to {day(1)}: ")


def pair_row(end: int, **changes: Any) -> dict[str, Any]:
    return {
        "frame": FRAME,
        "primary_date": day(end - 1),
        "secondary_date": day(end),
        "probability": 0.9,
        "positive": True,
        "left_out": None,
        "air": None,
        "air_rad_per_km": np.nan,
        "source_sha256": "ff",
        "model_sha256": "aa",
    } | changes


def pairs_of(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(pair_row(1)), dtype=object)


class FakeReader(WindowReader):
    """Gives windows of noise, and remembers which were asked for."""

    def __init__(self) -> None:
        object.__setattr__(self, "asked", [])

    def read(self, seen: SeenPair) -> PhaseWindow:
        self.asked.append(seen.pair)
        phase = np.zeros((20, 20), dtype=np.float32)
        return PhaseWindow(seen.pair, phase, seen.probability, seen.positive)

    asked: list[DatePair]


def test_the_positive_pairs_of_an_episode_are_drawn_in_order_of_time() -> None:
    dates = dates_of([None, 1, 1, None])
    pairs = pairs_of(pair_row(0), pair_row(2), pair_row(1), pair_row(1, frame="016A_02562_091313",
                     positive=False), pair_row(3))  # fmt: skip
    (strip,) = select_strips(dates, pairs)
    assert [seen.pair.secondary for seen in strip.pairs] == [day(1), day(2)]
    assert strip.name == f"episode-{day(1)}.png"
    assert strip.words == f"unrest {day(1)} to {day(2)}: its 2 positive interferograms"


def test_a_running_episode_says_so() -> None:
    (strip,) = select_strips(dates_of([None, 1, 1]), pairs_of(pair_row(1)))
    assert strip.words.startswith(f"unrest since {day(1)}, still on {day(2)}")


def test_of_many_pairs_the_first_and_the_last_are_drawn() -> None:
    pairs = pairs_of(*(pair_row(number) for number in range(1, 14)))
    (strip,) = select_strips(dates_of([None, *[1] * 13]), pairs)
    drawn = [seen.pair.secondary for seen in strip.pairs]
    assert drawn == [day(number) for number in (1, 2, 3, 4, 5, 9, 10, 11, 12, 13)]
    assert "the first and the last 5 of its 13" in strip.words
    (strip,) = select_strips(dates_of([None, *[1] * 10]), pairs)
    assert len(strip.pairs) == 10


def test_the_newest_episodes_come_first_and_no_more_than_five() -> None:
    since = [number if number % 2 else None for number in range(16)]
    pairs = pairs_of(*(pair_row(number) for number in range(1, 16)))
    strips = select_strips(dates_of(since), pairs)
    assert [strip.since for strip in strips] == [day(number) for number in (15, 13, 11, 9, 7)]


@pytest.mark.parametrize("positive", [False, None])
def test_without_a_positive_pair_there_is_no_picture(positive: bool | None) -> None:
    assert select_strips(dates_of([0, 0]), pairs_of(pair_row(1, positive=positive))) == ()
    assert select_strips(dates_of([]), pairs_of()) == ()
    assert select_strips(dates_of([None]), pairs_of(pair_row(0))) == ()


def test_an_episode_by_rates_shows_the_pairs_of_its_track() -> None:
    dates = dates_of([None, 1, 1]).assign(slow_dates=[0, 1, 2], tracks_for=["", "155D", "155D"])
    quiet = {"positive": False, "probability": 0.01}
    pairs = pairs_of(
        *(pair_row(k, **quiet) for k in range(3)), pair_row(2, frame="016A_02562_091313", **quiet)
    )
    (strip,) = select_strips(dates, pairs)
    assert [(str(seen.frame), seen.positive) for seen in strip.pairs] == [(FRAME, False)] * 2
    assert strip.words.endswith("its 2 interferograms, none positive: it is by the rate")


def test_only_what_changed_is_drawn_again(here: Place) -> None:
    pairs = pairs_of(*(pair_row(number) for number in (1, 3)))
    dates = dates_of([None, 1, None, 3])
    before = select_strips(dates, pairs)
    reader = FakeReader()
    drawn = draw_episodes(before, (), reader, here, WORDS)
    assert [place.name for place in drawn] == [f"episode-{day(3)}.png", f"episode-{day(1)}.png"]
    assert draw_episodes(select_strips(dates, pairs), before, reader, here, WORDS) == ()

    other = pairs_of(pair_row(1, source_sha256="00"), pair_row(3))
    (place,) = draw_episodes(select_strips(dates, other), before, reader, here, WORDS)
    assert place.name == f"episode-{day(1)}.png"
    (here / f"episode-{day(3)}.png").remove()
    (place,) = draw_episodes(before, before, reader, here, WORDS)
    assert place.name == f"episode-{day(3)}.png"


def test_another_model_draws_all_again() -> None:
    dates = dates_of([None, 1])
    (one,) = select_strips(dates, pairs_of(pair_row(1)))
    (two,) = select_strips(dates, pairs_of(pair_row(1, model_sha256="bb")))
    assert one != two
    assert replace(two, made_from=one.made_from) == one


def test_the_picture_of_an_episode_that_is_no_more_goes(here: Place) -> None:
    for name in ("episode-2020-01-01.png", "episode-notes.png", "timeline.png"):
        (here / name).write(b"x")
    draw_episodes((), (), FakeReader(), here, WORDS)
    assert here.children() == ("episode-notes.png", "timeline.png")
