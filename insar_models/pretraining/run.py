"""Learn an encoder from a corpus without labels; a run that was stopped goes on where it stood."""

import logging
import math
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor
from typing_extensions import override

from fringewatch.errors import BadInputError
from insar_models.patchfile.file import PatchFile
from insar_models.patchfile.loader import Batch, PatchLoader
from insar_models.patchfile.sampling import EachOnce
from insar_models.pretraining.collapse import COLLAPSED_BELOW, measure_spread
from insar_models.pretraining.learner import Pairs, PretrainLearner, make_pairs
from insar_models.pretraining.measures import Measures
from insar_models.pretraining.recipe import PretrainRecipe
from insar_models.training.optimisers import cosine_rate, paper_rate
from insar_models.training.run import RunPlan, TrainingReport, TrainingRun, alone_in
from insar_models.training.running import TrainingSetup

_LOG: Final = logging.getLogger(__name__)


def pretrain(
    corpus: PatchFile,
    recipe: PretrainRecipe,
    folder: Path,
    *,
    running: TrainingSetup | None = None,
    stop_after_steps: int | None = None,
    asked_to_stop: Callable[[], bool] | None = None,
) -> TrainingReport:
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
    with alone_in(folder, running.loading.device):
        run = _PretrainRun(corpus, recipe, folder, running, loader)
        run.take_steps(stop_after_steps, asked_to_stop)
        return run.report()


class _PretrainRun(TrainingRun):
    def __init__(
        self,
        corpus: PatchFile,
        recipe: PretrainRecipe,
        folder: Path,
        running: TrainingSetup,
        loader: PatchLoader,
    ) -> None:
        self._recipe, self._loader = recipe, loader
        self._per_epoch = loader.steps / recipe.accumulate
        steps = recipe.steps or max(1, math.floor(recipe.epochs * self._per_epoch))
        identity = {
            "corpus": {"name": corpus.facts.name, "version": corpus.facts.version},
            "recipe": recipe.settings(),
        }
        patches = recipe.batch_size * recipe.accumulate
        super().__init__(folder, running, RunPlan(identity, steps, recipe.seed, patches))
        learner = PretrainLearner(recipe, self.device, self.precision, begin=self.is_new)
        self.begin(learner)
        self._pretrained = learner
        if running.compiled:
            learner.compile()
        self._measures = Measures(corpus, running.measured, recipe.seed) if self.is_first else None
        self._groups = torch.from_numpy(corpus.columns["group"].astype(np.int64)).to(self.device)
        self._projections = torch.empty(0)
        if self.is_new:
            self.note_measures()

    @override
    def take_steps(self, most: int | None, asked_to_stop: Callable[[], bool] | None) -> None:
        # Closed at the end, whatever happens: threads read ahead for it.
        with closing(self._batches_from(self.step)) as self._batches:
            super().take_steps(most, asked_to_stop)

    @override
    def rate(self) -> float:
        recipe = self._recipe
        if recipe.schedule == "paper":
            epoch = self.step * recipe.accumulate // self._loader.steps
            return recipe.learning_rate * paper_rate(epoch, self._loader.steps)
        steps = self.plan.steps
        return recipe.learning_rate * cosine_rate(self.step, steps, round(recipe.warm_up * steps))

    @override
    def learn(self, rate: float) -> Tensor:
        pairs = list(islice(self._batches, self._recipe.accumulate))
        loss, self._projections = self._pretrained.learn(pairs, rate)
        return loss

    @override
    def more_to_note(self) -> dict[str, Any]:
        spread = measure_spread(self._projections)
        if spread < COLLAPSED_BELOW and self.is_first:
            _LOG.warning("step %d: all projections are alike; the net has collapsed", self.step)
        return {"epoch": round(self.step / self._per_epoch, 3), "projection_spread": spread}

    @override
    def measure(self) -> dict[str, Any]:
        learner = self._pretrained
        if self._measures is None:
            return {}
        return self._measures.of(learner.delivered, learner.autocast(), self.device)

    @override
    def card(self, told: Mapping[str, Any]) -> dict[str, Any]:
        return {"trained": dict(told)}

    def _batches_from(self, step: int) -> Generator[Pairs]:
        """What the network sees, from a step on, without end."""
        epoch, start = divmod(step * self._recipe.accumulate, self._loader.steps)
        while True:
            for batch in self._loader.epoch(epoch, start=start):
                yield make_pairs(batch, self._groups_of(batch), epoch, self._recipe)
            epoch, start = epoch + 1, 0

    def _groups_of(self, batch: Batch) -> Tensor | None:
        if not self._recipe.spare_groups:
            return None
        return self._groups[torch.from_numpy(batch.rows).to(self.device)]


def _check_corpus(corpus: PatchFile, recipe: PretrainRecipe) -> None:
    if recipe.spare_groups and np.unique(corpus.columns["group"]).size < 2:  # noqa: PLR2004
        message = (
            f"all patches of {corpus.path} are of one group, so that there is nothing to tell "
            "apart: build a larger corpus, or set spare_groups to false"
        )
        raise BadInputError(message)
