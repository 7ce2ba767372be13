"""Rates of simulated pairs beside what the simulated ground did."""

import datetime as dt
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from insar_models.rates.estimate import place_map
from insar_models.rates.field import MotionField
from insar_models.rates.looks import CELL_PIXELS
from insar_models.simulation import Scene, deformation_m
from tasks.assess.looks import FrameLooks
from tasks.assess.rate_truth import RateOutcome, steady_rate_m
from tasks.assess.windows import cut_window
from tasks.scenarios.frames import ScenarioFrame
from tasks.scenarios.scenario import Scenario
from tasks.scenarios.scenes import scene_of

_MM = 1e3


def simulated_rates(
    scenario: Scenario, frame: ScenarioFrame, seed: int, looks: FrameLooks, days: int
) -> Iterator[RateOutcome]:
    """Yield the rate of each date of a frame with the true motion of its place.

    Parameters
    ----------
    scenario, frame, seed
        What was simulated.
    looks
        Its pairs.
    days
        Before each date, whose pairs tell the rate.
    """
    rates = looks.rates(days)
    scene = scene_of(scenario, frame, seed=seed)
    moved = true_places_m(scenario, scene, looks, {date for pair in looks.dates for date in pair})
    for rate in rates:
        pairs = [p for p in looks.dates if rate.first <= p[0] and p[1] <= rate.date]
        place = looks.cell_of(rate.latitude, rate.longitude)
        yield RateOutcome(rate, _MM * steady_rate_m(pairs, moved, place))


def true_places_m(
    scenario: Scenario, scene: Scene, looks: FrameLooks, dates: Iterable[dt.date]
) -> dict[dt.date, NDArray[np.float64]]:
    """Return of each date how far each place has moved since the first, against its ring.

    Metres towards the satellite, (rows, columns) of cells; 0 under water and at the rim.
    """
    ordered = sorted(dates)
    land = _cells(cut_window(scene.is_land, scenario.window).astype(np.float64)) > 0
    found: dict[dt.date, NDArray[np.float64]] = {}
    for date in ordered:
        if not scenario.episodes:
            found[date] = np.zeros(land.shape)
            continue
        away = cut_window(deformation_m(scene, ordered[0], date), scenario.window)
        known = np.where(land, -_cells(away), np.nan)
        places = place_map(MotionField(known, np.ones(known.shape)), looks.cell_m).motion_m
        found[date] = np.nan_to_num(places)
    return found


def _cells(values: NDArray[np.float64]) -> NDArray[np.float64]:
    pad = [(0, -side % CELL_PIXELS) for side in values.shape]
    padded = np.pad(values, pad, mode="edge")
    rows, columns = (side // CELL_PIXELS for side in padded.shape)
    means = padded.reshape(rows, CELL_PIXELS, columns, CELL_PIXELS).mean(axis=(1, 3))
    return np.asarray(means, dtype=np.float64)
