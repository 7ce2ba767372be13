"""Detect: from scored pairs to one row per date."""

import datetime as dt
from collections.abc import Iterable

import numpy as np
import pandas as pd

from catalogs.records import Volcano
from catalogs.tables import DATES

_LEAST_POSITIVE = 2


def daily_states(
    interferograms: pd.DataFrame, volcano: Volcano, model: str, tried: Iterable[dt.date]
) -> pd.DataFrame:
    """Return the dates table: for each date on which pairs end, whether the volcano deforms.

    The rule can be checked by hand: *unrest* when at least half of the date's pairs, and at least
    two, are positive; *watch* when some are, but fewer; *quiet* when none is; *no data* when no
    pair could be scored. An episode of unrest runs until the first quiet date; a date of watch or
    without data neither begins nor ends it.

    Parameters
    ----------
    interferograms
        Rows of the interferograms table of one volcano.
    volcano
        Whose they are.
    model
        Name of the model that scored them.
    tried
        Dates on which a pair ended that could not be had: they get a row, because silence is not
        quiet.

    Returns
    -------
    pandas.DataFrame
        The columns of the dates table, one row per date, in order of time.
    """
    scored = interferograms[interferograms["score"].notna()]
    groups = dict(tuple(scored.groupby("secondary_date")))
    rows = []
    since: dt.date | None = None
    for date in sorted(set(interferograms["secondary_date"]) | set(tried)):
        pairs = groups.get(date, scored.iloc[:0])
        state = _state(len(pairs), int(pairs["positive"].astype(bool).sum()))
        if state == "unrest":
            since = since or date
        elif state == "quiet":
            since = None
        rows.append(_row(volcano, date, pairs) | {"state": state, "since": since, "model": model})
    return pd.DataFrame(rows, columns=[column.name for column in DATES.columns])


def _state(pairs: int, positive: int) -> str:
    if pairs == 0:
        return "no data"
    if positive >= _LEAST_POSITIVE and 2 * positive >= pairs:
        return "unrest"
    return "watch" if positive else "quiet"


def _row(volcano: Volcano, date: dt.date, pairs: pd.DataFrame) -> dict[str, object]:
    positive = pairs[pairs["positive"].astype(bool)]
    peak_latitude, peak_longitude = np.nan, np.nan
    if len(positive):
        strongest = positive.sort_values("score", kind="stable").iloc[-1]
        peak_latitude, peak_longitude = strongest["peak_latitude"], strongest["peak_longitude"]
    return {
        "volcano": volcano.slug,
        "gvp_number": volcano.gvp_number,
        "date": date,
        "pairs": len(pairs),
        "pairs_positive": len(positive),
        "frames": " ".join(sorted(set(pairs["frame"]))),
        "probability": pairs["probability"].median() if len(pairs) else np.nan,
        "peak_latitude": peak_latitude,
        "peak_longitude": peak_longitude,
    }
