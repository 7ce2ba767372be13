"""Commands that look and evaluate: no flow, no server."""

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from flows.cli.common import NO_NEGATIVE, NOTHING_HAD, HomeFolder, app, check_output_file, load

Models = Annotated[
    tuple[str, ...],
    NO_NEGATIVE,
    Parameter(help="A model, by name (default simclr-compact-2); may be repeated to compare."),
]
Encoders = Annotated[
    tuple[Path, ...],
    NO_NEGATIVE,
    Parameter(help="Folder of an encoder to fit probes on, with --corpus; may be repeated."),
]


@app.command
def volcanoes(
    text: str = "",
    /,
    *,
    near: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    home: HomeFolder = None,
) -> int:
    """List the volcanoes of the catalogue and of the home's own places, or the frames over a place.

    Parameters
    ----------
    text
        Only those whose name, number, region or frame holds it.
    near
        LATITUDE,LONGITUDE in degrees: the frames that hold some of the window round that place.
    """
    from catalogs.places import catalogue_of, place_notes

    settings = load((), home, None)
    catalogue = catalogue_of(settings)
    if near is not None:
        from flows.cli.near import show_near

        return show_near(near, catalogue)
    from flows.screen import show_volcanoes

    # A search that finds nothing suggests the nearest names, as every other command does.
    found = catalogue.search(text) or [catalogue.find(text)]
    show_volcanoes(found)
    for volcano in found:
        for note in place_notes(settings, volcano):
            print(note)
    return 0


@app.command
def status(volcano: str | None = None, /, *, home: HomeFolder = None) -> int:
    """Say what the home holds and what is wrong with it, without asking anyone or writing.

    Parameters
    ----------
    volcano
        Name, slug or GVP number; all by default.
    """
    from catalogs.places import catalogue_of

    settings = load((), home, None)
    found = catalogue_of(settings).find(volcano) if volcano else None
    from tasks.status.home import home_status

    said = home_status(settings, found, dt.datetime.now(dt.UTC).date())
    for line in said.lines():
        print(line)
    return 0 if said.frames else NOTHING_HAD


@app.command
def evaluate(  # noqa: PLR0913 - the command's options
    *,
    images: Path | None = None,
    model: Models = (),
    encoder: Encoders = (),
    corpus: Path | None = None,
    held_out: Literal["area", "frame"] | None = None,
    group: Literal["area", "frame", "volcano", "scene"] = "area",
    probe_seeds: int = 5,
    probe_method: Literal["logistic", "paper"] = "logistic",
    json: Path | None = None,
    home: HomeFolder = None,
) -> int:
    """Evaluate models and encoders, beside controls, on labelled pictures or a corpus.

    `fringewatch evaluate --images DIR` judges models on pictures, `fringewatch evaluate --corpus
    FILE --held-out area --encoder DIR` probes on places that they did not see.

    Parameters
    ----------
    images
        Folder that holds `0/` (no deformation) and `1/` (deformation) with pictures; with a
        truth.csv it is a simulated set.
    corpus
        Patch file with labels, as `fringewatch corpus export` wrote it, to fit probes on.
    held_out
        Without images: what of the corpus is judged by probes that did not see it.
    group
        What is drawn as a whole for intervals.
    probe_seeds
        Probes fitted on each encoder.
    probe_method
        How they are fitted: ours, or as the paper's code does.
    json
        Also write the whole report, sample by sample, to this file; its folder is made.
    """
    from flows.screen import start_logging
    from fringewatch.atomic import write_atomically
    from tasks.evaluation.evaluate import Judging
    from tasks.evaluation.request import EvaluationRequest, evaluate_request
    from tasks.evaluation.samples import GroupBy
    from tasks.evaluation.table import format_report

    request = EvaluationRequest(
        images, tuple(model), tuple(encoder), corpus, held_out, probe_seeds, probe_method
    )
    check_output_file(json)
    start_logging()
    report = evaluate_request(request, load((), home, None), Judging(GroupBy(group)))
    print(format_report(report))
    if json is not None:
        write_atomically(json, report.to_json().encode())
    return 0
