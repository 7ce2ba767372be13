"""Linear probes on the features of an encoder: ours, and that of the paper.

Neither cuts deviations, so that the logit is a sum over the places of a patch.
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray

from fringewatch.checked_fields import AboveZero, Count, Limits, WholeFromZero, check_fields
from fringewatch.errors import BadInputError
from insar_models.detectors.linear import LinearWeights
from insar_models.probes.held_out import TrainSeeded
from insar_models.probes.probe import (
    ExtraSamples,
    ProbeFit,
    ProbeSettings,
    Train,
    fit_probe,
    fit_weights,
)

_DEFORMING_PARTS: Final = 6
_ALL_PARTS: Final = 11
"""The published code draws a whole number of 0 to 10, and takes a deforming patch if it is even."""

_DECIMALS: Final = 6


class ProbeMethod(StrEnum):
    """How a probe learns."""

    LOGISTIC = "logistic"
    """Logistic regression with balanced classes on standardised features: always the same."""
    PAPER = "paper"
    """A linear layer, Adam and cross entropy for one epoch of balanced draws (Bountos et al. 2022,
    IEEE Geoscience and Remote Sensing Letters, as in the authors' code): depends on the seed."""


@dataclass(frozen=True)
class LinearProbeSettings:
    """How a linear probe is fitted; all of it goes to the model's card.

    Raises
    ------
    BadInputError
        If the method is unknown, or a number is out of range.
    """

    method: ProbeMethod = ProbeMethod.LOGISTIC
    seed: WholeFromZero = 0
    """Of the paper's first weights and draws."""
    regularisation_c: AboveZero = 0.01
    """Of the logistic regression: a small one holds the coefficients small."""
    quiet_share_above: Annotated[float, Limits(0.0, 0.9999, "a share")] | None = None
    """Share of the held-out quiet patches that may lie at or above the threshold; None puts it at
    even odds, see `ProbeSettings`."""
    most_folds: Annotated[int, Limits(2)] = 10
    """Upper limit; there are never more folds than groups that hold deformation."""
    draws: Count = 7536
    """Of the paper's epoch."""
    batch_size: Count = 112
    """The paper's."""
    learning_rate: AboveZero = 1e-3
    """The paper's."""

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "method", ProbeMethod(self.method))
        except ValueError as error:
            message = f"'{self.method}' is no way to fit a probe: choose {', '.join(ProbeMethod)}"
            raise BadInputError(message) from error
        check_fields(self)


def fit_linear_probe(
    features: NDArray[np.floating],
    labels: NDArray[np.integer],
    groups: tuple[str, ...],
    settings: LinearProbeSettings,
    extra: ExtraSamples | None = None,
) -> ProbeFit:
    """Return a linear probe with a threshold and a calibration from held-out groups.

    Parameters
    ----------
    features
        Shape (n, d), finite: of an encoder.
    labels
        Shape (n,): 1 deforms, 0 is quiet.
    groups
        n names, of areas or frames; see `fit_probe`.
    settings
        How to fit.
    extra
        Samples that are learned from in every fold, and judged in none.

    Raises
    ------
    BadInputError
        As `fit_probe`.
    """
    of_fit = ProbeSettings(
        regularisation_c=settings.regularisation_c,
        clip_deviations=math.inf,
        quiet_share_above=settings.quiet_share_above,
        most_folds=settings.most_folds,
    )
    train: Train | None = None  # as `fit_probe` does
    if settings.method is ProbeMethod.PAPER:
        train = partial(train_as_published, settings=settings)
    return fit_probe(
        np.asarray(features, dtype=np.float64),
        np.asarray(labels, dtype=np.int64),
        groups,
        of_fit,
        train,
        extra,
    )


def train_as_published(
    features: NDArray[np.float64], labels: NDArray[np.int64], settings: LinearProbeSettings
) -> LinearWeights:
    """Return the paper's linear layer as weights: the logit of deforming less that of quiet.

    Features are not standardised. They come from an encoder that scores; the published code leaves
    its batch norms learning while the layer is fitted.

    Parameters
    ----------
    features, labels
        Shape (n, d), finite, and (n,), both classes present.
    settings
        draws, batches and learning rate.
    """
    import torch  # noqa: PLC0415 - only needed in training

    rows = draw_classes_first(labels, settings.draws, settings.seed)
    values, classes = torch.from_numpy(features.astype(np.float32)), torch.from_numpy(labels)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(settings.seed)
        layer = torch.nn.Linear(features.shape[1], 2)
    optimiser = torch.optim.Adam(layer.parameters(), lr=settings.learning_rate)
    for first in range(0, len(rows), settings.batch_size):
        batch = rows[first : first + settings.batch_size]
        loss = torch.nn.functional.cross_entropy(layer(values[batch]), classes[batch])
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
    weight, bias = (tensor.detach().double().numpy() for tensor in (layer.weight, layer.bias))
    return LinearWeights(
        mean=np.zeros(features.shape[1]),
        scale=np.ones(features.shape[1]),
        coefficients=(weight[1] - weight[0]).round(_DECIMALS),
        intercept=round(float(bias[1] - bias[0]), _DECIMALS),
        clip_deviations=math.inf,
    )


def train_of_seed(settings: LinearProbeSettings) -> TrainSeeded:
    """Return what makes the weights of a probe, whatever its seed."""
    return partial(_train, settings=settings)


def _train(
    features: NDArray[np.float64],
    labels: NDArray[np.int64],
    seed: WholeFromZero,
    settings: LinearProbeSettings,
) -> LinearWeights:
    if settings.method is ProbeMethod.PAPER:
        return train_as_published(features, labels, replace(settings, seed=seed))
    of_fit = ProbeSettings(regularisation_c=settings.regularisation_c, clip_deviations=math.inf)
    return fit_weights(features, labels, of_fit)


def draw_classes_first(labels: NDArray[np.int64], draws: int, seed: int) -> NDArray[np.int64]:
    """Return the rows of an epoch, int64 (draws,): a class by chance, then any sample of it.

    Parameters
    ----------
    labels
        Shape (n,), 0 or 1, both present; 1 comes in six of eleven draws.
    draws
        Samples of an epoch; one may come several times.
    seed
        From 0.
    """
    chance = np.random.default_rng([seed, draws])
    deforming = chance.integers(_ALL_PARTS, size=draws) < _DEFORMING_PARTS
    inside = chance.random(draws)
    rows = np.empty(draws, dtype=np.int64)
    for label, chosen in ((1, deforming), (0, ~deforming)):
        of_class = np.flatnonzero(labels == label)
        rows[chosen] = of_class[(inside[chosen] * len(of_class)).astype(np.int64)]
    return rows
