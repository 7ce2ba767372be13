"""Which patches make up which batch of training: a pure function of a seed, an epoch and a step.

Numbers come from a counter-based generator (Philox) that is keyed by the seed and the epoch, and
only its raw output is used, which no release of numpy may change. So the batches depend on nothing
else: not on the number of loading threads or machines, nor on what was drawn before. A run that
was stopped at step k goes on at step k.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError

_LARGEST_KEY: Final = 2**63 - 1
_ORDER: Final = 1
"""What the numbers are for: the same key gives others for another purpose."""


@dataclass(frozen=True)
class Rank:
    """One of several processes that train together, each on its part of every batch."""

    number: int = 0
    of: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.number < self.of:
            message = f"rank {self.number} of {self.of} cannot be: ranks are 0 to {self.of - 1}"
            raise BadInputError(message)


def epoch_order(count: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """Return the numbers 0 to `count` - 1 in an order that belongs to the seed and the epoch.

    Shape (count,), int64; the same on every machine.

    Raises
    ------
    BadInputError
        If the seed or the epoch is negative or beyond 63 bits.
    """
    return np.argsort(_raw(seed, epoch, count), kind="stable").astype(np.int64)


@dataclass(frozen=True)
class EachOnce:
    """Every patch once in an epoch, in an order of its own, batch by batch.

    What is drawn are places 0 to `patches` - 1 in a selection of patches.

    Parameters
    ----------
    patches
        Patches in the selection.
    batch_size
        All ranks together; at most `patches`.
    seed
        Other seeds give other orders.
    drop_last
        Whether to leave out the last batch of an epoch where it is short. Else some ranks may
        find it empty.

    Raises
    ------
    BadInputError
        If the batch is larger than the selection, or a number cannot be one.
    """

    patches: int
    batch_size: int
    seed: int
    drop_last: bool = True

    def __post_init__(self) -> None:
        _check_key(self.seed, 0)
        _check_batch(self.batch_size, self.patches)

    @property
    def steps(self) -> int:
        """Batches in an epoch; at least 1."""
        if self.drop_last:
            return self.patches // self.batch_size
        return math.ceil(self.patches / self.batch_size)

    def places(self, epoch: int) -> NDArray[np.int64]:
        """Return the places that an epoch takes, in order; batch k is the k-th piece of them."""
        order = epoch_order(self.patches, self.seed, epoch)
        return order[: self.steps * self.batch_size]


def batches(
    draw: EachOnce, epoch: int, *, start: int = 0, rank: Rank | None = None
) -> Iterator[NDArray[np.int64]]:
    """Give the places that a rank takes in each batch of an epoch.

    The parts of all ranks, one after another, are the batch that a single process would take.

    Parameters
    ----------
    draw
        How patches are drawn.
    epoch
        0 or more.
    start
        First step; the number of steps gives nothing. No earlier batch is looked at.
    rank
        One process alone if None.

    Raises
    ------
    BadInputError
        If the epoch has no such step, or the batch cannot be shared evenly among the ranks.
    """
    rank = rank or Rank()
    if not 0 <= start <= draw.steps:
        message = f"step {start} cannot be: an epoch has the steps 0 to {draw.steps - 1}"
        raise BadInputError(message)
    if draw.batch_size % rank.of:
        message = (
            f"a batch of {draw.batch_size} cannot be shared evenly among {rank.of} ranks: choose a "
            f"multiple of {rank.of}"
        )
        raise BadInputError(message)
    return _pieces(draw.places(epoch), draw, start, rank)


def _pieces(
    places: NDArray[np.int64], draw: EachOnce, start: int, rank: Rank
) -> Iterator[NDArray[np.int64]]:
    for step in range(start, draw.steps):
        batch = places[step * draw.batch_size : (step + 1) * draw.batch_size]
        first, end = (len(batch) * part // rank.of for part in (rank.number, rank.number + 1))
        yield batch[first:end]


def _raw(seed: int, epoch: int, count: int) -> NDArray[np.uint64]:
    _check_key(seed, epoch)
    key = np.array([seed, epoch], dtype=np.uint64)
    counter = np.array([0, 0, 0, _ORDER], dtype=np.uint64)
    raw: NDArray[np.uint64] = np.random.Philox(key=key, counter=counter).random_raw(count)
    return raw


def _check_key(seed: int, epoch: int) -> None:
    for name, value in (("seed", seed), ("epoch", epoch)):
        if not 0 <= value <= _LARGEST_KEY:
            message = f"{value} is no {name}: it must be 0 to {_LARGEST_KEY}"
            raise BadInputError(message)


def _check_batch(batch_size: int, patches: int) -> None:
    if not 1 <= batch_size <= patches:
        message = (
            f"a batch of {batch_size} cannot be drawn from {patches} patches: choose 1 to {patches}"
        )
        raise BadInputError(message)
