"""Commands that learn with torch; they need the extra packages of ``fringewatch[train]``."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from cyclopts import Parameter, validators

from flows.cli.common import app
from flows.torch_needed import check_torch
from fringewatch.errors import BadInputError
from insar_models.encoders.spec import Architecture

if TYPE_CHECKING:
    from collections.abc import Callable

    from insar_models.training.run import TrainingReport
    from insar_models.training.running import TrainingSetup
    from tasks.probes.encoder import EncoderProbeReport

PARTIAL = 3

Corpus = Annotated[Path, Parameter(help="Corpus as `fringewatch corpus export` wrote it.")]


Steps = Annotated[int | None, Parameter(validator=validators.Number(gte=1))]


@Parameter(name="*")
@dataclass(frozen=True)
class RunOptions:
    """Options of the commands that learn step by step."""

    steps: Steps = None
    """Of the whole run, in place of the recipe's."""
    stop_after: Steps = None
    """Steps of this call; the rest later."""
    device: str | None = None
    """Such as cpu or cuda:1; by default a GPU where there is one."""


ALL_STEPS: Final = RunOptions()


@app.command
def pretrain(
    corpus: Corpus,
    /,
    *,
    folder: Path,
    recipe: str = "default",
    encoder: Architecture | None = None,
    weights: str | None = None,
    options: RunOptions = ALL_STEPS,
) -> int:
    """Learn an encoder from a corpus without labels; the same command goes on with a run.

    Ends with 0 when all steps were taken, and with 3 when it was stopped before. On a machine with
    nothing but torch, `python -m insar_models.train` is the same.

    Parameters
    ----------
    folder
        Of the run: checkpoints, journal, recipe, and the encoder.
    recipe
        TOML file, `default` or `paper`.
    encoder
        Kind of net, in place of the recipe's.
    weights
        What the encoder begins with, in place of the recipe's: `random`, `imagenet` (needs a
        network once), a file of weights, or the folder of an encoder.
    """
    check_torch()
    from insar_models.patchfile.file import open_patch_file
    from insar_models.pretraining.recipe import find_pretrain_recipe
    from insar_models.pretraining.run import pretrain as learn

    found = find_pretrain_recipe(recipe, steps=options.steps, weights=weights, architecture=encoder)
    return _learned(
        lambda running, asked_to_stop: learn(
            open_patch_file(corpus),
            found,
            folder,
            running=running,
            stop_after_steps=options.stop_after,
            asked_to_stop=asked_to_stop,
        ),
        options.device,
        every=200,
        note_every=10,
    )


@Parameter(name="*")
@dataclass(frozen=True)
class FieldOptions:
    """What `tune` learns from beside a corpus, where its recipe asks for it."""

    windows: Path | None = None
    """File of real quiet windows (`corpus windows`)."""
    air: Path | None = None
    """File of relief and delays (`corpus air`)."""


NO_FIELD: Final = FieldOptions()


@app.command
def tune(
    corpus: Corpus,
    /,
    *,
    encoder: Path,
    folder: Path,
    recipe: str = "default",
    field: FieldOptions = NO_FIELD,
    options: RunOptions = ALL_STEPS,
) -> int:
    """Teach an encoder to tell deformation from the rest; the same command goes on with a run.

    Simulated sources on quiet patches of the corpus are what it learns from. Ends with 0 when all
    steps were taken, and with 3 when it was stopped before. On a machine with nothing but torch,
    `python -m insar_models.tune` is the same.

    Parameters
    ----------
    encoder
        Folder of the encoder to begin with; it is left as it is.
    folder
        Of the run: checkpoints, journal, recipe, and the encoder that came of it.
    recipe
        TOML file, `default`, `field` (with windows and air), or `operational` (labels alone, as
        published).
    """
    check_torch()
    from insar_models.patchfile.file import open_patch_file
    from insar_models.tuning.beginning import encoder_to_tune, read_field
    from insar_models.tuning.recipe import find_tune_recipe
    from insar_models.tuning.run import tune as learn

    begun_with, past = encoder_to_tune(encoder)
    found = find_tune_recipe(recipe, steps=options.steps)
    return _learned(
        lambda running, asked_to_stop: learn(
            open_patch_file(corpus),
            begun_with,
            found,
            folder,
            past=past,
            field=read_field(field.windows, field.air),
            running=running,
            stop_after_steps=options.stop_after,
            asked_to_stop=asked_to_stop,
        ),
        options.device,
        every=500,
        note_every=50,
    )


def _learned(
    learn: "Callable[[TrainingSetup, Callable[[], bool]], TrainingReport]",
    device: str | None,
    *,
    every: int,
    note_every: int,
) -> int:
    """Learn until all steps are taken or a signal asks to stop, and return the exit code.

    `every` and `note_every` are steps: between checkpoints and looks, and of a journal's line.
    """
    from flows.screen import start_logging
    from insar_models.encoders.features import best_device
    from insar_models.patchfile.loader import Loading
    from insar_models.training.command import until_stopped
    from insar_models.training.running import TrainingSetup

    start_logging()
    running = TrainingSetup(
        loading=Loading(device=device or best_device()),
        checkpoint_every=every,
        measure_every=every,
        note_every=note_every,
    )
    report = until_stopped(lambda asked_to_stop: learn(running, asked_to_stop))
    return 0 if report.is_finished else PARTIAL


@app.command
def augmentations(
    corpus: Corpus,
    /,
    *,
    output: Path,
    recipe: str = "default",
    count: int = 8,
    seed: int = 0,
) -> int:
    """Draw what each step of the augmentation does to patches of a corpus.

    Parameters
    ----------
    output
        PNG file.
    recipe
        `default` or `paper`.
    count
        Patches, from the whole length of the corpus.
    seed
        Of the views.
    """
    check_torch()
    from catalogs.storage.opening import open_place
    from insar_models.augmentation.recipe import find_recipe
    from insar_models.patchfile.file import open_patch_file
    from tasks.pictures.augmentation_sheet import draw_augmentations, sheet_rows

    file = open_patch_file(corpus)
    rows = sheet_rows(file, count)
    place = open_place(output)
    drawn = draw_augmentations(file.phase[rows], rows, find_recipe(recipe), place, seed=seed)
    print(f"sheet: {drawn}")
    return 0


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
    from tasks.probes.encoder import DEFAULT_VIEWS, EncoderProbeRequest, train_encoder_probe

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
