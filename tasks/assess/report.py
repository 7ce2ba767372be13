"""An assessment in words and as JSON."""

import dataclasses
import datetime as dt
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from tasks.assess.curve import CurvePoint
from tasks.assess.outcomes import Assessment, Ending, EpisodeOutcome
from tasks.assess.rate_truth import MOVING_MM_PER_DAY, RateFigures
from tasks.assess.rates import Counts, Rate
from tasks.assess.runs import Summary
from tasks.assess.truth_records import DatedEpisode

_HEADER = (
    "method", "found", "of them *", "missed", "unwatched", "delay", "acquisitions",
    "false alarms", "per year", "95 %", "watch", "per year", "tectonic",
    "dates P", "R", "pairs P", "R",
)  # fmt: skip


def format_report(summaries: Sequence[Summary]) -> str:
    """Return a line for each method, then how each saw each episode."""
    first = summaries[0].assessments
    years = summaries[0].false_alarm_rate.years
    lines = [
        f"{', '.join(own.volcano for own in first)}: {sum(own.dates for own in first)} dates from "
        f"{min(own.first for own in first)} to {max(own.last for own in first)}, {years:.2f} years "
        f"outside of episodes and {first[0].grace_days} days after each",
        "",
        *_table([_HEADER, *map(_line, summaries)]),
    ]
    episodes = _by_episode(summaries)
    if episodes:
        header = ("episode", *(summary.method for summary in summaries))
        lines += ["", "days (acquisitions) from onset to unrest:", *_table([header, *episodes])]
    if any(summary.ran_before for summary in summaries):
        lines += ["", "* unrest ran before the onset already: no merit, and in no median"]
    return "\n".join(lines)


def format_curve(method: str, points: Sequence[CurvePoint]) -> str:
    """Return the curve of one method, a threshold a line."""
    header = (
        "threshold",
        "found",
        "of them *",
        "missed",
        "delay",
        "false alarms",
        "per year",
        "95 %",
    )
    rows = [
        (
            f"{point.shift:+.2f}",
            str(point.found),
            str(point.ran_before),
            str(point.missed),
            _days(point.median_delay_days),
            *_rate(point.false_alarm_rate),
        )
        for point in points
    ]
    title = f"{method}: threshold in logits above the model's own"
    return "\n".join([title, *_table([header, *rows])])


def format_rates(figures: RateFigures) -> str:
    """Return what rates are worth, in two lines; an interval is that of 95 %."""
    rest = _number(figures.resting_error_mm_per_day, 2)
    error = _number(figures.moving_error_mm_per_day, 2)
    return (
        f"rates beside the truth, {figures.resting + figures.moving} dates of a track: the place "
        f"that seems to move most is at rest on {figures.resting} (median error {rest} mm a day, "
        f"truth in the interval on {figures.resting_within})\n"
        f"and moves by {MOVING_MM_PER_DAY:g} mm a day or more on {figures.moving}: median error "
        f"{error} mm a day, sign right on {figures.right_signs}, truth in the interval on "
        f"{figures.within}"
    )


def report_json(
    summaries: Sequence[Summary],
    curves: Mapping[str, Sequence[CurvePoint]],
    about: Mapping[str, str],
    rates: RateFigures | None = None,
) -> str:
    """Return everything as JSON; what is not defined (NaN) is null, dates are YYYY-MM-DD.

    Parameters
    ----------
    summaries
        One for each method.
    curves
        By method; may be empty.
    about
        What was assessed against what, in words, such as the names of files.
    rates
        What rates are worth beside the truth, where that is known.
    """
    content = {
        **about,
        "rates": rates,
        "methods": {
            summary.method: {
                "found": summary.count(Ending.FOUND),
                "ran_before": summary.ran_before,
                "missed": summary.count(Ending.MISSED),
                "not_watched": summary.count(Ending.NOT_WATCHED),
                "median_delay_days": summary.median_delay_days,
                "median_delay_acquisitions": summary.median_delay_acquisitions,
                "false_alarm_rate": summary.false_alarm_rate,
                "watch_dates": summary.watch_dates,
                "watch_dates_per_year": summary.watch_dates_per_year,
                "tectonic_alarms": summary.tectonic_alarms,
                "by_date": summary.by_date,
                "by_pair": summary.by_pair,
                "cases": summary.assessments,
                "curve": curves.get(summary.method, ()),
            }
            for summary in summaries
        },
    }
    return json.dumps(_plain(content), indent=2, allow_nan=False) + "\n"


