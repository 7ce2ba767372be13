"""Rates: how fast the place of each frame's window moves that moves most, as known on each date."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Final

from prefect import task

from catalogs.home.home import home_of
from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.measures import DateMeasure
from catalogs.records import FrameId
from catalogs.settings import Settings
from fringewatch.errors import StoreError
from insar_models.onset.slow_motion import PlaceRate
from tasks.judge.cube_windows import CubeWindows
from tasks.judge.left_out import pairs_that_count
from tasks.progress import report_progress
from tasks.records import BatchReport, FrameRequest, Problem

_UNREADABLE: Final = (StoreError, ValueError, RuntimeError, OSError)


def measure_frame(request: FrameRequest, settings: Settings) -> BatchReport:
    """Return a report without pairs; its problems are dates whose rate could not be found.

    Of each date on which a pair of the cube ends that counts (`pairs_that_count`) and has a score
    the ledger gets the rate of the place that moves most, from those of the `rate_days` before it.
    It rests on nothing that ends later, and is found once: again only if one of those pairs, its
    air or the water has changed, or another pair counts.

    Raises
    ------
    StoreError
        If the cube is damaged.
    """
    home, volcano, frame = home_of(settings), request.volcano.slug, request.frame
    with open_ledger(home.ledger) as ledger:
        made_of = pairs_that_count(ledger, volcano, frame, settings)
        before = {(m.date, m.since): m for m in ledger.measures(volcano).get(frame, ())}
        unusable = ledger.unusable_pairs(volcano, frame)
        ends = {pair.secondary for pair in made_of if pair not in unusable and settings.rate_days}
        ledger.forget_measures(volcano, frame, [key for key in before if key[0] not in ends])
        if not ends:
            return BatchReport()
        windows = CubeWindows.open(ledger, volcano, frame, settings)
        problems: list[Problem] = []
        todo = []
        for end in sorted(ends):
            pairs = windows.pairs_between(made_of, end - dt.timedelta(settings.rate_days), end)
            made_from = windows.made_from(pairs, made_of, None)
            known = before.get((end, None))
            if known is None or known.made_from != made_from:
                todo.append((end, pairs, made_from))
        for number, (end, pairs, made_from) in enumerate(todo, 1):
            try:
                found = windows.rate(end, pairs, made_from)
            except _UNREADABLE as error:
                reason = f"no rate, the cube does not give its pairs ({error})"
                problems.append(Problem(frame, None, f"{end}: {reason}: run `fringewatch verify`"))
                continue
            ledger.record_measures(volcano, frame, [found])
            report_progress(f"{frame}: rates", number, len(todo))
    return BatchReport((), tuple(problems))


measure_task = task(name="rates")(measure_frame)


def place_rates(measures: Mapping[FrameId, Sequence[DateMeasure]]) -> list[PlaceRate]:
    """Return the rates that can speak for slow motion: of each track and date the surest."""
    best: dict[tuple[str, dt.date], PlaceRate] = {}
    for frame, own in measures.items():
        for one in own:
            rate = _rate_of(str(frame).partition("_")[0], one)
            if rate is None:
                continue
            key = (rate.track, rate.date)
            if key not in best or rate.deviations > best[key].deviations:
                best[key] = rate
    return [best[key] for key in sorted(best)]


def _rate_of(track: str, one: DateMeasure) -> PlaceRate | None:
    numbers = (one.motion_mm, one.deviation_mm, one.coherence, one.latitude, one.longitude)
    if one.since is not None or one.first is None or None in numbers or not one.deviation_mm:
        return None
    rate, deviation, coherence, latitude, longitude = (float(n) for n in numbers if n is not None)
    recent, low, high = (
        float("nan") if number is None else number
        for number in (one.recent_deviations, one.low_mm, one.high_mm)
    )
    own = (rate, deviation, coherence, latitude, longitude, recent, low, high)
    return PlaceRate(track, one.date, one.first, *own)
