"""What a tuning run teaches: an encoder and a classifier on it, and one step of both."""

import copy
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override

from fringewatch.errors import BadInputError, TrainingError
from fringewatch.numbers import NO_DATA_CODE
from insar_models.encoders.encoder import Encoder
from insar_models.encoders.inputs import inputs_of_codes
from insar_models.patchfile.file import PatchFile
from insar_models.phase.features import MINIMUM_VALID_FRACTION
from insar_models.phase.window_patches import cut_patches
from insar_models.pretraining.measures import features_of
from insar_models.pretraining.momentum_contrast import follow
from insar_models.training.learner import Learner
from insar_models.training.optimisers import make_optimiser, set_rate
from insar_models.tuning.examples import Examples
from insar_models.tuning.recipe import WHOLE, TuneRecipe

_GREATEST_GRADIENT: Final = 5.0


class _Classifier(nn.Module):
    """An encoder with one number on top: the logit of deformation."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.dimension, 1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    @override
    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.head(self.encoder(inputs)).squeeze(1)
        return logits


class TuneLearner(Learner):
    """An encoder that learns deformation from the rest, with a classifier on it.

    Parameters
    ----------
    encoder
        To begin with; copied.
    recipe
        How to learn.
    device
        Where.
    precision
        Type of the network's products.

    Raises
    ------
    BadInputError
        If the encoder has no part of a name that the recipe unfreezes.
    """

    def __init__(
        self, encoder: Encoder, recipe: TuneRecipe, device: torch.device, precision: torch.dtype
    ) -> None:
        super().__init__(device, precision)
        self._recipe = recipe
        own = copy.deepcopy(encoder)
        self._learning = _unfrozen(own, recipe.unfreeze)
        net = _Classifier(own)
        net.to(device).to(memory_format=torch.channels_last)
        self.net = net
        self._average = None if recipe.average is None else copy.deepcopy(net).eval()
        parts = [*self._learning, net.head]
        self._parameters = [one for part in parts for one in part.parameters()]
        self._optimiser = make_optimiser("adamw", self._parameters, recipe.weight_decay)

    @property
    @override
    def delivered(self) -> Encoder:
        """The mean over steps, where one is kept."""
        return (self._average or self.net).encoder.eval()

    def learn(self, examples: Examples, rate: float) -> Tensor:
        """Take one step; return the loss, a scalar."""
        self.net.eval()  # what is frozen keeps the statistics of its norms
        for part in self._learning:
            part.train()
        set_rate(self._optimiser, rate)
        self._optimiser.zero_grad(set_to_none=True)
        inputs = examples.inputs.contiguous(memory_format=torch.channels_last)
        with self.autocast():
            logits = self.net(inputs)
        losses = functional.binary_cross_entropy_with_logits(
            logits.float(), examples.labels, weight=examples.weights, reduction="sum"
        )
        loss = losses / examples.weights.sum().clamp(min=1)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self._parameters, _GREATEST_GRADIENT)
        self._optimiser.step()
        if self._average is not None and self._recipe.average is not None:
            follow(self._average, self.net, self._recipe.average)
        return loss.detach()

    @torch.no_grad()
    def logits(self, batches: Sequence[Tensor]) -> NDArray[np.float64]:
        """Return what the delivered encoder and its classifier say of inputs: (n,).

        Raises
        ------
        TrainingError
            If a logit is not finite.
        """
        net = (self._average or self.net).eval()
        with self.autocast():
            parts = [net(b.contiguous(memory_format=torch.channels_last)) for b in batches]
        return _finite(torch.cat(parts))

    @torch.no_grad()
    def logits_of(self, corpus: PatchFile, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the same of patches of a corpus as they are: (n,).

        Raises
        ------
        TrainingError
            If a logit is not finite.
        """
        net = (self._average or self.net).eval()
        features = features_of(corpus, rows, net.encoder, self.autocast(), self._device)
        return _finite(net.head(features).squeeze(1))

    @torch.no_grad()
    def highest_logits(self, windows: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return the highest logit of the patches of each window (n, side, side); NaN without any.

        Raises
        ------
        TrainingError
            If a logit is not finite.
        """
        highest = np.full(len(windows), np.nan)
        for at, window in enumerate(windows):
            patches = cut_patches(window)
            told = (patches != NO_DATA_CODE).mean((1, 2)) >= MINIMUM_VALID_FRACTION
            if told.any():
                seen = torch.from_numpy(patches[told]).to(self._device)
                highest[at] = self.logits([inputs_of_codes(seen, self.net.encoder.spec)]).max()
        return highest

    @override
    def modules(self) -> Iterable[tuple[str, nn.Module]]:
        parts = {"net": self.net, "average": self._average}
        return ((name, module) for name, module in parts.items() if module is not None)


def _finite(logits: Tensor) -> NDArray[np.float64]:
    if not bool(logits.isfinite().all()):
        message = (
            "what the classifier says is not finite: the run is stopped, its last checkpoint is "
            "good; begin again with a smaller learning rate"
        )
        raise TrainingError(message)
    return logits.double().cpu().numpy()


def _unfrozen(encoder: Encoder, names: tuple[str, ...]) -> list[nn.Module]:
    """The parts that learn; all others need no gradients any more."""
    for parameter in encoder.parameters():
        parameter.requires_grad_(False)  # noqa: FBT003 - torch names it otherwise
    parts: list[nn.Module] = []
    known = dict(encoder.backbone.named_children())
    for name in names:
        if name != WHOLE and name not in known:
            message = (
                f"this {encoder.spec.architecture} has no part '{name}' to unfreeze: choose among "
                f"{', '.join(known)}, or all"
            )
            raise BadInputError(message)
        parts.append(encoder if name == WHOLE else known[name])
    for part in parts:
        for parameter in part.parameters():
            parameter.requires_grad_(True)  # noqa: FBT003
    return parts
