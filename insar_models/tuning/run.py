"""Teach an encoder to tell deformation from the rest; a run that was stopped goes on.

The last step before the probe: simulated sources on real quiet ground take the place of labels
that nobody has, or the few labels that there are do, as in the published operational variant.
"""

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from typing_extensions import override

from fringewatch.errors import BadInputError
from insar_models.encoders.encoder import Encoder
from insar_models.encoders.learned_ground import areas_learned, volcanoes_learned
from insar_models.judging.metrics import auroc
from insar_models.patchfile.file import PatchFile
from insar_models.simulation.source_pool import make_pool
from insar_models.training.optimisers import cosine_rate
from insar_models.training.run import RunPlan, TrainingReport, TrainingRun, alone_in
from insar_models.training.running import TrainingSetup
from insar_models.tuning.beginning import FieldData
from insar_models.tuning.examples import ExampleMaker
from insar_models.tuning.grounds import Grounds, WindowGrounds, sort_grounds
from insar_models.tuning.learner import TuneLearner
from insar_models.tuning.recipe import TuneRecipe

_POOL_SIDES: Final = 1.5
"""Side of the simulated fields in sides of what the encoder sees: room to shift them."""

_MEASURED_BATCHES: Final = 8
_RARE: Final = 0.01
_OPERATED: Final = 0.02
"""Share of quiet windows that may alarm."""

_PEAKS_M: Final = ((0.03, 0.05), (0.06, 0.1), (0.1, 0.16))
_PASTED: Final = 192


def tune(  # noqa: PLR0913 - what is learned, from what, where, and how long
    corpus: PatchFile,
    encoder: Encoder,
    recipe: TuneRecipe,
    folder: Path,
    *,
    past: Mapping[str, Any] | None = None,
    field: FieldData | None = None,
    running: TrainingSetup | None = None,
    stop_after_steps: int | None = None,
    asked_to_stop: Callable[[], bool] | None = None,
) -> TrainingReport:
    """Learn, or go on learning, and return how far it came.

    Parameters
    ----------
    corpus
        With labels; 0 is quiet, 1 deforms, others are left out.
    encoder
        To begin with, the same where a run is taken up; left as it is.
    recipe
        What to learn, and how.
    folder
        Of the run: ``checkpoints/``, ``journal.jsonl``, ``recipe.json``, ``encoder/``.
    past
        The encoder's card: how it was trained goes along, and ground that it was tuned on before
        counts as learned.
    field
        Whole windows and air, where the recipe asks for them.
    running
        How the machine is used.
    stop_after_steps
        Steps of this call, after which a checkpoint is written; no limit if None.
    asked_to_stop
        Asked after each step; once it says so, a checkpoint is written.

    Raises
    ------
    BadInputError
        If the corpus has nothing to learn from, or the encoder has no part of a name that the
        recipe unfreezes, or the device cannot be used.
    ModelError
        If the folder holds a run of another recipe, corpus or encoder, or no checkpoint in it can
        be read.
    TrainingError
        If the loss, a logit or a weight is not finite: the run stops, and its last good checkpoint
        stays.
    HomeError
        If the folder cannot be written, or another process trains in it.
    """
    running = running or TrainingSetup()
    with alone_in(folder, running.loading.device):
        begins = _Beginning(encoder, past or {}, field or FieldData())
        run = _TuneRun(corpus, begins, recipe, folder, running)
        run.take_steps(stop_after_steps, asked_to_stop)
        return run.report()


@dataclass(frozen=True, eq=False)
class _Beginning:
    encoder: Encoder
    past: Mapping[str, Any]
    field: FieldData


