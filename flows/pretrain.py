"""Pretrain: learn an encoder from a corpus without labels, one run at a time on each device."""

from pathlib import Path
from typing import TYPE_CHECKING

from prefect import flow, task

from flows.device_limit import alone_on
from flows.run_log import RUN_LOG
from flows.steps import partial, try_later_named
from flows.torch_needed import check_torch

if TYPE_CHECKING:
    from insar_models.pretraining.recipe import PretrainRecipe
    from insar_models.training.run import TrainingReport
    from insar_models.training.running import TrainingSetup


@task(name="learn", tags={"gpu"})
def learn_task(
    corpus: Path,
    recipe: "PretrainRecipe",
    folder: Path,
    running: "TrainingSetup",
    stop_after: int | None,
) -> "TrainingReport":
    """Learn, or go on learning, and return how far the run came; see `pretrain`."""
    from insar_models.patchfile.file import open_patch_file  # noqa: PLC0415 - torch may be missing
    from insar_models.pretraining.run import pretrain as learn  # noqa: PLC0415

    return learn(
        open_patch_file(corpus), recipe, folder, running=running, stop_after_steps=stop_after
    )


@flow(name="pretrain", flow_run_name="{folder}", **RUN_LOG)
@try_later_named
def pretrain(  # noqa: PLR0913 - each is a field of the deployment's form
    corpus: Path,
    folder: Path,
    recipe: str = "default",
    *,
    encoder: str | None = None,
    weights: str | None = None,
    steps: int | None = None,
    stop_after: int | None = None,
    device: str | None = None,
) -> "TrainingReport":
    """Learn an encoder without labels; a run of the same folder goes on where the last one ended.

    The run ends as *Partial* when it was stopped before all steps were taken. One that is killed
    goes on from its last checkpoint.

    Parameters
    ----------
    corpus
        Patch file, as ``fringewatch corpus export`` wrote it.
    folder
        Of the run: checkpoints, journal, recipe, and the encoder.
    recipe
        TOML file, ``default`` or ``paper``.
    encoder
        Architecture such as ``compact`` or ``resnet18``, in place of the recipe's.
    weights
        What the encoder begins with, in place of the recipe's: ``random``, ``imagenet``, or a path.
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
        If the folder holds another run, or the weights to begin with cannot be had.
    TrainingError
        If the loss is not finite.
    """
    check_torch()
    from insar_models.encoders.features import best_device  # noqa: PLC0415 - torch may be missing
    from insar_models.patchfile.loader import Loading  # noqa: PLC0415
    from insar_models.pretraining.recipe import find_pretrain_recipe  # noqa: PLC0415
    from insar_models.training.running import TrainingSetup  # noqa: PLC0415

    device = device or best_device()
    found = find_pretrain_recipe(recipe, steps=steps, weights=weights, architecture=encoder)
    running = TrainingSetup(loading=Loading(device=device))
    with alone_on(device):
        report = learn_task(corpus, found, folder, running, stop_after)
    if not report.is_finished:
        return partial(report, f"stopped after step {report.step} of {report.steps}")
    return report
