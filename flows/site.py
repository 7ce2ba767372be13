"""The pages for people after a run: those of its volcanoes, and the one of all."""

import datetime as dt
import logging
from collections.abc import Sequence

from catalogs.settings import Settings
from fringewatch.failures import foreseen
from tasks.records import RunReport
from tasks.site.site import write_site

_LOGGER = logging.getLogger(__name__)


def leave_site(
    reports: Sequence[RunReport],
    settings: Settings,
    seen_from: dt.date | None = None,
    refused: Sequence[RunReport] = (),
) -> list[RunReport]:
    """Return the reports of a run after its pages were made; without the setting `site`, none are.

    A page that could not be made is a gap of its volcano's run: whoever is on duty would read the
    old one, and not know. The tables are there all the same.

    Parameters
    ----------
    reports
        Of the run.
    settings
        Of the run.
    seen_from
        UTC date that the pages are seen from; see `tasks.site.site.write_site`.
    refused
        Of names that are no volcano to be watched: the page of all tells of them, and they come
        after the others.
    """
    if not settings.site:
        return [*reports, *refused]
    return [*_with_pages(reports, refused, settings, seen_from), *refused]


def _with_pages(
    reports: Sequence[RunReport],
    refused: Sequence[RunReport],
    settings: Settings,
    seen_from: dt.date | None,
) -> list[RunReport]:
    failed = [
        f"{report.volcano}: {line}"
        for report in (*reports, *refused)
        for line in (*map(str, report.problems), *_words_of_failure(report))
    ]
    slugs = {report.volcano for report in reports}
    try:
        made = write_site(settings, slugs, failed, seen_from=seen_from)
    except Exception as error:
        found = foreseen(error)
        if found is None:
            raise
        words = f"the pages could not be made: {found}"
        _LOGGER.error("%s", words)  # noqa: TRY400 - foreseen: no traceback
        return [report.lacking(words) for report in reports]
    for line in made.lines():
        _LOGGER.info("%s", line)
    if not made.problems:
        return list(reports)
    words = f"not all pages could be made: {'; '.join(made.problems)}"
    _LOGGER.error("%s", words)
    return [report.lacking(words) for report in reports]


def _words_of_failure(report: RunReport) -> Sequence[str]:
    """Why a volcano got nothing at all: its notes say so."""
    return report.notes if report.published is None else ()