def _line(summary: Summary) -> tuple[str, ...]:
    return (
        summary.method,
        str(summary.count(Ending.FOUND)),
        str(summary.ran_before),
        str(summary.count(Ending.MISSED)),
        str(summary.count(Ending.NOT_WATCHED)),
        _days(summary.median_delay_days),
        _number(summary.median_delay_acquisitions),
        *_rate(summary.false_alarm_rate),
        str(summary.watch_dates),
        _number(summary.watch_dates_per_year),
        str(summary.tectonic_alarms),
        *_shares(summary.by_date),
        *_shares(summary.by_pair),
    )


def _by_episode(summaries: Sequence[Summary]) -> list[tuple[str, ...]]:
    """A row for each episode: what each method made of it, over all cases."""
    columns = [_outcomes(summary.assessments) for summary in summaries]
    return [
        (str(episode), *(_cell(column[episode]) for column in columns))
        for episode in sorted(columns[0])
    ]


def _outcomes(assessments: Sequence[Assessment]) -> dict[DatedEpisode, list[EpisodeOutcome]]:
    found: dict[DatedEpisode, list[EpisodeOutcome]] = {}
    for own in assessments:
        for outcome in own.episodes:
            found.setdefault(outcome.episode, []).append(outcome)
    return found


def _cell(outcomes: Sequence[EpisodeOutcome]) -> str:
    """One outcome in words, or the delays of several with the share that was found."""
    if len(outcomes) == 1:
        return _outcome(outcomes[0])
    found = [outcome for outcome in outcomes if outcome.ending is Ending.FOUND]
    watched = sum(outcome.ending is not Ending.NOT_WATCHED for outcome in outcomes)
    days = sorted(o.delay_days for o in found if o.delay_days is not None)
    spread = f" in {_days(days[len(days) // 2])} ({days[0]} to {days[-1]})" if days else ""
    before = sum(outcome.ran_before for outcome in found)
    return f"{len(found)} of {watched}{spread}" + (f", {before} *" if before else "")


def _outcome(outcome: EpisodeOutcome) -> str:
    if outcome.ending is not Ending.FOUND:
        return outcome.ending.value
    mark = " *" if outcome.ran_before else ""
    if outcome.delay_days is None:
        return f"found {outcome.unrest}{mark}"
    return f"{outcome.delay_days} d ({outcome.delay_acquisitions}){mark}"


def _rate(rate: Rate) -> tuple[str, str, str]:
    interval = "-" if math.isnan(rate.low) else f"{rate.low:.2f} to {rate.high:.2f}"
    return str(rate.events), _number(rate.per_year, 2), interval


def _shares(counts: Counts | None) -> tuple[str, str]:
    if counts is None:
        return "-", "-"
    return _number(counts.precision, 2), _number(counts.recall, 2)


def _days(days: float | None) -> str:
    return "-" if days is None else f"{days:g} d"


def _number(value: float | None, digits: int = 1) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            [row[0].ljust(widths[0])]
            + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        ).rstrip()
        for row in rows
    ]


def _plain(value: Any) -> Any:
    """The same value in JSON's own types."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        named = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        if isinstance(value, Counts):
            named |= {"precision": value.precision, "recall": value.recall}
        return _plain(named)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dt.date):
        return value.isoformat()
    return None if isinstance(value, float) and not math.isfinite(value) else value
