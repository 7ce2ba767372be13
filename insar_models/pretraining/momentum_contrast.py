"""MoCo: a slow copy of the network makes the keys, and a queue remembers those of many batches.

So there are many patches to tell apart however small a batch is. On a single device the batch
normalisation of the copy sees whole batches, as it does in MoCo version 3.
"""

import copy

import torch
from torch import Tensor, nn
from typing_extensions import override

from fringewatch.errors import BadInputError
from insar_models.pretraining.losses import queue_loss, unit_rows
from insar_models.training.ranks import gather


class MomentumContrast(nn.Module):
    """The slow copy of a network and the queue of its keys.

    Parameters
    ----------
    network
        From inputs to projections; it is copied, and its copy gets no gradients.
    outputs
        Numbers of a projection.
    length
        Keys in the queue: many batches' worth.
    momentum
        Share of the copy that an update keeps.
    seed
        Of the directions that fill the queue at first.

    Raises
    ------
    BadInputError
        If the queue would have no place, or the momentum is not from 0 to below 1.
    """

    queue: Tensor
    """Shape (length, outputs), float32: unit vectors."""
    place: Tensor
    """Where the next key goes; whole number of no dimension."""

    def __init__(
        self,
        network: nn.Module,
        outputs: int,
        *,
        length: int = 4096,
        momentum: float = 0.99,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if length < 1 or not 0.0 <= momentum < 1.0:
            message = (
                f"a queue of {length} keys with a momentum of {momentum} cannot be: use at least 1 "
                "key and a momentum from 0 to below 1"
            )
            raise BadInputError(message)
        self.momentum = momentum
        self.network = copy.deepcopy(network).requires_grad_(requires_grad=False)
        directions = torch.randn(length, outputs, generator=torch.Generator().manual_seed(seed))
        self.register_buffer("queue", unit_rows(directions))
        self.register_buffer("place", torch.zeros((), dtype=torch.int64))

    @override
    @torch.no_grad()
    def forward(self, inputs: Tensor) -> Tensor:
        """Return the keys of inputs: projections of the copy, without gradients."""
        keys: Tensor = self.network(inputs)
        return keys.float()

    def loss(
        self, queries: tuple[Tensor, Tensor], keys: tuple[Tensor, Tensor], temperature: float
    ) -> Tensor:
        """Return the mean loss of both views, each of which must find the key of the other."""
        crossed = zip(queries, reversed(keys), strict=True)
        parts = [queue_loss(query, key, self.queue, temperature) for query, key in crossed]
        return torch.stack(parts).mean()

    @torch.no_grad()
    def remember(self, keys: Tensor) -> None:
        """Put keys (n, outputs) of all processes into the queue in place of the oldest."""
        newest = unit_rows(gather(keys))[-len(self.queue) :]
        places = (self.place + torch.arange(len(newest), device=newest.device)) % len(self.queue)
        self.queue[places] = newest
        self.place.copy_((self.place + len(newest)) % len(self.queue))

    @torch.no_grad()
    def follow(self, network: nn.Module) -> None:
        """Move the copy a little towards the network that learns."""
        follow(self.network, network, self.momentum)


@torch.no_grad()
def follow(slow: nn.Module, quick: nn.Module, keep: float) -> None:
    """Move the weights of `slow` towards those of `quick`, keeping the share `keep` of themselves.

    What is no weight (the running means of batch normalisation) is copied as it is.
    """
    for own, new in zip(slow.parameters(), quick.parameters(), strict=True):
        own.lerp_(new.detach(), 1.0 - keep)
    for mean, new_mean in zip(slow.buffers(), quick.buffers(), strict=True):
        mean.copy_(new_mean)
