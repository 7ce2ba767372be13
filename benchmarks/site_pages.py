"""How long the pages of many volcanoes take: all of them, none that changed, and some that did.

    python -m benchmarks.site_pages                # 125 and 500 volcanoes, 120 dates each
    python -m benchmarks.site_pages --volcanoes 20

The home is made up: volcanoes of the catalogue (and places of no catalogue beyond those), each with
tables of two years, all on one cube of a simulated frame. One in twenty is in unrest. The aim is a
minute for 500 volcanoes, all new or after a night in which one in ten has a new date, each page
below 2 MB, and memory that does not grow with their number.
"""

import argparse
import datetime as dt
import resource
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from benchmarks.clocks import machine, verdict
from catalogs.cubes.cube import open_cube
from catalogs.cubes.layers import settle_highest_coherence
from catalogs.cubes.pair_tile import PairTile
from catalogs.home.home import Home, home_of, open_home
from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.rows import SourceRow, TileRow
from catalogs.rasters.grid import Grid, Window
from catalogs.records import DatePair, FrameId
from catalogs.settings import Settings
from catalogs.tables import DATES, INTERFEROGRAMS, TableSchema, write_table
from catalogs.world.volcanoes import load_volcanoes
from fringewatch.numbers import PIXEL_DEGREES, WINDOW_SIZE
from insar_models.phase.codes import encode_phase, wrap
from tasks.judge.models import model_of
from tasks.site.rendering import LARGEST_PAGE_BYTES
from tasks.site.site import SiteReport, write_site

_START: Final = dt.date(2022, 1, 3)
_STEP: Final = dt.timedelta(days=6)
_PAIRS_IN_CUBE: Final = 24
_AIM_S: Final = 60.0
_EACH_IN_UNREST: Final = 20
_EACH_CHANGED: Final = 10


@dataclass(frozen=True)
class Took:
    """What making pages took: by the wall's clock, and by the processors' of all processes."""

    wall_s: float
    processor_s: float


