"""Learn an encoder from a corpus without labels; a run that was stopped goes on where it stood.

What a step does depends on the recipe, the corpus and the step alone: which patches, which views,
which dropout. So a run that was killed and taken up gives, on a CPU, the bytes of one that was not.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
import torch

from fringewatch.errors import BadInputError
from insar_models.patchfile.file import PatchFile
from insar_models.patchfile.loader import PatchLoader
from insar_models.patchfile.sampling import EachOnce
from insar_models.pretraining.recipe import PretrainRecipe
from insar_models.pretraining.run import PretrainReport, Run
from insar_models.training.checkpoints import one_at_a_time
from insar_models.training.ranks import rank_number
from insar_models.training.running import TrainingSetup

__all__ = ["PretrainRecipe", "PretrainReport", "TrainingSetup", "pretrain"]


def pretrain(
    corpus: PatchFile,
    recipe: PretrainRecipe,
    folder: Path,
    *,
    running: TrainingSetup | None = None,
    stop_after_steps: int | None = None,
    asked_to_stop: Callable[[], bool] | None = None,
) -> PretrainReport:
    """Learn, or go on learning, and return how far it came.

    Parameters
    ----------
    corpus
        Of at least `recipe.batch_size` patches.
    recipe
        What to learn, and how; the same as before where the run is taken up.
    folder
        Of the run: ``checkpoints/``, ``journal.jsonl``, ``recipe.json``, ``encoder/``.
    running
        How the machine is used.
    stop_after_steps
        Steps of this call, after which a checkpoint is written; no limit if None.
    asked_to_stop
        Asked after each step; once it says so, a checkpoint is written.

    Raises
    ------
    BadInputError
        If the corpus is too small for the batch, or has one group alone.
    ModelError
        If the folder holds a run of another recipe or corpus, no checkpoint in it can be read, or
        the weights that the recipe begins with cannot be had.
    TrainingError
        If the loss, a feature or a weight is not finite: the run stops, and its last good
        checkpoint stays.
    HomeError
        If the folder cannot be written, or another process trains in it.
    """
    running = running or TrainingSetup()
    _check_corpus(corpus, recipe)
    draw = EachOnce(len(corpus), recipe.batch_size, recipe.seed)
    loader = PatchLoader(corpus, draw, loading=running.loading)
    device = torch.device(running.loading.device)
    guard: AbstractContextManager[None] = nullcontext()
    if rank_number() == 0:
        guard = one_at_a_time(folder)
    with guard, torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        run = Run(corpus, recipe, folder, running, loader)
        run.take_steps(stop_after_steps, asked_to_stop)
        return run.report()


def _check_corpus(corpus: PatchFile, recipe: PretrainRecipe) -> None:
    if recipe.spare_groups and np.unique(corpus.columns["group"]).size < 2:  # noqa: PLR2004
        message = (
            f"all patches of {corpus.path} are of one group, so that there is nothing to tell "
            "apart: build a larger corpus, or set spare_groups to false"
        )
        raise BadInputError(message)
