"""What learns, and everything of it that has to be kept for a run to go on."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from fringewatch.errors import ModelError
from insar_models.encoders.encoder import Encoder
from insar_models.training.optimiser_state import below, optimiser_state, restore_optimiser


class Learner(ABC):
    """Nets and their optimiser, on a device.

    A subclass sets `_optimiser`.

    Parameters
    ----------
    device
        Where.
    precision
        Type of the network's products; weights, losses and optimiser are float32 always.
    """

    _optimiser: torch.optim.Optimizer

    def __init__(self, device: torch.device, precision: torch.dtype) -> None:
        self._device, self._precision = device, precision

    @property
    @abstractmethod
    def delivered(self) -> Encoder:
        """The encoder that a run delivers."""

    @abstractmethod
    def modules(self) -> Iterable[tuple[str, nn.Module]]:
        """Everything with weights, by the name that it has in checkpoints."""

    def autocast(self) -> torch.autocast:
        """Return the context in which the network computes in its precision."""
        mixed = self._precision != torch.float32
        return torch.autocast(
            self._device.type, dtype=self._precision if mixed else None, enabled=mixed
        )

    def state(self) -> tuple[dict[str, Tensor], dict[str, Any]]:
        """Return all that is needed to go on: tensors by name, and the rest as JSON holds it."""
        tensors = {
            f"{part}.{name}": tensor
            for part, module in self.modules()
            for name, tensor in module.state_dict().items()
        }
        of_optimiser, numbers = optimiser_state(self._optimiser)
        tensors |= {f"optimiser.{name}": tensor for name, tensor in of_optimiser.items()}
        return tensors, {"optimiser": numbers}

    def restore(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
        """Go on from a state.

        Raises
        ------
        ModelError
            If the state is not that of such a learner.
        """
        try:
            for part, module in self.modules():
                module.load_state_dict(below(tensors, part))
            restore_optimiser(self._optimiser, below(tensors, "optimiser"), facts["optimiser"])
            self.restore_facts(facts)
        except (KeyError, RuntimeError, ValueError, IndexError, TypeError) as error:
            message = f"the checkpoint does not fit its recipe ({error}): begin in another folder"
            raise ModelError(message) from error

    def restore_facts(self, facts: Mapping[str, Any]) -> None:  # noqa: B027 - most add nothing
        """Take from a state what a subclass added to it; nothing, as a rule."""
