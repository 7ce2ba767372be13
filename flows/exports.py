"""What a run writes for other systems when it is done."""

import datetime as dt
import logging
from collections.abc import Sequence

from catalogs.places import catalogue_of
from catalogs.settings import Settings
from fringewatch.failures import foreseen
from tasks.records import RunReport
from tasks.standards.write import write_exports

_LOGGER = logging.getLogger(__name__)


def leave_exports(reports: Sequence[RunReport], settings: Settings) -> list[RunReport]:
    """Return the reports of a run after its exports were written; without `exports`, none are.

    What could not be written is a gap of the run: another system would read the old file, and not
    know. The tables are there all the same, and all the other files.

    Parameters
    ----------
    reports
        Of the run; a name that is no volcano has nothing to export.
    settings
        Of the run.
    """
    if not settings.exports:
        return list(reports)
    known = {volcano.slug: volcano for volcano in catalogue_of(settings).volcanoes}
    volcanoes = [known[report.volcano] for report in reports if report.volcano in known]
    try:
        made = write_exports(settings, volcanoes, dt.datetime.now(dt.UTC).date())
    except Exception as error:
        found = foreseen(error)
        if found is None:
            raise
        words = f"the exports are not written: {found}"
        _LOGGER.error("%s", words)  # noqa: TRY400 - foreseen: no traceback
        return [report.lacking(words) for report in reports]
    for line in made.lines():
        _LOGGER.info("%s", line)
    if not made.problems:
        return list(reports)
    words = f"not all exports could be written: {'; '.join(made.problems)}"
    return [report.lacking(words) for report in reports]
