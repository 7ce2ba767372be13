"""One call's part of a pretraining run: from the step where it stands to the one where it stops."""

import json
import logging
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from fringewatch.atomic import write_atomically
from fringewatch.errors import ModelError, TrainingError
from insar_models.encoders.files import save_encoder
from insar_models.patchfile.file import PatchFile
from insar_models.patchfile.loader import Batch, PatchLoader
from insar_models.pretraining.collapse import COLLAPSED_BELOW, measure_spread
from insar_models.pretraining.learner import Learner, Pairs, make_pairs
from insar_models.pretraining.measures import Measures
from insar_models.pretraining.recipe import PretrainRecipe
from insar_models.training.checkpoints import Checkpoint, read_checkpoint, write_checkpoint
from insar_models.training.journal import Journal
from insar_models.training.optimisers import cosine_rate, paper_rate
from insar_models.training.ranks import agree, mean_over_ranks, rank_number
from insar_models.training.running import TrainingSetup, precision_of

JOURNAL: Final = "journal.jsonl"
ENCODER: Final = "encoder"
"""Folder, below that of the run, of the encoder as the last checkpoint has it."""

_RECIPE: Final = "recipe.json"
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True)
class PretrainReport:
    """How far a run has come."""

    step: int
    steps: int
    """Of the whole run."""
    loss: float
    """Mean over the last steps that were noted; NaN where none was."""
    seconds: float
    """Of learning, this call's."""
    encoder: Path
    """Folder that `load_encoder` reads."""

    @property
    def is_finished(self) -> bool:
        """Whether all steps were taken."""
        return self.step >= self.steps


