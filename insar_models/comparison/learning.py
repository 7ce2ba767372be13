"""What a row's encoder learns: runs of pretraining and tuning, of as many steps as hours allow."""

import json
import logging
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from fringewatch.atomic import write_atomically
from insar_models.comparison.beginnings import beginning_of, weights_of
from insar_models.comparison.limits import Limits, NotYetError, Spent, clock_of
from insar_models.comparison.rows import BUDGET_PATCHES, Row
from insar_models.encoders.encoder import Encoder
from insar_models.encoders.files import load_encoder
from insar_models.patchfile.file import PatchFile
from insar_models.patchfile.loader import Loading
from insar_models.pretraining.run import pretrain
from insar_models.training.run import ENCODER
from insar_models.training.running import TrainingSetup
from insar_models.tuning.run import tune

_PLAN: Final = "plan.json"
_ENDED: Final = "ended.json"
_TRIED: Final = 3
"""Steps by which a rate is measured, after one that does not count."""
_UNLABELLED: Final = -1
_CHECKPOINT_EVERY: Final = 50
_MEASURED: Final = 256
_LOG: Final = logging.getLogger(__name__)


class Report(Protocol):
    """What a run says of itself when its call ends."""

    @property
    def step(self) -> int:
        """Steps that were taken."""

    @property
    def encoder(self) -> Path:
        """Folder of the encoder."""

    @property
    def is_finished(self) -> bool:
        """Whether all steps were taken."""


TakeSteps = Callable[[Path, int, int | None, Callable[[], bool] | None], Report]
"""Goes on in a folder: steps of the whole run, steps of this call, whether to stop."""


@dataclass(frozen=True)
class Learned:
    """A run that has ended."""

    encoder: Path
    step: int
    steps: int
    batch: int
    views: int
    """Of the batches' patches that the net saw, all steps together."""
    hours: float
    clock: str
    """``processor`` or ``wall``."""
    seconds_per_step: float
    """As measured before the run, by the same clock."""


@dataclass(frozen=True)
class Workshop:
    """Where and by what rows are made."""

    corpus: PatchFile
    folder: Path
    limits: Limits
    device: str = "cpu"
    weights: Mapping[str, Path] = field(default_factory=dict)
    """Files of ImageNet's weights, by architecture."""
    encoders: Mapping[str, Path] = field(default_factory=dict)
    """Folders of the encoders of rows that are made."""

    def running(self, measured: int = _MEASURED) -> TrainingSetup:
        """Return how runs use the machine."""
        return TrainingSetup(
            loading=Loading(device=self.device),
            checkpoint_every=_CHECKPOINT_EVERY,
            measure_every=1_000,
            measured=measured,
        )


def without_labels_of(corpus: PatchFile, rows: NDArray[np.int64]) -> PatchFile:
    """Return a corpus of which nothing says what some rows show."""
    labels = corpus.columns["label"].copy()
    labels[rows] = _UNLABELLED
    return replace(corpus, columns={**corpus.columns, "label": labels})