class _TuneRun(TrainingRun):
    def __init__(
        self,
        corpus: PatchFile,
        begins: _Beginning,
        recipe: TuneRecipe,
        folder: Path,
        running: TrainingSetup,
    ) -> None:
        self._corpus, self._recipe, self._past = corpus, recipe, begins.past
        encoder, field = begins.encoder, begins.field
        self._grounds = sort_grounds(corpus, recipe, field.windows)
        identity = {
            "corpus": {"name": corpus.facts.name, "version": corpus.facts.version},
            "encoder": {**encoder.spec.as_dict(), "weights": _hash(encoder)},
            "recipe": recipe.settings(),
            **({"field": field.identity()} if field.identity() else {}),
        }
        steps = _steps(recipe, self._grounds)
        super().__init__(folder, running, RunPlan(identity, steps, recipe.seed, recipe.batch_size))
        self._tuned = TuneLearner(encoder, recipe, self.device, self.precision)
        self.begin(self._tuned)
        pool = None
        if recipe.pasted:
            size = math.ceil(encoder.spec.size * _POOL_SIDES)
            pool = make_pool(recipe.sources, recipe.seed, size=size, spacing_m=recipe.spacing_m)
        self._maker = ExampleMaker(corpus, self._grounds, encoder.spec, recipe, pool, field.air)
        self._can_measure = pool is not None and self._grounds.held_out.size > 0

    @override
    def rate(self) -> float:
        steps = self.plan.steps
        warm_up = round(self._recipe.warm_up * steps)
        if self._recipe.constant_rate and self.step >= warm_up:
            return self._recipe.learning_rate
        return self._recipe.learning_rate * cosine_rate(self.step, steps, warm_up)

    @override
    def learn(self, rate: float) -> torch.Tensor:
        return self._tuned.learn(self._maker.of_step(self.step, self.device), rate)

    @override
    def card(self, told: Mapping[str, Any]) -> dict[str, Any]:
        return {
            **{name: self._past[name] for name in ("trained",) if name in self._past},
            "tuned": {
                **told,
                "areas_learned": self._areas_learned(),
                "volcanoes_learned": self._volcanoes_learned(),
                "before": self._past.get("tuned"),
            },
        }

    def _areas_learned(self) -> list[int]:
        """Areas of the corpus that this run or an earlier one learned from."""
        areas = set(self._corpus.columns["area"][self._grounds.learned].tolist())
        return sorted(areas | areas_learned(self._past, self._corpus.facts.version))

    def _volcanoes_learned(self) -> list[str]:
        """Volcanoes whose windows this run or an earlier one learned from."""
        of_windows = self._grounds.windows
        mine = [] if of_windows is None else of_windows.volcanoes_learned
        return sorted({*mine, *volcanoes_learned(self._past)})

    @override
    def measure(self) -> dict[str, Any]:
        """How well unseen quiet ground with and without deformation is told apart, and real."""
        found: dict[str, Any] = {}
        if self._can_measure:
            batches = [
                self._maker.to_measure(number, self._recipe.batch_size, self.device)
                for number in range(_MEASURED_BATCHES)
            ]
            labels = np.concatenate([batch.labels.cpu().numpy() for batch in batches])
            weights = np.concatenate([batch.weights.cpu().numpy() for batch in batches]) > 0
            logits = self._tuned.logits([batch.inputs for batch in batches])
            deforming = logits[weights & (labels == 1)]
            if deforming.size:  # on noise alone no source can be seen
                found["pasted_auroc"] = auroc(labels[weights], logits[weights])
                level = np.quantile(logits[labels == 0], 1 - _RARE)
                found["pasted_seen"] = float((deforming > level).mean())
        judged = self._grounds.judged
        labels = self._corpus.columns["label"][judged].astype(np.int64)
        if np.unique(labels).size > 1:
            logits = self._tuned.logits_of(self._corpus, judged)
            found["labelled_auroc"] = auroc(labels, logits)
        if self._grounds.windows is not None:
            found |= self._measured_windows(self._grounds.windows)
        return found

    def _measured_windows(self, grounds: WindowGrounds) -> dict[str, float]:
        """How many sources are seen where a fiftieth of the held-out quiet windows alarms."""
        if not grounds.held_out.size:
            return {}
        windows = grounds.windows.phase[grounds.held_out]
        highest = self._tuned.highest_logits(windows)
        level = float(np.nanquantile(highest, 1 - _OPERATED))
        found = {"window_level": level}
        for least_m, most_m in _PEAKS_M:
            inputs = self._maker.pasted_on_windows((least_m, most_m), _PASTED, self.device)
            logits = self._tuned.logits([inputs])
            found[f"seen_{100 * least_m:g}_{100 * most_m:g}_cm"] = float((logits > level).mean())
        return found


def _steps(recipe: TuneRecipe, grounds: Grounds) -> int:
    """How many steps the recipe asks for; raises if it is none."""
    if recipe.epochs is None:
        return recipe.steps
    steps = round(recipe.epochs * len(grounds.learned) / recipe.batch_size)
    if steps < 1:
        message = (
            f"{recipe.epochs} epochs of {len(grounds.learned)} patches are less than a batch of "
            f"{recipe.batch_size}: give more epochs, or a smaller batch_size"
        )
        raise BadInputError(message)
    return steps


def _hash(encoder: Encoder) -> str:
    whole = hashlib.sha256()
    for name, tensor in sorted(encoder.state_dict().items()):
        whole.update(f"{name} {tuple(tensor.shape)}\n".encode())
        whole.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return whole.hexdigest()
