"""The one loop of all that learns step by step: what is taught in a step, a subclass says.

What a step does depends on its number and on what identifies the run, never on what ran before. So
a run that was killed and taken up gives, on a CPU, the bytes of one that was not.
"""

import json
import logging
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from fringewatch.atomic import write_atomically
from fringewatch.errors import ModelError, TrainingError
from insar_models.encoders.files import save_encoder
from insar_models.patchfile.loader import open_device
from insar_models.training.checkpoints import (
    Checkpoint,
    one_at_a_time,
    read_checkpoint,
    write_checkpoint,
)
from insar_models.training.journal import Journal
from insar_models.training.learner import Learner
from insar_models.training.ranks import agree, mean_over_ranks, rank_number
from insar_models.training.running import TrainingSetup, precision_of

JOURNAL: Final = "journal.jsonl"
ENCODER: Final = "encoder"
"""Folder, below that of the run, of the encoder as it was when the run stopped."""

_RECIPE: Final = "recipe.json"
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingReport:
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


@dataclass(frozen=True)
class RunPlan:
    """What a run is, before its first step."""

    identity: Mapping[str, Any]
    """What must be the same where the run is taken up, as JSON holds it: corpus, recipe, ..."""
    steps: int
    seed: int
    patches_per_step: int


class TrainingRun(ABC):
    """A run in its folder, from the step where it stands to the one where it stops.

    A subclass makes its learner after this constructor and hands it to `begin`.

    Attributes
    ----------
    step : int
        Steps that were taken.
    is_new : bool
        Whether no checkpoint is there to go on from.
    is_first : bool
        Whether this process is the one of several that writes.

    Raises
    ------
    BadInputError
        If the device cannot be used.
    ModelError
        If the folder holds another run, or no checkpoint in it can be read.
    """

    def __init__(self, folder: Path, running: TrainingSetup, plan: RunPlan) -> None:
        self._folder, self._running, self.plan = folder, running, plan
        self.device = open_device(running.loading.device)
        self.precision = precision_of(running.precision, self.device)
        self.is_first = rank_number() == 0
        self._checkpoint = read_checkpoint(folder)
        self.is_new = self._checkpoint is None
        if self._checkpoint is not None:
            _refuse_another_run(folder, self._checkpoint.facts, plan.identity)
        self.step, self._window, self._loss = 0, list[Tensor](), math.nan
        self._started = time.monotonic()

    @abstractmethod
    def rate(self) -> float:
        """The learning rate of the step that is next."""

    @abstractmethod
    def learn(self, rate: float) -> Tensor:
        """Take the step that is next, and return its loss, a scalar."""

    @abstractmethod
    def measure(self) -> dict[str, Any]:
        """How well it goes, for the journal; empty where nothing can be measured."""

    @abstractmethod
    def card(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """The delivered encoder's card, given the run's identity and how far it came."""

    def more_to_note(self) -> dict[str, Any]:
        """What a line of the journal holds beside step, loss, rate and speed."""
        return {}

    def begin(self, learner: Learner) -> None:
        """Go on with the learner where the last checkpoint left it, and open the journal."""
        self._learner = learner
        if self._checkpoint is not None:
            self._take_up(self._checkpoint)
            self._checkpoint = None  # it is large
        if self.is_first:
            self._journal = Journal(self._folder / JOURNAL, -1 if self.is_new else self.step)
            text = json.dumps(self.plan.identity, indent=2)
            write_atomically(self._folder / _RECIPE, f"{text}\n".encode())

    def take_steps(self, most: int | None, asked_to_stop: Callable[[], bool] | None) -> None:
        """Learn to the end, for so many steps at most, or until asked to stop."""
        last = self.plan.steps if most is None else min(self.plan.steps, self.step + most)
        self._since = (time.monotonic(), self.step)  # what was made ready before is no speed
        while self.step < last:
            rate = self.rate()
            torch.manual_seed(_seed_of(self.plan.seed, self.step))
            self._window.append(self.learn(rate))
            self.step += 1
            stops = self.step == last
            if asked_to_stop is not None:
                stops |= agree(flag=asked_to_stop(), device=str(self.device))
            if self._is_due(self._running.note_every):
                self._note(rate)
            if self._is_due(self._running.measure_every):
                self.note_measures()
            if stops or self._is_due(self._running.checkpoint_every):
                self._keep()
            if stops:
                break

    def note_measures(self) -> None:
        """Measure, and put what was found into the journal; the first process alone does so."""
        found = self.measure() if self.is_first else {}
        if found:
            self._journal.note(step=self.step, measures=found)
            _LOG.info("step %d: %s", self.step, found)
        self._since = (time.monotonic(), self.step)

    def report(self) -> TrainingReport:
        """Write the encoder, and return how far the run has come."""
        encoder = self._folder / ENCODER
        if self.is_first:
            told = {**self.plan.identity, "step": self.step, "steps": self.plan.steps}
            card = self.card({**told, "loss": _or_none(self._loss)})
            save_encoder(encoder, self._learner.delivered, card)
        seconds = time.monotonic() - self._started
        return TrainingReport(self.step, self.plan.steps, self._loss, seconds, encoder)

    def _is_due(self, every: int) -> bool:
        return self.step % every == 0 or self.step == self.plan.steps

    def _losses(self) -> list[float]:
        """The losses that were not noted yet; all processes come to the same end."""
        if not self._window:
            return []
        losses: list[float] = mean_over_ranks(torch.stack(self._window)).tolist()
        for place, loss in enumerate(losses):
            if not math.isfinite(loss):
                step = self.step - len(losses) + place + 1
                message = (
                    f"the loss of step {step} is {loss}: the run in {self._folder} is stopped, its "
                    "last checkpoint is good; begin again with a smaller learning rate"
                )
                raise TrainingError(message)
        return losses

    def _note(self, rate: float) -> None:
        """Write a line of the journal about the steps since the last one."""
        losses = self._losses()
        self._loss, self._window = sum(losses) / len(losses), []
        more = self.more_to_note()
        now = time.monotonic()
        taken = (self.step - self._since[1]) * self.plan.patches_per_step
        speed = round(taken / max(1e-9, now - self._since[0]), 1)
        self._since = (now, self.step)
        if self.is_first:
            self._journal.note(
                step=self.step, loss=self._loss, rate=rate, **more, patches_per_second=speed
            )
            _LOG.info(
                "step %d of %d: loss %.4f%s, %.1f patches a second",
                self.step,
                self.plan.steps,
                self._loss,
                "".join(f", {name.replace('_', ' ')} {value:.3g}" for name, value in more.items()),
                speed,
            )

    def _keep(self) -> None:
        losses = self._losses()
        if not self.is_first:
            return
        tensors, facts = self._learner.state()
        whole = {**self.plan.identity, **facts, "losses": losses, "loss": _or_none(self._loss)}
        whole["torch"] = str(torch.__version__)
        write_checkpoint(self._folder, Checkpoint(self.step, whole, tensors))

    def _take_up(self, checkpoint: Checkpoint) -> None:
        facts = checkpoint.facts
        self._learner.restore(checkpoint.tensors, facts)
        self.step = checkpoint.step
        # Older tuning runs noted what there was before a checkpoint, and kept no losses.
        losses = facts.get("losses", [])
        self._window = [torch.tensor(loss, device=self.device) for loss in losses]
        self._loss = math.nan if facts["loss"] is None else facts["loss"]
        _LOG.info("going on in %s after step %d of %d", self._folder, self.step, self.plan.steps)


@contextmanager
def alone_in(folder: Path, device: str) -> Iterator[None]:
    """Hold the folder of a run, and leave the state of torch's random numbers as it was.

    Raises
    ------
    BadInputError
        If the device cannot be used.
    HomeError
        If another process trains in the folder, or it cannot be written.
    """
    guard: AbstractContextManager[None] = nullcontext()
    if rank_number() == 0:
        guard = one_at_a_time(folder)
    opened = open_device(device)
    with guard, torch.random.fork_rng(devices=[opened] if opened.type == "cuda" else []):
        yield


def _refuse_another_run(
    folder: Path, before: Mapping[str, Any], identity: Mapping[str, Any]
) -> None:
    """Pass a folder whose run learns the same from the same."""
    for what, now in identity.items():
        differences = _differences(before.get(what), now)
        if differences:
            message = (
                f"{folder} holds a run with another {what} ({differences}): go on with that one, "
                "or choose another folder"
            )
            raise ModelError(message)


def _differences(before: Any, now: dict[str, Any]) -> str:
    if not isinstance(before, dict):
        return "none is told"
    names = sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
    return "; ".join(f"{name} was {before.get(name)!r}, is {now.get(name)!r}" for name in names)


def _seed_of(seed: int, step: int) -> int:
    """A seed for what is drawn within a step (dropout), of this process."""
    words = np.random.SeedSequence((seed, step, rank_number())).generate_state(1, np.uint64)
    return int(words[0] >> np.uint64(1))


def _or_none(number: float) -> float | None:
    return number if math.isfinite(number) else None
