"""The command line. Exit codes: 0 done, 2 bad arguments, 3 partial, 4 nothing could be had.

Only what the words of a command need is imported here; the rest waits until it runs.
"""

import datetime as dt
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, CycloptsError, Parameter

from fringewatch import __version__
from fringewatch.errors import (
    BadInputError,
    FringewatchError,
    MissingProductError,
    SourceUnavailableError,
)

if TYPE_CHECKING:
    from catalogs.settings import Settings

BAD_ARGUMENTS = 2
NOTHING_HAD = 4

app = App(
    name="fringewatch",
    version=__version__,
    help="Watch volcanoes for ground deformation with Sentinel-1 LiCSAR interferograms.",
    exit_on_error=False,
    print_error=False,
    result_action="return_value",
)
corpus = App(name="corpus", help="Patches for learning without labels.")
app.command(corpus)

_NO_NEGATIVE = Parameter(negative=(), show_default=False)
Portals = Annotated[
    tuple[str, ...],
    _NO_NEGATIVE,
    Parameter(help="Root that holds the track folders; may be repeated, first answer wins."),
]
HomeFolder = Annotated[
    Path | None, Parameter(help="Folder for everything that is kept (default fringewatch-data).")
]
ModelName = Annotated[str | None, Parameter(help="The detector, by name (default baseline-0).")]


@app.command
def backfill(  # noqa: PLR0913 - the command's options
    volcano: str,
    /,
    *,
    start: str,
    end: str,
    frame: Annotated[tuple[str, ...], _NO_NEGATIVE] = (),
    portal: Portals = (),
    home: HomeFolder = None,
    model: ModelName = None,
    dry_run: Annotated[bool, _NO_NEGATIVE] = False,
) -> int:
    """Bring a volcano's detection table up to date between two dates.

    Parameters
    ----------
    volcano
        Name, slug or GVP number; `fringewatch volcanoes` lists them.
    start
        First day, YYYY-MM-DD. Both acquisitions of a pair lie between the two days.
    end
        Last day, YYYY-MM-DD.
    frame
        LiCSAR frame; may be repeated. All of the volcano's by default.
    dry_run
        Say what would be fetched, and write nothing.
    """
    first, last = _parse_date("start", start), _parse_date("end", end)
    settings = _settings(portal, home, model)
    _check_volcano(volcano, frame, (first, last))
    if dry_run:
        from flows.preview import preview_backfill

        return preview_backfill(settings, volcano, (first, last), frame)
    _prepare(settings)
    from flows.backfill import backfill as flow
    from flows.screen import progress_shown, show_report

    with progress_shown():
        report = flow(volcano, first, last, list(frame), list(portal), home, model)
    return show_report(report)


@app.command
def nightly(
    *volcanoes: str, portal: Portals = (), home: HomeFolder = None, model: ModelName = None
) -> int:
    """Bring the tables of all watched volcanoes up to today, fetching only what is new.

    Parameters
    ----------
    volcanoes
        The watch list; by default `watch` in the home's fringewatch.toml.
    """
    settings = _settings(portal, home, model)
    _prepare(settings)
    from flows.nightly import nightly as flow
    from flows.screen import progress_shown, show_reports

    with progress_shown():
        reports = flow(list(volcanoes), list(portal), home, model)
    return show_reports(reports)


@corpus.command(name="build")
def build_corpus(
    name: str,
    /,
    *,
    volcano: Annotated[tuple[str, ...], _NO_NEGATIVE] = (),
    home: HomeFolder = None,
    minimum_valid_fraction: float = 0.5,
) -> int:
    """Build a new version of a corpus from the home's cubes, and make it the current one.

    Parameters
    ----------
    name
        The corpus: lower-case letters, digits and hyphens.
    volcano
        Whose cubes; may be repeated. All that the home holds by default.
    minimum_valid_fraction
        Patches with a smaller share of pixels with data are left out.
    """
    _prepare(_settings((), home, None))
    from flows.rebuild_corpus import rebuild_corpus as flow

    report = flow(name, list(volcano), home, minimum_valid_fraction)
    print(
        f"{report.patches} patches of {', '.join(report.volcanoes)}; left out: "
        f"{report.too_empty} too empty, {report.duplicates} duplicates"
    )
    print(f"corpus: {report.path}")
    return 0


