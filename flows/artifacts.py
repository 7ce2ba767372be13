"""What a run leaves on Prefect's pages: each volcano's last date as a table and as words."""

import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd
from httpx import HTTPError
from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact
from prefect.exceptions import PrefectException

from catalogs.home.home import home_of
from catalogs.settings import Settings
from catalogs.tables import DATES, read_table
from fringewatch.errors import FringewatchError
from fringewatch.plain_text import counted
from tasks.judge.silence import silence_days_of
from tasks.judge.standing import standing_of
from tasks.records import RunReport

_LOGGER = logging.getLogger(__name__)

KEY: Final = "fringewatch-volcanoes"
"""The table's key, the same in every run: Prefect's page shows how it changed."""
REPORT_KEY: Final = "fringewatch-report"
PAGES_KEY: Final = "fringewatch-pages"

_GAPS_SHOWN: Final = 12
"""Of one volcano; the log of the run has them all."""


@dataclass(frozen=True)
class VolcanoRow:
    """What is known of a volcano after a run."""

    volcano: str
    outcome: str
    """``done``, ``partial`` or ``nothing``: how much of this run could be had."""
    state: str
    """Of the newest date, ``no data`` also where nothing was ever judged; ``unknown`` after a long
    silence, or where no table can be read."""
    since: dt.date | None
    newest: dt.date | None
    """Newest data, UTC: the last date of which something is known, as on its page."""
    age_days: int | None
    gaps: tuple[str, ...]
    """What this run could not have, with its reasons."""
    notes: tuple[str, ...] = ()
    """What else a person should know: frames that no source has, pairs left for later."""
    because: str = ""
    """Why the volcano is in its state."""
    review: str = ""
    """What people say of its newest date, and who."""
    page: str = ""
    """Address of its page; empty where no pages are served."""

    def cells(self) -> dict[str, str | int]:
        """The row of the table."""
        return {
            "volcano": self.volcano,
            "outcome": self.outcome,
            "state": self.state,
            "since": str(self.since or ""),
            "because": self.because,
            "review": self.review,
            "newest data": str(self.newest or ""),
            "age (days)": "" if self.age_days is None else self.age_days,
            "gaps": len(self.gaps),
            "reasons": "; ".join(self.gaps[:_GAPS_SHOWN]),
        } | ({"page": self.page} if self.page else {})


def leave_artifacts(reports: Sequence[RunReport], settings: Settings) -> None:
    """Leave a table and a text of the reports on the pages of the flow run.

    Nothing of the watch rests on them: where the server does not take them, the log says so.
    """
    today = dt.datetime.now(dt.UTC).date()
    rows = [row_of(report, settings, today) for report in reports]
    site = settings.site_url
    try:
        create_table_artifact(
            table=[row.cells() for row in rows], key=KEY, description="volcanoes after the run"
        )
        create_markdown_artifact(
            markdown=markdown_of(rows, today), key=REPORT_KEY, description="the run in words"
        )
        if site:
            create_link_artifact(
                link=f"{site}/index.html", link_text="all volcanoes", key=PAGES_KEY
            )
    except (HTTPError, PrefectException, OSError) as error:
        _LOGGER.warning("the run's page has no artifacts: %s", error)


def row_of(report: RunReport, settings: Settings, today: dt.date) -> VolcanoRow:
    """Return the row of a report; the age of its newest data is counted from `today`, UTC.

    A volcano of which this run got nothing is shown as the table of the last run has it.
    """
    gaps = tuple(map(str, report.problems))
    notes = report.notes
    if report.published is None:
        gaps, notes = gaps + notes, ()
    page = f"{settings.site_url}/{report.volcano}.html" if settings.site_url else ""
    dates = _dates_of(report.volcano, settings)
    if dates is None or dates.empty:
        outcome = report.outcome.name.lower()
        state = "unknown" if dates is None else "no data"
        return VolcanoRow(report.volcano, outcome, state, None, None, None, gaps, notes, page=page)
    standing = standing_of(dates, today, silence_days_of(settings.for_volcano(report.volcano)))
    return VolcanoRow(
        volcano=report.volcano,
        outcome=report.outcome.name.lower(),
        state=standing.state,
        since=standing.since,
        newest=standing.newest,
        age_days=(today - standing.newest).days if standing.newest else None,
        gaps=gaps,
        notes=notes,
        because=standing.because,
        review=_review_of(dates.iloc[-1]),
        page=page,
    )


def markdown_of(rows: Sequence[VolcanoRow], today: dt.date) -> str:
    """Return the rows as a page: unrest first, then the others, then every gap with its reason."""
    said = [f"# Volcanoes on {today} (UTC)", ""]
    for row in sorted(rows, key=lambda row: (row.state != "unrest", row.volcano)):
        since = f" since {row.since}" if row.since else ""
        age = f", {counted(row.age_days, 'day')} old" if row.age_days is not None else ""
        name = f"[{row.volcano}]({row.page})" if row.page else row.volcano
        said.append(
            f"- **{name}**: {row.state}{since}; newest data {row.newest or 'none'}{age}"
            + (f" ({row.because})" if row.because else "")
            + (f"; reviewed: {row.review}" if row.review else "")
        )
    said += ["", "## Gaps", ""]
    for row in rows:
        said += [f"- {row.volcano}: {gap}" for gap in row.gaps[:_GAPS_SHOWN]]
        if len(row.gaps) > _GAPS_SHOWN:
            said.append(f"- {row.volcano}: and {len(row.gaps) - _GAPS_SHOWN} more, in the log")
    if not any(row.gaps for row in rows):
        said.append("None.")
    if any(row.notes for row in rows):
        said += ["", "## Notes", ""]
        said += [f"- {row.volcano}: {note}" for row in rows for note in row.notes]
    return "\n".join(said) + "\n"


def _review_of(date: pd.Series) -> str:
    return "" if pd.isna(date["review"]) else f"{date['review']} ({date['reviewed_by']})"


def _dates_of(volcano: str, settings: Settings) -> pd.DataFrame | None:
    try:
        return read_table(DATES, home_of(settings).detections(volcano))
    except (FringewatchError, OSError) as error:
        _LOGGER.info("%s: no table of dates to show: %s", volcano, error)
        return None
