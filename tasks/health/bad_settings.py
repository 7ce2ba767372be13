"""What others learn of settings that are wrong: no run begins, and old numbers would look well."""

import datetime as dt
import logging
import os
import re
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Final

from catalogs.settings import Settings
from fringewatch.errors import FringewatchError
from tasks.health.metrics import write_metrics
from tasks.health.records import Check, Finding, Health

_LOGGER = logging.getLogger(__name__)

_NAME: Final = "metrics_file"
_LINE: Final = re.compile(rf"""^\s*{_NAME}\s*=\s*(["'])(.+?)\1""", re.MULTILINE)


def tell_of_bad_settings(home: Path | None, error: FringewatchError) -> None:
    """Write numbers for Prometheus that say that the watch is not well, and why by check.

    The settings cannot be read as a whole, so that only the name of the file is looked for in them;
    without one nothing is written. What fails is logged: the run ends with the error itself.
    """
    place = home or Path(
        os.environ.get("FRINGEWATCH_HOME") or Settings.model_fields["home"].default
    )
    path = os.environ.get("FRINGEWATCH_METRICS_FILE", "").strip() or _named_in(place)
    if not path:
        return
    health = Health(dt.datetime.now(dt.UTC), place, (Finding(Check.SETTINGS, str(error)),))
    try:
        write_metrics(health, Path(path))
    except (FringewatchError, OSError) as fault:
        _LOGGER.warning("the numbers for Prometheus are not written: %s", fault)


def _named_in(home: Path) -> str:
    """Return the file that the settings of a home name; empty where they name none."""
    text = ""
    with suppress(OSError):
        text = (home / "fringewatch.toml").read_text("utf-8-sig", errors="replace")
    try:
        found = tomllib.loads(text).get(_NAME, "")
    except tomllib.TOMLDecodeError:
        line = _LINE.search(text)
        found = line[2] if line else ""
    return found.strip() if isinstance(found, str) else ""
