"""Facts of a volcano that were never measured: tables with as few columns said as a test needs."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
import pyarrow as pa

from catalogs.records import FrameId, Volcano
from catalogs.tables import DATES, INTERFEROGRAMS, TableSchema
from catalogs.world.volcanoes import find_volcano
from tasks.judge.standing import Standing
from tasks.site.facts import VolcanoFacts
from tasks.site.passes import TrackPasses

FERNANDINA = find_volcano("fernandina")
ASCENDING, DESCENDING = "106A_09048_000909", "128D_09016_110500"
FIRST = dt.date(2024, 1, 6)
MODEL = "0" * 64

_DAY: dict[str, Any] = {
    "volcano": "fernandina", "gvp_number": 353010, "pairs": 1, "pairs_positive": 0,
    "frames": ASCENDING, "tracks_for": "", "tracks_against": "106A", "probability": 0.05,
    "level": 0.05, "level_needed": 0.5, "state": "quiet", "because": "0 of 1 pair positive",
    "slow_dates": 0, "past_dates": 3, "past_first": FIRST, "past_last": FIRST, "past_centre": 0.0,
    "past_spread": 1.0, "method": "deconvolution", "model": "simclr-compact-2",
    "first_state": "quiet", "first_method": "deconvolution", "first_model": "simclr-compact-2",
    "first_judged_at": pd.Timestamp("2024-01-01", tz="UTC"), "revised": False,
}  # fmt: skip
_PAIR: dict[str, Any] = {
    "volcano": "fernandina", "gvp_number": 353010, "frame": ASCENDING, "valid_fraction": 0.9,
    "coherence_mean": 0.7, "score": -2.0, "threshold": 0.0, "probability": 0.01,
    "threshold_probability": 0.05, "positive": False, "patches_scored": 9, "water": "coherence",
    "model": "simclr-compact-2", "model_sha256": MODEL,
    "source_url": "https://portal.example/x.tif", "source_sha256": "1",
    "scored_at": pd.Timestamp("2024-01-01", tz="UTC"),
}  # fmt: skip
POSITIVE = {
    "score": 3.0, "probability": 0.9, "positive": True, "peak_latitude": -0.406,
    "peak_longitude": -91.55,
}  # fmt: skip


def day(number: int, state: str = "quiet", **said: Any) -> dict[str, Any]:
    """A row of the dates table: so many repeats after the first date."""
    unrest = {"since": date_of(number), "probability": 0.8, "level": 0.8, "pairs_positive": 1}
    more = unrest if state == "unrest" else {}
    return {**_DAY, "date": date_of(number), "state": state, "first_state": state, **more, **said}


def pair(first: int, second: int, **said: Any) -> dict[str, Any]:
    """A row of the interferograms table, between two repeats."""
    row = {**_PAIR, "primary_date": date_of(first), "secondary_date": date_of(second), **said}
    row["days"] = (row["secondary_date"] - row["primary_date"]).days
    row["direction"] = FrameId.parse(row["frame"]).direction.value
    return row


def date_of(number: int) -> dt.date:
    return FIRST + number * dt.timedelta(days=12)


def table_of(schema: TableSchema, rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """The rows as they are read from a table's file; what is not said is empty."""
    table: pd.DataFrame = pa.Table.from_pylist(list(rows), schema=schema.arrow).to_pandas()
    return table


def facts_of(
    days: Sequence[dict[str, Any]] = (),
    pairs: Sequence[dict[str, Any]] = (),
    volcano: Volcano = FERNANDINA,
    **said: Any,
) -> VolcanoFacts:
    """The facts of a volcano; its state is that of the last date."""
    standing = Standing("no data", None, "no interferogram of it was ever scored")
    if days:
        standing = Standing(days[-1]["state"], days[-1].get("since"), days[-1]["because"])
    known = max((one["date"] for one in days if one["pairs"]), default=None)
    standing = replace(said.pop("standing", standing), newest=known)
    tracks = (TrackPasses(FrameId.parse(ASCENDING), None, None, 12, is_absent=False),)
    found: dict[str, Any] = {
        "standing": standing, "tracks": tracks, "looked_at": None, "troubles": (), "reviews": (),
        "reviewed": "", "unread": (),
        "silence_days": 48, "air": {}, "made_from": {}, "tables_sha256": "",
    }  # fmt: skip
    dates, interferograms = table_of(DATES, days), table_of(INTERFEROGRAMS, pairs)
    return VolcanoFacts(volcano, dates, interferograms, **(found | said))
