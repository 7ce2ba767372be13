"""Commands that learn with torch; they need the extra packages of ``fringewatch[train]``."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter, validators

from flows.cli.common import app
from flows.torch_needed import check_torch
from insar_models.encoders.spec import Architecture

if TYPE_CHECKING:
    from collections.abc import Callable

    from insar_models.training.run import TrainingReport
    from insar_models.training.running import TrainingSetup

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
    corpus: Corpus, /, *, output: Path, recipe: str = "default", count: int = 8, seed: int = 0
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
