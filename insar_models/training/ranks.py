"""Tensors of all processes that train together, with gradients that find their way back."""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor
from torch.autograd import Function
from typing_extensions import override


def ranks() -> int:
    """Return how many processes train together; 1 where no process group was opened."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank_number() -> int:
    """Return which of them this one is, from 0."""
    return dist.get_rank() if ranks() > 1 else 0


def gather(local: Tensor) -> Tensor:
    """Return the rows of all processes, in the order of their ranks; every process needs them all.

    The gradient of what any process computes from them comes back to the process whose rows they
    are. So where each process takes the mean loss of its own rows and the gradients of the weights
    are averaged over processes, they are those of one process with all rows. (Gathering without
    gradients, as several libraries did for years, trains on half of the loss.)

    Parameters
    ----------
    local
        Shape (n, ...), the same n in all processes.
    """
    if ranks() == 1:
        return local
    gathered: Tensor = _Gather.apply(local)
    return gathered


def average_gradients(parameters: list[torch.nn.Parameter]) -> None:
    """Replace the gradients by their means over all processes; one message for all of them."""
    if ranks() == 1:
        return
    gradients = [
        parameter.grad if parameter.grad is not None else torch.zeros_like(parameter)
        for parameter in parameters
    ]
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    dist.all_reduce(flat)
    flat /= ranks()
    sizes = [gradient.numel() for gradient in gradients]
    pieces = torch.split_with_sizes(flat, sizes)
    for parameter, piece in zip(parameters, pieces, strict=True):
        parameter.grad = piece.view_as(parameter)


def mean_over_ranks(value: Tensor) -> Tensor:
    """Return the mean of a tensor over all processes, without gradients."""
    if ranks() == 1:
        return value
    mean = value.detach().clone()
    dist.all_reduce(mean)
    return mean / ranks()


def agree(*, flag: bool, device: str = "cpu") -> bool:
    """Return whether the flag is set in any process: all go on, or none does."""
    if ranks() == 1:
        return flag
    told = torch.tensor(float(flag), device=device)
    dist.all_reduce(told)
    return bool(told > 0)


class _Gather(Function):
    @staticmethod
    @override
    def forward(ctx: Any, local: Tensor) -> Tensor:
        local = local.contiguous()
        parts = [torch.empty_like(local) for _ in range(ranks())]
        dist.all_gather(parts, local)
        return torch.cat(parts)

    @staticmethod
    @override
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        whole = gradients[0].contiguous().clone()
        dist.all_reduce(whole)
        return whole.chunk(ranks())[rank_number()]