@app.command
def volcanoes(text: str = "", /) -> int:
    """List the volcanoes of the catalogue.

    Parameters
    ----------
    text
        Only those whose name, number, region or frame holds it.
    """
    from catalogs.volcanoes import find_volcano, search_volcanoes
    from flows.screen import show_volcanoes

    # A search that finds nothing suggests the nearest names, as every other command does.
    show_volcanoes(search_volcanoes(text) or [find_volcano(text)])
    return 0


@app.command
def probe(*, data: Path, name: str, models: Path | None = None, home: HomeFolder = None) -> int:
    """Train the classifier of baseline 0 on labelled patches.

    Parameters
    ----------
    data
        Folder of the labelled patches, with their index.csv.
    name
        Name of the new model.
    models
        Folder that the model's own folder goes into; the home's models by default.
    """
    from flows.screen import start_logging
    from tasks.probe import train_probe

    start_logging()
    report = train_probe(data, name, models or _settings((), home, None).home / "models")
    print(report)
    return 0


@app.command
def evaluate(
    *, images: Path, model: ModelName = None, json: Path | None = None, home: HomeFolder = None
) -> int:
    """Evaluate a model on a folder of labelled interferogram pictures.

    Parameters
    ----------
    images
        Folder that holds `0/` (no deformation) and `1/` (deformation) with pictures.
    json
        Also write the whole report, picture by picture, to this file.
    """
    from flows.screen import start_logging
    from fringewatch.atomic import write_atomically
    from insar_models.model_files import find_model
    from tasks.evaluate import evaluate_folder, format_report

    start_logging()
    settings = _settings((), home, model)
    report = evaluate_folder(find_model(settings.model, settings.home / "models"), images)
    print(format_report(report))
    if json is not None:
        write_atomically(json, report.to_json().encode())
    return 0


@app.command
def demo(*, home: HomeFolder = None) -> int:
    """Run a backfill of Fagradalsfjall 2021 on simulated interferograms, with no network.

    Parameters
    ----------
    home
        Folder for the demo's own home and portal (default demo-data).
    """
    folder = home or Path("demo-data")
    _prepare(_settings((), folder / "home", None))
    from flows.demo import run_demo
    from flows.screen import progress_shown

    with progress_shown():
        return run_demo(folder)


def run(arguments: Sequence[str]) -> int:
    """Run the command line with `arguments` and return its exit code."""
    try:
        outcome = app(list(arguments))
    except CycloptsError as error:
        return _complain(str(error), BAD_ARGUMENTS)
    except (MissingProductError, SourceUnavailableError) as error:
        return _complain(str(error), NOTHING_HAD)
    except FringewatchError as error:
        return _complain(str(error), BAD_ARGUMENTS)
    return outcome if isinstance(outcome, int) else 0


def main() -> None:
    """Run the command line and exit with its code."""
    raise SystemExit(run(sys.argv[1:]))


def _complain(words: str, code: int) -> int:
    print(f"fringewatch: {words}", file=sys.stderr)
    return code


def _settings(portal: Sequence[str], home: Path | None, model: str | None) -> "Settings":
    from catalogs.settings import load_settings

    return load_settings(portal=tuple(portal) or None, home=home, model=model)


def _prepare(settings: "Settings") -> None:
    """Make sure that home and model can be used, and set Prefect up, before it is imported."""
    from catalogs.home import open_home
    from flows.prefect_home import prepare_prefect
    from flows.screen import start_logging
    from insar_models.model_files import find_model

    start_logging()
    home = open_home(settings.home)
    find_model(settings.model, home.models)
    prepare_prefect(home)


def _check_volcano(volcano: str, frames: Sequence[str], days: tuple[dt.date, dt.date]) -> None:
    """Say what is wrong with the words before anything heavy is imported."""
    from catalogs.volcanoes import find_volcano, select_frames

    select_frames(find_volcano(volcano), frames)
    if days[0] >= days[1]:
        message = f"--start {days[0]} must be before --end {days[1]}: a pair needs two dates"
        raise BadInputError(message)


def _parse_date(name: str, text: str) -> dt.date:
    try:
        return dt.datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=dt.UTC).date()
    except ValueError as error:
        message = f"--{name} '{text}' is not a date: expected YYYY-MM-DD ({error})"
        raise BadInputError(message) from error