class Run:
    """A run that is going on; `insar_models.pretraining.start.pretrain` is the way to have one.

    Parameters
    ----------
    corpus, recipe, folder, running
        As `pretrain` takes them.
    loader
        Of the batches that the recipe asks for.

    Raises
    ------
    ModelError
        If the folder holds another run, or no checkpoint in it can be read.
    """

    def __init__(
        self,
        corpus: PatchFile,
        recipe: PretrainRecipe,
        folder: Path,
        running: TrainingSetup,
        loader: PatchLoader,
    ) -> None:
        self._corpus, self._recipe, self._folder = corpus, recipe, folder
        self._running, self._loader = running, loader
        self._device = torch.device(running.loading.device)
        self._first = rank_number() == 0
        self._per_epoch = loader.steps / recipe.accumulate
        self.steps = recipe.steps or max(1, math.floor(recipe.epochs * self._per_epoch))
        self._identity = {
            "corpus": {"name": corpus.facts.name, "version": corpus.facts.version},
            "recipe": recipe.settings(),
        }
        checkpoint = read_checkpoint(folder)
        precision = precision_of(running.precision, self._device)
        self._learner = Learner(recipe, self._device, precision, begin=checkpoint is None)
        self.step, self._window, self._loss = 0, list[Tensor](), math.nan
        if checkpoint is not None:
            self._take_up(checkpoint)
        if running.compiled:
            self._learner.compile()
        self._measures = Measures(corpus, running.measured, recipe.seed) if self._first else None
        self._groups = torch.from_numpy(corpus.columns["group"].astype(np.int64)).to(self._device)
        self._started, self._since = time.monotonic(), (time.monotonic(), self.step)
        if self._first:
            self._journal = Journal(folder / JOURNAL, -1 if checkpoint is None else self.step)
            text = json.dumps(self._identity, indent=2)
            write_atomically(folder / _RECIPE, f"{text}\n".encode())
            if checkpoint is None:
                self._measure()

    def take_steps(self, most: int | None, asked_to_stop: Callable[[], bool] | None) -> None:
        """Learn to the end, for so many steps at most, or until asked to stop."""
        last = self.steps if most is None else min(self.steps, self.step + most)
        batches = self._batches()
        while self.step < last:
            rate = self._recipe.learning_rate * self._share(self.step)
            torch.manual_seed(_seed_of(self._recipe.seed, self.step))
            pairs = list(islice(batches, self._recipe.accumulate))
            loss, projections = self._learner.learn(pairs, rate)
            self.step += 1
            self._window.append(loss)
            stops = self.step == last
            if asked_to_stop is not None:
                stops |= agree(flag=asked_to_stop(), device=str(self._device))
            if self._is_due(self._running.note_every):
                self._note(rate, projections)
            if self._is_due(self._running.measure_every):
                self._measure()
            if stops or self._is_due(self._running.checkpoint_every):
                self._keep()
            if stops:
                break

    def report(self) -> PretrainReport:
        """Write the encoder, and return how far the run has come."""
        encoder = self._folder / ENCODER
        if self._first:
            trained = {**self._identity, "step": self.step, "steps": self.steps}
            card = {"trained": {**trained, "loss": _or_none(self._loss)}}
            save_encoder(encoder, self._learner.delivered, card)
        seconds = time.monotonic() - self._started
        return PretrainReport(self.step, self.steps, self._loss, seconds, encoder)

    def _is_due(self, every: int) -> bool:
        return self.step % every == 0 or self.step == self.steps

    def _share(self, step: int) -> float:
        """Of the full learning rate."""
        if self._recipe.schedule == "paper":
            epoch = step * self._recipe.accumulate // self._loader.steps
            return paper_rate(epoch, self._loader.steps)
        return cosine_rate(step, self.steps, round(self._recipe.warm_up * self.steps))

    def _batches(self) -> Iterator[Pairs]:
        """What the network sees, from the step on that is next, without end."""
        epoch, start = divmod(self.step * self._recipe.accumulate, self._loader.steps)
        while True:
            for batch in self._loader.epoch(epoch, start=start):
                yield make_pairs(batch, self._groups_of(batch), epoch, self._recipe)
            epoch, start = epoch + 1, 0

    def _groups_of(self, batch: Batch) -> Tensor | None:
        if not self._recipe.spare_groups:
            return None
        return self._groups[torch.from_numpy(batch.rows).to(self._device)]

    def _losses(self) -> list[float]:
        """Return the losses that were not noted yet; all processes come to the same end."""
        if not self._window:
            return []
        losses: list[float] = mean_over_ranks(torch.stack(self._window)).tolist()
        for place, loss in enumerate(losses):
            if not math.isfinite(loss):
                step = self.step - len(losses) + place + 1
                message = (
                    f"the loss of step {step} is {loss}: the run in {self._folder} is stopped, its "
                    "last checkpoint is good; begin again with a smaller learning rate or a "
                    "higher temperature"
                )
                raise TrainingError(message)
        return losses

    def _note(self, rate: float, projections: Tensor) -> None:
        losses = self._losses()
        self._loss = sum(losses) / len(losses)
        self._window = []
        spread = measure_spread(projections)
        now = time.monotonic()
        taken = (self.step - self._since[1]) * self._recipe.batch_size * self._recipe.accumulate
        speed = taken / max(1e-9, now - self._since[0])
        self._since = (now, self.step)
        if not self._first:
            return
        epoch = self.step / self._per_epoch
        self._journal.note(
            step=self.step,
            epoch=round(epoch, 3),
            loss=self._loss,
            rate=rate,
            projection_spread=spread,
            patches_per_second=round(speed, 1),
        )
        _LOG.info(
            "step %d of %d, epoch %.1f: loss %.4f, spread %.3f, %.1f patches a second",
            self.step,
            self.steps,
            epoch,
            self._loss,
            spread,
            speed,
        )
        if spread < COLLAPSED_BELOW:
            _LOG.warning("step %d: all projections are alike; the net has collapsed", self.step)

    def _measure(self) -> None:
        if self._measures is None:
            return
        learner = self._learner
        found = self._measures.of(learner.delivered, learner.autocast(), self._device)
        self._journal.note(step=self.step, measures=found)
        _LOG.info("step %d: %s", self.step, found)
        self._since = (time.monotonic(), self.step)

    def _keep(self) -> None:
        losses = self._losses()
        if not self._first:
            return
        tensors, facts = self._learner.state()
        whole = {**self._identity, **facts, "losses": losses, "loss": _or_none(self._loss)}
        whole["torch"] = str(torch.__version__)
        write_checkpoint(self._folder, Checkpoint(self.step, whole, tensors))

    def _take_up(self, checkpoint: Checkpoint) -> None:
        facts = checkpoint.facts
        for what, found in self._identity.items():
            differences = _differences(facts.get(what), found)
            if differences:
                message = (
                    f"{self._folder} holds a run with another {what} ({differences}): go on with "
                    "that one, or choose another folder"
                )
                raise ModelError(message)
        self._learner.restore(checkpoint.tensors, facts)
        self.step = checkpoint.step
        self._window = [torch.tensor(loss, device=self._device) for loss in facts["losses"]]
        self._loss = math.nan if facts["loss"] is None else facts["loss"]
        _LOG.info("going on in %s after step %d of %d", self._folder, self.step, self.steps)


def _seed_of(seed: int, step: int) -> int:
    """Return a seed for what is drawn within a step (dropout), of this process."""
    words = np.random.SeedSequence((seed, step, rank_number())).generate_state(1, np.uint64)
    return int(words[0] >> np.uint64(1))


def _or_none(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _differences(before: Any, now: dict[str, Any]) -> str:
    if not isinstance(before, dict):
        return "none is told"
    names = sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
    return "; ".join(f"{name} was {before.get(name)!r}, is {now.get(name)!r}" for name in names)