def main() -> None:
    """Measure, and print a line for each case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--volcanoes", type=int, nargs="+", default=[125, 500])
    parser.add_argument("--dates", type=int, default=120)
    given = parser.parse_args()
    print(machine())
    costs = [_measure_home(count, given.dates) for count in given.volcanoes]
    if len(costs) > 1:
        print(f"processor time of a page, most to fewest: {costs[-1] / costs[0]:.2f}")


def _measure_home(count: int, dates: int) -> float:
    """Print what the pages of so many volcanoes take; return the processor time of a new one."""
    with tempfile.TemporaryDirectory() as name:
        settings = Settings(home=Path(name) / "home")
        slugs = _make_home(settings, count, dates)
        day = _START + (dates + 1) * _STEP
        all_new = _measure(f"{count} volcanoes, all new", settings, day)
        _measure(f"{count} volcanoes, nothing new", settings, day)
        changed = slugs[::_EACH_CHANGED]
        for number, slug in enumerate(slugs):
            if slug in changed:
                _write_tables(settings, slug, dates + 1, in_unrest=_in_unrest(number))
        night = _measure(f"{count} volcanoes, a new date of {len(changed)}", settings, day)
        for what, took in (("all new", all_new), ("a night with a tenth", night)):
            print(verdict(f"{count} volcanoes, seconds of {what}", took.wall_s, _AIM_S, most=True))
        sizes = [file.size for file in home_of(settings).site.files()]
        print(verdict("largest page, MB", max(sizes) / 1e6, LARGEST_PAGE_BYTES / 1e6, most=True))
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{count} volcanoes: {peak_mb:.0f} MB of memory at most in this process")
        return all_new.processor_s / count


def _measure(what: str, settings: Settings, day: dt.date) -> Took:
    wall, processor = time.perf_counter(), _processor_s()
    made: SiteReport = write_site(settings, seen_from=day)
    took = Took(time.perf_counter() - wall, _processor_s() - processor)
    each_ms = 1000 * took.processor_s / len(made.volcanoes)
    print(
        f"{what}: {len(made.written)} written, {made.unchanged} unchanged, {took.wall_s:.1f} s "
        f"({took.processor_s:.1f} s of processors, {each_ms:.0f} ms a volcano)"
    )
    return took


def _processor_s() -> float:
    """Of this process and of those that it has started and that have ended."""
    own, others = (resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime


def _make_home(settings: Settings, count: int, dates: int) -> Sequence[str]:
    home = open_home(home_of(settings))
    known = [(volcano.slug, volcano.frames[0]) for volcano in load_volcanoes()][:count]
    invented = [f"place-{number:03}" for number in range(count - len(known))]
    places = known + [(slug, known[0][1]) for slug in invented]
    shared = _make_cube(home, dates)
    with open_ledger(home.ledger) as ledger:
        pairs = _pairs(dates)[-_PAIRS_IN_CUBE:]
        tiles = [TileRow(pair, "https://portal.invalid/x", "0", "0", "0") for pair in pairs]
        asked = dt.datetime.combine(_START + dates * _STEP, dt.time(2, 17), dt.UTC)
        for slug, frame in places:
            ledger.record_tiles(slug, frame, tiles)
            ledger.record_source(
                frame,
                SourceRow("https://portal.invalid", asked, "listed", len(pairs), pairs[-1], None),
            )
    for number, (slug, frame) in enumerate(places):
        link = home.root / "cubes" / slug / f"{frame}.zarr"
        link.parent.mkdir(parents=True)
        link.symlink_to(shared)
        _write_tables(settings, slug, dates, in_unrest=_in_unrest(number))
    return [slug for slug, _ in places]


def _in_unrest(number: int) -> bool:
    return number % _EACH_IN_UNREST == 0


def _pairs(dates: int) -> list[DatePair]:
    days = [_START + number * _STEP for number in range(dates + 1)]
    return [DatePair(first, second) for first, second in pairwise(days)]


def _make_cube(home: Home, dates: int) -> Path:
    """Make the one cube that all share, with fringes in each pair, and return where it lies."""
    grid = Grid(10.0, 20.0, PIXEL_DEGREES, PIXEL_DEGREES, WINDOW_SIZE, WINDOW_SIZE)
    frame = FrameId.parse("155D_02579_100800")
    place = home.kept / "shared-cube"
    cube = open_cube(place, "benchmark", frame, Window(grid, 0, 0, WINDOW_SIZE))
    y, x = np.mgrid[:WINDOW_SIZE, :WINDOW_SIZE] / WINDOW_SIZE - 0.5
    generator = np.random.default_rng(15)
    tiles = []
    for pair in [*_pairs(dates), *_pairs(dates + 1)[-1:]][-_PAIRS_IN_CUBE - 1 :]:
        phase = 30.0 * np.exp(-(x**2 + y**2) / 0.02) + generator.normal(0, 0.4, x.shape)
        codes = encode_phase(wrap(phase.astype(np.float32)))
        tiles.append(PairTile(pair, codes, np.full(x.shape, 180, dtype=np.uint8)))
    cube.append(tiles)
    settle_highest_coherence(place)
    path = place.path
    assert path is not None  # noqa: S101 - a folder has one
    return path


def _write_tables(settings: Settings, slug: str, dates: int, *, in_unrest: bool) -> None:
    volcanoes = {volcano.slug: volcano for volcano in load_volcanoes()}
    volcano = volcanoes.get(slug) or next(iter(volcanoes.values()))
    model, frame = model_of(settings), volcano.frames[0]
    pairs = _pairs(dates)
    moving = np.arange(dates) >= dates - 5 if in_unrest else np.zeros(dates, dtype=bool)
    folder = home_of(settings).detections(slug)
    write_table(INTERFEROGRAMS, _pair_rows(slug, frame, pairs, moving, model.sha256), folder)
    write_table(DATES, _date_rows(slug, frame, pairs, moving), folder)


def _pair_rows(
    slug: str, frame: FrameId, pairs: Sequence[DatePair], moving: Any, sha256: str
) -> pd.DataFrame:
    rows = {
        "volcano": slug, "gvp_number": 1, "frame": str(frame), "direction": frame.direction.value,
        "primary_date": [pair.primary for pair in pairs],
        "secondary_date": [pair.secondary for pair in pairs],
        "days": [pair.days for pair in pairs], "valid_fraction": 0.9, "coherence_mean": 0.7,
        "score": np.where(moving, 2.0, -2.0), "threshold": 0.0,
        "probability": np.where(moving, 0.6, 0.01), "threshold_probability": 0.05,
        "positive": moving, "peak_latitude": 19.75, "peak_longitude": 10.25, "patches_scored": 9,
        "water": "coherence", "air": None, "air_rad_per_km": np.nan, "air_share": np.nan,
        "model": "simclr-compact-2", "model_sha256": sha256, "source_url": "https://portal.invalid",
        "source_sha256": [f"{slug}{pair}" for pair in pairs],
        "scored_at": pd.Timestamp("2024-01-01", tz="UTC"),
    }  # fmt: skip
    return _complete(INTERFEROGRAMS, rows, len(pairs))


def _date_rows(slug: str, frame: FrameId, pairs: Sequence[DatePair], moving: Any) -> pd.DataFrame:
    since = next((pair.secondary for pair, moves in zip(pairs, moving, strict=True) if moves), None)
    states = np.where(moving, "unrest", "quiet")
    rows = {
        "volcano": slug, "gvp_number": 1, "date": [pair.secondary for pair in pairs], "pairs": 1,
        "pairs_positive": moving.astype(int), "frames": str(frame), "tracks_for": "",
        "tracks_against": frame.pass_name, "probability": np.where(moving, 0.9, 0.05),
        "level": np.where(moving, 0.9, 0.05), "level_needed": 0.5, "state": states,
        "because": "1 of 1 pairs, one track", "since": [since if m else None for m in moving],
        "unknown_since": None, "peak_latitude": np.where(moving, 19.75, np.nan),
        "peak_longitude": np.where(moving, 10.25, np.nan), "past_dates": 20,
        "past_first": pairs[0].secondary, "past_last": pairs[-9].secondary, "past_centre": 0.0,
        "past_spread": 1.0, "method": "deconvolution", "model": "simclr-compact-2",
        "first_state": states, "first_since": [since if m else None for m in moving],
        "first_method": "deconvolution", "first_model": "simclr-compact-2",
        "first_judged_at": pd.Timestamp("2024-01-01", tz="UTC"), "revised": False,
        "rate_mm_per_day": np.where(moving, 1.5, 0.02), "rate_low": -0.1, "rate_high": 2.0,
        "displacement_mm": np.where(moving, 40.0, np.nan),
        "displacement_low_mm": np.where(moving, 30.0, np.nan),
        "displacement_high_mm": np.where(moving, 50.0, np.nan), "air_disturbed": 0.1,
    }  # fmt: skip
    return _complete(DATES, rows, len(pairs))


def _complete(schema: TableSchema, rows: Mapping[str, Any], count: int) -> pd.DataFrame:
    """Return the rows with all columns of their table; empty where nothing is given."""
    columns = {column.name: rows.get(column.name) for column in schema.columns}
    return pd.DataFrame(columns, index=range(count))


if __name__ == "__main__":
    main()
