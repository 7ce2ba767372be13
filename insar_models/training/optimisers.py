"""Optimisers and learning rates of pretraining."""

import math
from collections.abc import Callable, Iterable
from typing import Any, Final, Literal

import torch
from torch import Tensor, nn
from torch.optim import SGD, AdamW, Optimizer
from typing_extensions import override

from fringewatch.errors import BadInputError

OptimiserName = Literal["adam", "adamw", "sgd", "lars"]

_HELD_EPOCHS: Final = 10


class Lars(Optimizer):
    """SGD with momentum, with a rate for each layer in proportion to its weights: large batches.

    A group of parameters with ``adapt=False`` (biases, normalisation) is plain SGD with momentum.

    Parameters
    ----------
    params
        Parameters or groups of them.
    lr
        Learning rate.
    momentum
        Share of the last step that is kept.
    weight_decay
        Per step, in units of the weights.
    trust
        Length of a layer's step in proportion to its weights, at a rate of 1.
    """

    def __init__(
        self,
        params: Any,
        lr: float,
        *,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        trust: float = 1e-3,
    ) -> None:
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "weight_decay": weight_decay,
            "trust": trust,
            "adapt": True,
        }
        super().__init__(params, defaults)

    @override
    @torch.no_grad()
    # torch's own is typed for closures that give a loss, which nobody here passes.
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Take a step along the gradients; `closure` is not used."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._move(parameter, group)

    def _move(self, parameter: nn.Parameter, group: dict[str, Any]) -> None:
        """Take one step of one parameter, as long as its own length says."""
        update = parameter.grad + group["weight_decay"] * parameter
        if group["adapt"]:
            # All on the device: asking for a length would wait for it.
            length, push = parameter.norm(), update.norm()
            ratio = group["trust"] * length / push
            update = update * torch.where((length > 0) & (push > 0), ratio, torch.ones_like(ratio))
        state = self.state[parameter]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(parameter)
        momentum: Tensor = state["momentum"]
        momentum.mul_(group["momentum"]).add_(update)
        parameter.add_(momentum, alpha=-group["lr"])


def make_optimiser(
    name: OptimiserName, parameters: Iterable[nn.Parameter], weight_decay: float
) -> Optimizer:
    """Return an optimiser whose rate is set before each step; biases and norms are not decayed.

    Raises
    ------
    BadInputError
        If the name is none of `OptimiserName`.
    """
    all_of = [parameter for parameter in parameters if parameter.requires_grad]
    matrices = {"params": [p for p in all_of if p.ndim > 1], "weight_decay": weight_decay}
    vectors = {"params": [p for p in all_of if p.ndim <= 1], "weight_decay": 0.0}
    groups = [group for group in (matrices, vectors) if group["params"]]
    if name == "adam":
        # Adam's own weight decay is L2 in the gradient, as in the paper's time.
        return torch.optim.Adam(groups, lr=0.0)
    if name == "adamw":
        return AdamW(groups, lr=0.0)
    if name == "sgd":
        return SGD(groups, lr=0.0, momentum=0.9)
    if name == "lars":
        return Lars([{**group, "adapt": group is matrices} for group in groups], lr=0.0)
    message = f"'{name}' is no optimiser: choose adam, adamw, sgd or lars"
    raise BadInputError(message)


def set_rate(optimiser: Optimizer, rate: float) -> None:
    """Set the learning rate of the next step."""
    for group in optimiser.param_groups:
        group["lr"] = rate


def cosine_rate(step: int, steps: int, warm_up: int) -> float:
    """Return the share of the full rate at a step: up in a line, then down half a cosine to 0.

    Step 0 of a warm-up of w steps has 1/w of it; step `steps` - 1 is the last and just above 0.
    """
    if step < warm_up:
        return (step + 1) / warm_up
    done = (step - warm_up) / max(1, steps - warm_up)
    return 0.5 * (1.0 + math.cos(math.pi * min(1.0, done)))


def paper_rate(epoch: int, steps_per_epoch: int) -> float:
    """Return the share of the full rate in an epoch as the paper's code really had it.

    Its cosine goes by epochs, but its half period is the number of *steps* in an epoch: with 67 of
    them the rate is full for 10 epochs, zero near epoch 77, full again at 144, and low at 200.
    """
    return 0.5 * (1.0 + math.cos(math.pi * max(0, epoch - _HELD_EPOCHS) / steps_per_epoch))
