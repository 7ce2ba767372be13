"""The share of deforming windows that probabilities assume: the card's, or an observatory's own.

How likely it is that a window with such a score deforms depends on how many do at all. A card
states a share; who watches one restless volcano, or hundreds that sleep, knows a better one. It
moves probabilities alone: what counts as deforming, and what the dates are judged by, is the
threshold of quiet windows, which knows no share.
"""

from typing import Protocol, Self, TypeGuard

from fringewatch.errors import BadInputError
from insar_models.detectors.protocol import Detector


class StatesShare(Detector, Protocol):
    """A detector whose probabilities can be had at another share; all of ours are."""

    @property
    def deforming_share(self) -> float:
        """The share of deforming windows that its probabilities assume, between 0 and 1."""

    def with_deforming_share(self, share: float) -> Self:
        """Return the same detector with probabilities at another share."""


def states_share(model: object) -> TypeGuard[StatesShare]:
    """Return whether a detector has a share; one of another package may answer by itself."""
    # `isinstance` looks at classes alone from Python 3.12 on.
    return hasattr(model, "deforming_share") and hasattr(model, "with_deforming_share")


def deforming_share_of(model: Detector) -> float | None:
    """Return the share that a model's probabilities assume; None if it does not say."""
    return model.deforming_share if states_share(model) else None


def at_deforming_share(model: Detector, share: float) -> Detector:
    """Return the model with probabilities at a share; scores and threshold are as they were.

    Raises
    ------
    BadInputError
        If the share is not between 0 and 1, or the model, of another package, has none.
    """
    if not states_share(model):
        message = (
            f"the model {model.name} has no share of deforming windows that could be set to "
            f"{share}: leave deforming_share out of the settings, or choose another model"
        )
        raise BadInputError(message)
    return model.with_deforming_share(share)
