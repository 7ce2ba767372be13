"""What a run writes for other systems when it is done."""

import datetime as dt
import logging
from collections.abc import Sequence

from catalogs.places import catalogue_of
from catalogs.settings import Settings
from fringewatch.errors import FringewatchError
from tasks.records import RunReport
from tasks.standards.write import write_exports

_LOGGER = logging.getLogger(__name__)


def leave_exports(reports: Sequence[RunReport], settings: Settings) -> None:
    """Write the exports of the volcanoes of a run; nothing of the watch rests on them."""
    if not settings.exports:
        return
    catalogue = catalogue_of(settings)
    volcanoes = [catalogue.find(report.volcano) for report in reports]
    try:
        report = write_exports(settings, volcanoes, dt.datetime.now(dt.UTC).date())
    except FringewatchError as error:
        _LOGGER.warning("the exports are not written: %s", error)
        return
    for line in report.lines():
        _LOGGER.info("%s", line)
