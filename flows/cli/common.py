"""What the commands share: the application, the options, settings, and Prefect made ready."""

import datetime as dt
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from fringewatch import __version__
from fringewatch.errors import BadInputError, FringewatchError, ModelError

if TYPE_CHECKING:
    from catalogs.settings import Settings

PARTIAL = 3
NOTHING_HAD = 4

app = App(
    name="fringewatch",
    version=__version__,
    help="Watch volcanoes for ground deformation with Sentinel-1 LiCSAR interferograms.",
    exit_on_error=False,
    print_error=False,
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)
corpus = App(name="corpus", help="Patches for learning without labels.")
app.command(corpus)

NO_NEGATIVE = Parameter(negative=(), show_default=False)
Portals = Annotated[
    tuple[str, ...],
    NO_NEGATIVE,
    Parameter(help="Address or folder that holds the track folders; may be repeated, best first."),
]
HomeFolder = Annotated[
    Path | None, Parameter(help="Folder for everything that is kept (default fringewatch-data).")
]
ModelName = Annotated[
    str | None, Parameter(help="The detector, by name (default simclr-compact-2).")
]


def load(
    portal: Sequence[str], home: Path | None, model: str | None, product: str | None = None
) -> "Settings":
    """Return the settings, with what the command was given first."""
    from tasks.judge.options import watch_settings

    return watch_settings(portal=tuple(portal) or None, home=home, model=model, product=product)


def load_for_run(home: Path | None, **given: Any) -> "Settings":
    """Return the settings of a run; where they are wrong, the numbers for Prometheus say so."""
    from tasks.judge.options import watch_settings

    try:
        return watch_settings(home=home, **given)
    except (BadInputError, ModelError) as error:
        from tasks.health.bad_settings import tell_of_bad_settings

        tell_of_bad_settings(home, error)
        raise


def prepare(settings: "Settings", *, lasting: bool = False, writes: bool = True) -> None:
    """Make sure that home, ledger and model can be used, and set Prefect up, before its import.

    A server of our own keeps schedules if it is to be `lasting`. Where nothing `writes` no home is
    made, and no storage is claimed for it: Prefect alone gets its folder.
    """
    from catalogs.home.home import home_of, open_home
    from catalogs.home.reading import find_home, read_ledger
    from flows.prefect_home import prepare_prefect
    from flows.screen import start_logging
    from tasks.judge.models import model_of

    start_logging()
    home = (open_home if writes else find_home)(home_of(settings))
    ledger = read_ledger(home.ledger)  # a damaged one is said now, not by every volcano later
    if ledger is not None:
        ledger.close()
    model_of(settings)
    prepare_prefect(home, lasting=lasting)


def prepare_run(settings: "Settings", kind: str, volcanoes: Sequence[str]) -> None:
    """Do as `prepare`; a run that cannot begin is in the history of the home all the same.

    Health and the numbers for Prometheus then tell of it, where a night would else be silent.

    Parameters
    ----------
    settings
        Of the run.
    kind
        Of the run.
    volcanoes
        Slugs.
    """
    try:
        prepare(settings)
    except FringewatchError as error:
        with prefect_elsewhere():
            from flows.run_settings import keep_failed_start

            keep_failed_start(settings, kind, volcanoes, error)
        raise


@contextmanager
def without_prefect(settings: "Settings", *, writes: bool = True) -> Iterator[None]:
    """Let a command use the steps as plain functions: no server, and nothing of Prefect's is kept.

    The steps' modules import Prefect, which makes its folder then: here in a temporary place.

    Raises
    ------
    NoHomeError
        If there is no home, or nothing ran in it yet.
    HomeError, LedgerError
        If it is damaged, or cannot be written and the command `writes` to it.
    """
    from catalogs.home.home import home_of, open_home
    from catalogs.home.reading import find_home, kept_ledger
    from flows.screen import start_logging

    start_logging()
    kept_ledger(find_home(home_of(settings))).close()
    if writes:
        open_home(home_of(settings))
    with prefect_elsewhere():
        yield


@contextmanager
def prefect_elsewhere() -> Iterator[None]:
    """Let Prefect make the folder that it makes when it is imported in a temporary place."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("PREFECT_HOME", folder)
        yield


def check_volcano(
    settings: "Settings", volcano: str, frames: Sequence[str], days: tuple[dt.date, dt.date]
) -> str:
    """Return the slug; what is wrong with the words is said before anything heavy is imported."""
    from catalogs.places import catalogue_of
    from catalogs.world.volcanoes import select_frames

    found = catalogue_of(settings).find(volcano)
    select_frames(found, frames)
    if days[0] >= days[1]:
        message = f"--start {days[0]} must be before --end {days[1]}: a pair needs two dates"
        raise BadInputError(message)
    return found.slug


def check_watch_list(settings: "Settings") -> tuple[str, ...]:
    """Return the slugs to watch; what is wrong is said before anything heavy is imported.

    Raises
    ------
    BadInputError
        If there is nothing to watch. In a home that is there the history has it then.
    """
    from catalogs.places import watch_list

    watched = watch_list(settings)
    if not watched.volcanoes:
        with prefect_elsewhere():
            from flows.run_settings import checked_watch_list

            checked_watch_list(settings)
    return tuple(volcano.slug for volcano in watched.volcanoes)


def check_output_file(path: Path | None) -> None:
    """Refuse a file to write that is a folder, before the work; folders on its way are made."""
    if path is not None and path.is_dir():
        message = f"cannot write {path}: it is a folder; name a file, such as {path / 'FILE'}"
        raise BadInputError(message)


def parse_date(name: str, text: str) -> dt.date:
    """Return the date that an option means; `name` is the option's, for the message."""
    try:
        return dt.datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=dt.UTC).date()
    except ValueError as error:
        message = f"--{name} '{text}' is not a date: expected YYYY-MM-DD ({error})"
        raise BadInputError(message) from error
