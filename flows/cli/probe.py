"""The command that trains a classifier on labelled patches: of baseline 0, or on an encoder."""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from cyclopts import Parameter

from flows.cli.common import HomeFolder, app, load
from flows.torch_needed import check_torch
from fringewatch.errors import BadInputError

if TYPE_CHECKING:
    from tasks.probes.encoder_records import EncoderProbeReport


@Parameter(name="*")
@dataclass(frozen=True)
class ProbeOptions:
    """Options of `probe` that go with an encoder."""

    encoder: Path | None = None
    """Folder of the encoder."""
    by: Literal["area", "frame"] | None = None
    """What is held out as a whole: areas (default), or frames."""
    method: Literal["logistic", "paper"] | None = None
    """Logistic regression (default), or the paper's linear layer."""
    seed: int | None = None
    """Of the paper's method, and of what is pasted."""
    pasted: int | None = None
    """Quiet patches with simulated deformation that are learned from as well; none by default."""
    windows: Path | None = None
    """File of real quiet windows (`corpus windows`): those of volcanoes that the encoder was not
    tuned on place the threshold, which then is that of a window."""
    air: Path | None = None
    """File of relief and delays (`corpus air`), where the encoder was tuned with one."""
    quiet_share: float | None = None
    """Share of unseen quiet patches that may count as deforming; by default the threshold lies
    where both classes are equally likely."""
    views: int | None = None
    """Of each patch when the model scores, turned and mirrored, 1 to 8: the mean counts."""
    device: str | None = None
    """Such as cpu or cuda:1; by default a GPU where there is one."""


NO_OPTIONS: Final = ProbeOptions()


def check_probe_form(corpus: Path | None, data: Path | None, options: ProbeOptions) -> None:
    """Refuse a mixture of the two forms of `probe`, or half of one.

    Raises
    ------
    BadInputError
        The message names what does not go together.
    """
    given = [
        f"--{field.name.replace('_', '-')}"
        for field in fields(options)
        if getattr(options, field.name) is not None
    ]
    if data is not None and (corpus is not None or given):
        others = ", ".join([*(["a corpus"] if corpus is not None else []), *given])
        message = (
            f"--data trains the classifier of baseline 0 and does not go with {others}: leave out "
            "one or the other"
        )
    elif data is not None:
        return
    elif corpus is None:
        message = (
            f"there is nothing to learn from{f' for {given[0]}' if given else ''}: give a corpus "
            "and --encoder, or --data for the classifier of baseline 0"
        )
    elif options.encoder is None:
        message = f"a probe on {corpus} needs an encoder: give its folder as --encoder"
    else:
        return
    raise BadInputError(message)


def probe_encoder(
    corpus: Path, name: str, options: ProbeOptions, models: Path
) -> "EncoderProbeReport":
    """Fit a probe on an encoder, write both as one model to `models`/`name`, and report."""
    check_torch()
    from insar_models.encoders.features import best_device
    from insar_models.patchfile.splits import SplitBy
    from insar_models.probes.linear_probe import LinearProbeSettings, ProbeMethod
    from tasks.probes.encoder import train_encoder_probe
    from tasks.probes.encoder_records import DEFAULT_VIEWS, EncoderProbeRequest

    request = EncoderProbeRequest(
        corpus=corpus,
        encoder=options.encoder or Path(),
        name=name,
        by=SplitBy(options.by or SplitBy.AREA),
        settings=LinearProbeSettings(
            method=ProbeMethod(options.method or ProbeMethod.LOGISTIC),
            seed=options.seed or 0,
            quiet_share_above=options.quiet_share,
        ),
        pasted=options.pasted or 0,
        windows=options.windows,
        air=options.air,
        views=DEFAULT_VIEWS if options.views is None else options.views,
        device=options.device or best_device(),
    )
    return train_encoder_probe(request, models)


@app.command
def probe(
    corpus: Path | None = None,
    /,
    *,
    name: str,
    data: Path | None = None,
    encoder: ProbeOptions = NO_OPTIONS,
    models: Path | None = None,
    home: HomeFolder = None,
) -> int:
    """Train a classifier on labelled patches: of baseline 0, or on the features of an encoder.

    `fringewatch probe --data S1_FOLDER --name baseline-0` trains the classifier of baseline 0.
    `fringewatch probe CORPUS.safetensors --encoder DIR --name NAME` fits one on an encoder, and
    needs the extra packages of `fringewatch[train]`.

    Parameters
    ----------
    corpus
        Patch file with labels, as `fringewatch corpus export` wrote it.
    name
        Name of the new model.
    data
        Folder of the labelled patches, with their index.csv: for baseline 0 alone.
    models
        Folder that the model's own folder goes into; the home's or its storage's models by default.
    """
    check_probe_form(corpus, data, encoder)
    from catalogs.home.home import home_of
    from catalogs.storage.place import Folder
    from flows.screen import start_logging
    from tasks.judge.models import models_folder

    start_logging()
    where = Folder(models) if models else home_of(load((), home, None)).models
    with models_folder(where) as folder:
        if data is not None:
            from tasks.probes.baseline import train_probe

            print(replace(train_probe(data, name, folder), folder=where / name))
        elif corpus is not None:
            print(replace(probe_encoder(corpus, name, encoder, folder), folder=where / name))
    return 0
