"""Tune: teach an encoder to tell deformation from the rest, one run at a time on each device."""

from pathlib import Path
from typing import TYPE_CHECKING

from prefect import flow, task

from flows.device_limit import alone_on
from flows.run_log import RUN_LOG
from flows.steps import partial, try_later_named
from flows.torch_needed import check_torch

if TYPE_CHECKING:
    from insar_models.training.run import TrainingReport
    from insar_models.training.running import TrainingSetup
    from insar_models.tuning.beginning import TuneFiles
    from insar_models.tuning.recipe import TuneRecipe


@task(name="tune-encoder", tags={"gpu"})
def tune_task(
    files: "TuneFiles",
    encoder: Path,
    recipe: "TuneRecipe",
    folder: Path,
    running: "TrainingSetup",
    stop_after: int | None,
) -> "TrainingReport":
    """Learn, or go on learning, and return how far the run came; see `tune`."""
    from insar_models.patchfile.file import open_patch_file  # noqa: PLC0415 - torch may be missing
    from insar_models.tuning.beginning import encoder_to_tune, read_field  # noqa: PLC0415
    from insar_models.tuning.run import tune as learn  # noqa: PLC0415

    begun_with, past = encoder_to_tune(encoder)
    return learn(
        open_patch_file(files.corpus),
        begun_with,
        recipe,
        folder,
        past=past,
        field=read_field(files.windows, files.air),
        running=running,
        stop_after_steps=stop_after,
    )


@flow(name="tune", flow_run_name="{folder}", **RUN_LOG)
@try_later_named
def tune(  # noqa: PLR0913 - each is a field of the deployment's form
    corpus: Path,
    encoder: Path,
    folder: Path,
    recipe: str = "default",
    *,
    windows: Path | None = None,
    air: Path | None = None,
    steps: int | None = None,
    stop_after: int | None = None,
    device: str | None = None,
) -> "TrainingReport":
    """Teach an encoder deformation; a run of the same folder goes on where the last one ended.

    The run ends as *Partial* when it was stopped before all steps were taken. One that is killed
    goes on from its last checkpoint.

    Parameters
    ----------
    corpus
        Patch file with labels, as ``fringewatch corpus export`` wrote it.
    encoder
        Folder of the encoder to begin with; it is left as it is.
    folder
        Of the run: checkpoints, journal, recipe, and the encoder that came of it.
    recipe
        TOML file, ``default``, ``field`` or ``operational``.
    windows
        File of real quiet windows, where the recipe asks for them.
    air
        File of relief and delays, likewise.
    steps
        Of the whole run, in place of the recipe's.
    stop_after
        Steps of this run; the rest later.
    device
        Such as ``cpu`` or ``cuda:1``; a GPU where there is one if not given.

    Raises
    ------
    BadInputError
        If the corpus, the recipe or the device cannot be used, or torch is not installed.
    ModelError
        If there is no encoder in its folder, or `folder` holds another run.
    TrainingError
        If the loss is not finite.
    """
    check_torch()
    from insar_models.encoders.features import best_device  # noqa: PLC0415 - torch may be missing
    from insar_models.patchfile.loader import Loading  # noqa: PLC0415
    from insar_models.training.running import TrainingSetup  # noqa: PLC0415
    from insar_models.tuning.beginning import TuneFiles  # noqa: PLC0415
    from insar_models.tuning.recipe import find_tune_recipe  # noqa: PLC0415

    device = device or best_device()
    found = find_tune_recipe(recipe, steps=steps)
    running = TrainingSetup(loading=Loading(device=device))
    with alone_on(device):
        files = TuneFiles(corpus, windows, air)
        report = tune_task(files, encoder, found, folder, running, stop_after)
    if not report.is_finished:
        return partial(report, f"stopped after step {report.step} of {report.steps}")
    return report
