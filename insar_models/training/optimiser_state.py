"""The state of an optimiser as tensors by name and numbers, and back: nothing is pickled."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer


def optimiser_state(optimiser: Optimizer) -> tuple[dict[str, Tensor], dict[str, dict[str, Any]]]:
    """Return tensors by ``place.name``, and by place what is no tensor, as JSON holds it."""
    tensors: dict[str, Tensor] = {}
    numbers: dict[str, dict[str, Any]] = {}
    for place, entries in optimiser.state_dict()["state"].items():
        for name, value in entries.items():
            if isinstance(value, Tensor):
                tensors[f"{place}.{name}"] = value
            else:
                numbers.setdefault(str(place), {})[name] = value
    return tensors, numbers


def restore_optimiser(
    optimiser: Optimizer, tensors: Mapping[str, Tensor], numbers: Mapping[str, Mapping[str, Any]]
) -> None:
    """Set an optimiser to what `optimiser_state` gave.

    Raises
    ------
    KeyError, IndexError, ValueError
        If the state is not that of such an optimiser.
    """
    whole = optimiser.state_dict()
    parameters = [one for group in optimiser.param_groups for one in group["params"]]
    state: dict[int, dict[str, Any]] = {
        int(place): dict(entries) for place, entries in numbers.items()
    }
    for key, tensor in tensors.items():
        place, name = key.split(".", 1)
        like = parameters[int(place)]
        # As it lay in memory before: sums over it must run in the same order.
        fits = tensor.shape == like.shape
        value = torch.empty_like(like, requires_grad=False).copy_(tensor) if fits else tensor
        state.setdefault(int(place), {})[name] = value
    optimiser.load_state_dict({"state": state, "param_groups": whole["param_groups"]})


def below(tensors: Mapping[str, Tensor], part: str) -> dict[str, Tensor]:
    """Return the tensors whose names begin with `part` and a dot, without both."""
    beginning = f"{part}."
    return {
        name.removeprefix(beginning): tensor
        for name, tensor in tensors.items()
        if name.startswith(beginning)
    }
