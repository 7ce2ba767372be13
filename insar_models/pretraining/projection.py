"""The head that is trained on top of an encoder and thrown away afterwards."""

import torch
from torch import Tensor, nn
from typing_extensions import override

from fringewatch.errors import BadInputError


class ProjectionHead(nn.Module):
    """Features to what the contrastive loss compares: one hidden layer with ReLU.

    Parameters
    ----------
    features
        Numbers that come from the encoder.
    hidden
        Numbers of the hidden layer; as many as features if None.
    outputs
        Numbers that are compared. The paper has 1000 (512 -> 512 -> 1000), since its last layer
        is what ImageNet left over; others take 128.
    seed
        Of the first weights: the same head whatever was drawn before.

    Raises
    ------
    BadInputError
        If a size is below 1.
    """

    def __init__(
        self, features: int, *, hidden: int | None = None, outputs: int = 128, seed: int = 0
    ) -> None:
        super().__init__()
        hidden = features if hidden is None else hidden
        if min(features, hidden, outputs) < 1:
            message = f"a projection head {features} -> {hidden} -> {outputs} cannot be"
            raise BadInputError(message)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.layers = nn.Sequential(
                nn.Linear(features, hidden), nn.ReLU(), nn.Linear(hidden, outputs)
            )

    @override
    def forward(self, features: Tensor) -> Tensor:
        """Return projections, shape (n, outputs), of features, shape (n, features)."""
        projected: Tensor = self.layers(features)
        return projected