def pretrained(row: Row, shop: Workshop) -> Learned:
    """Return what a row learned without labels.

    Raises
    ------
    NotYetError
        If the call's time is over before.
    ModelError
        If the weights that it begins with are not here.
    """
    if row.pretrain is None:
        message = f"the row {row.name} learns nothing without labels"
        raise ValueError(message)
    begun = replace(row.pretrain, encoder=row.needed_encoder, weights=weights_of(row, shop.weights))
    batch = begun.batch_size * begun.accumulate

    def go_on(
        folder: Path, steps: int, most: int | None, asked: Callable[[], bool] | None
    ) -> Report:
        return pretrain(
            shop.corpus,
            replace(begun, steps=steps),
            folder,
            running=shop.running(),
            stop_after_steps=most,
            asked_to_stop=asked,
        )

    most_steps = begun.steps or max(1, BUDGET_PATCHES // batch)
    return _learned(shop, "pretrain", go_on, most_steps, batch, views=2)


def tuned(
    row: Row, shop: Workshop, begin: Encoder, held_out: NDArray[np.int64], to: str
) -> Learned:
    """Return what a row learned from labels, of which those of `held_out` were hidden from it.

    Parameters
    ----------
    row
        With a recipe of tuning.
    shop
        Where.
    begin
        Encoder to begin with.
    held_out
        Rows of the corpus.
    to
        Name of the run's folder.

    Raises
    ------
    NotYetError
        If the call's time is over before.
    """
    if row.tune is None:
        message = f"the row {row.name} learns nothing from labels"
        raise ValueError(message)
    recipe, corpus = row.tune, without_labels_of(shop.corpus, held_out)

    def go_on(
        folder: Path, steps: int, most: int | None, asked: Callable[[], bool] | None
    ) -> Report:
        return tune(
            corpus,
            begin,
            replace(recipe, steps=steps, epochs=None),
            folder,
            running=shop.running(),
            stop_after_steps=most,
            asked_to_stop=asked,
        )

    most_steps = recipe.steps
    if recipe.epochs is not None:
        labelled = int((corpus.columns["label"] >= 0).sum())
        most_steps = max(1, round(recipe.epochs * labelled / recipe.batch_size))
    return _learned(shop, to, go_on, most_steps, recipe.batch_size, views=1)


def begin_tuning(row: Row, shop: Workshop, learned: Learned | None) -> Encoder:
    """Return the encoder that tuning begins with: what was learned without labels, if it was."""
    if learned is not None:
        return load_encoder(learned.encoder)
    return beginning_of(row, shop.weights, shop.encoders)


def _learned(
    shop: Workshop, name: str, go_on: TakeSteps, most_steps: int, batch: int, *, views: int
) -> Learned:
    """What a run of a row came to, begun or taken up within its hours."""
    folder = shop.folder / name
    ended = folder / _ENDED
    if ended.is_file():  # a run that its hours ended must not take a step whenever it is asked for
        told = json.loads(ended.read_text("utf-8"))
        return Learned(encoder=folder / ENCODER, **told)
    plan = _plan(shop, folder, go_on, most_steps)
    spent = Spent(folder, clock_of(shop.device))

    def asked() -> bool:
        spent.keep(at_once=False)
        return spent.seconds >= 3600 * shop.limits.hours or shop.limits.is_over()

    _LOG.info(
        "%s: up to step %d, %.2f h of learning at most", folder, plan["steps"], shop.limits.hours
    )
    report = go_on(folder, plan["steps"], None, asked)
    spent.keep()
    if not report.is_finished and spent.seconds < 3600 * shop.limits.hours:
        message = (
            f"{name} stands at step {report.step} of {plan['steps']}: the same command goes on"
        )
        raise NotYetError(message)
    told = {
        "step": report.step,
        "steps": plan["steps"],
        "batch": batch,
        "views": views * batch * report.step,
        "hours": spent.seconds / 3600,
        "clock": "processor" if shop.device == "cpu" else "wall",
        "seconds_per_step": plan["seconds_per_step"],
    }
    write_atomically(ended, f"{json.dumps(told)}\n".encode())
    return Learned(encoder=report.encoder, **told)


def _plan(shop: Workshop, folder: Path, go_on: TakeSteps, most_steps: int) -> dict[str, Any]:
    """Return the run's steps: what its hours are enough for, measured once and kept.

    A schedule of rates has to know its end beforehand; a run that is taken up has to have the
    same one.
    """
    path = folder / _PLAN
    if path.is_file():
        plan: dict[str, Any] = json.loads(path.read_text("utf-8"))
        return plan
    shop.limits.check("its rate was measured")
    seconds = seconds_per_step(
        folder.with_name(f"{folder.name}-rate"), go_on, clock_of(shop.device)
    )
    enough = int(3600 * shop.limits.hours / seconds)
    plan = {"steps": max(1, min(most_steps, enough)), "seconds_per_step": round(seconds, 4)}
    write_atomically(path, f"{json.dumps(plan)}\n".encode())
    return plan


def seconds_per_step(folder: Path, go_on: TakeSteps, clock: Callable[[], float]) -> float:
    """Return what a step of a run takes, by some that are thrown away with their folder."""
    try:
        go_on(folder, 1 + _TRIED, 1, None)
        begun = clock()
        go_on(folder, 1 + _TRIED, _TRIED, None)
        return max(1e-6, (clock() - begun) / _TRIED)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
