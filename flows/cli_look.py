"""Commands that look, train and evaluate: no flow, no server."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

from flows.cli_common import NOTHING_HAD, HomeFolder, ModelName, app, load


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
def status(volcano: str | None = None, /, *, home: HomeFolder = None) -> int:
    """Say what the home holds and what is wrong with it, without asking anyone or writing.

    Parameters
    ----------
    volcano
        Name, slug or GVP number; all by default.
    """
    from catalogs.volcanoes import find_volcano

    found = find_volcano(volcano) if volcano else None
    settings = load((), home, None)
    from tasks.status import home_status

    said = home_status(settings, found, dt.datetime.now(dt.UTC).date())
    for line in said.lines():
        print(line)
    return 0 if said.frames else NOTHING_HAD


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
        Folder that the model's own folder goes into; the home's or its storage's models by default.
    """
    from catalogs.home import home_of
    from catalogs.place import Folder
    from flows.screen import start_logging
    from tasks.models import models_folder
    from tasks.probe import train_probe

    start_logging()
    where = Folder(models) if models else home_of(load((), home, None)).models
    with models_folder(where) as folder:
        report = train_probe(data, name, folder)
    print(replace(report, folder=where / name))
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
    from tasks.evaluate import evaluate_folder, format_report
    from tasks.models import model_of

    start_logging()
    settings = load((), home, model)
    report = evaluate_folder(model_of(settings), images)
    print(format_report(report))
    if json is not None:
        write_atomically(json, report.to_json().encode())
    return 0
