"""The settings of a run, and what it watches: looked at before anything is started.

A mistake in them ends a run before it has begun. Whoever looks at the numbers for Prometheus, or at
the history, hears of it all the same.
"""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from catalogs.ledger.runs import NIGHTLY
from catalogs.places import WatchList, watch_list
from catalogs.settings import Settings
from fringewatch.errors import BadInputError, FringewatchError, ModelError
from tasks.health.after_run import after_run
from tasks.health.bad_settings import tell_of_bad_settings
from tasks.judge.options import watch_settings
from tasks.night import refused_reports
from tasks.runs import recorded_run


def run_settings(*, home: Path | None = None, **given: Any) -> Settings:
    """Return the settings of a run, `given` first; None means not given.

    Where they are wrong, the numbers for Prometheus say that the watch is not well.

    Raises
    ------
    BadInputError
        If a name is unknown, a value out of range, or a method has no such option.
    ModelError
        If no model has the name that the settings give.
    """
    try:
        return watch_settings(home=home, **given)
    except (BadInputError, ModelError) as error:
        tell_of_bad_settings(home, error)
        raise


def keep_failed_start(
    settings: Settings, kind: str, volcanoes: Sequence[str], error: FringewatchError
) -> None:
    """Keep a run in the history that ended before Prefect could start it, and do what follows one.

    Where there is no home, or one that is damaged, nothing is made or written.

    Parameters
    ----------
    settings
        Of the run.
    kind
        Of the run.
    volcanoes
        Slugs.
    error
        Why it could not begin.
    """
    if not (settings.home / "home.json").is_file():
        return
    with suppress(type(error)), recorded_run(settings, kind, volcanoes):
        raise error
    if kind == NIGHTLY:
        after_run(settings)


def checked_watch_list(settings: Settings) -> WatchList:
    """Return what a night is to watch: one volcano at least, and what is wrong with other names.

    A night that has nothing to watch is a failed one: in the history, for messages, and for
    Prometheus. Where there is no home yet, none is made for it.

    Raises
    ------
    BadInputError
        If there is nothing to watch.
    """
    watched = watch_list(settings)
    if not watched.volcanoes and (settings.home / "home.json").is_file():
        with recorded_run(settings, NIGHTLY, tuple(watched.faults)) as run:
            run.reports = refused_reports(watched)
        after_run(settings)
    return watched.check()
