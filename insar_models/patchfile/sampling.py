"""Which patches make up which batch of training: a pure function of a seed, an epoch and a step.

Numbers come from a counter-based generator (Philox) that is keyed by the seed and the epoch, and
only its raw output is used, which no release of numpy may change. So the batches depend on nothing
else: not on the number of loading threads or machines, nor on what was drawn before. A run that
was stopped at step k goes on at step k.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from fringewatch.errors import BadInputError

_LARGEST_KEY: Final = 2**63 - 1


class _Stream(IntEnum):
    """What numbers are for: the same key gives others for another purpose."""

    ORDER = 1
    BALANCE = 2


@dataclass(frozen=True)
class Rank:
    """One of several processes that train together, each on its part of every batch."""

    number: int = 0
    of: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.number < self.of:
            message = f"rank {self.number} of {self.of} cannot be: ranks are 0 to {self.of - 1}"
            raise BadInputError(message)


class Draw(ABC):
    """The order in which patches are taken, epoch by epoch, batch by batch.

    What is drawn are places 0 to `count` - 1 in a selection of patches.
    """

    batch_size: int
    """Of the whole batch: all ranks together."""

    @property
    @abstractmethod
    def count(self) -> int:
        """Patches in the selection."""

    @property
    @abstractmethod
    def steps(self) -> int:
        """Batches in an epoch; at least 1."""

    @abstractmethod
    def places(self, epoch: int) -> NDArray[np.int64]:
        """Return the places that an epoch takes, in order; batch k is the k-th piece of them."""


def epoch_order(count: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """Return the numbers 0 to `count` - 1 in an order that belongs to the seed and the epoch.

    Shape (count,), int64; the same on every machine.

    Raises
    ------
    BadInputError
        If the seed or the epoch is negative or beyond 63 bits.
    """
    return np.argsort(_raw(_Stream.ORDER, seed, epoch, count), kind="stable").astype(np.int64)


@dataclass(frozen=True)
class EachOnce(Draw):
    """Every patch once in an epoch.

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
    @override
    def count(self) -> int:
        return self.patches

    @property
    @override
    def steps(self) -> int:
        if self.drop_last:
            return self.patches // self.batch_size
        return math.ceil(self.patches / self.batch_size)

    @override
    def places(self, epoch: int) -> NDArray[np.int64]:
        order = epoch_order(self.patches, self.seed, epoch)
        return order[: self.steps * self.batch_size]


@dataclass(frozen=True, eq=False)
class ClassBalanced(Draw):
    """First a class is drawn, then one of its patches: rare classes come as often as others.

    An epoch takes as many patches as there are, in whole batches; a patch may come several times
    or not at all.

    Parameters
    ----------
    classes
        Shape (n,), whole numbers of at least 0: the class of each patch of the selection.
    batch_size
        All ranks together; at most n.
    seed
        Other seeds give other draws.
    shares
        How often each class is drawn, in parts; all alike if None. (The draw of the paper that
        the frozen probe repeats has 6 parts deforming to 5 parts quiet.)

    Raises
    ------
    BadInputError
        If there is but one class, a label is negative, the shares do not name the classes, the
        batch is larger than the selection, or a number cannot be one.
    """

    classes: NDArray[np.integer]
    batch_size: int
    seed: int
    shares: Mapping[int, float] | None = None

    def __post_init__(self) -> None:
        _check_key(self.seed, 0)
        _check_batch(self.batch_size, len(self.classes))
        found = np.unique(self.classes).tolist()
        if len(found) < 2 or found[0] < 0:  # noqa: PLR2004 - nothing to balance
            message = (
                f"cannot balance the classes {found}: there must be at least two, and patches "
                "without a label (-1) must be left out of the selection"
            )
            raise BadInputError(message)
        if self.shares is not None and (
            sorted(self.shares) != found
            or not all(0.0 < share < math.inf for share in self.shares.values())
        ):
            message = f"the shares {dict(self.shares)} do not give each class of {found} its part"
            raise BadInputError(message)

    @property
    @override
    def count(self) -> int:
        return len(self.classes)

    @property
    @override
    def steps(self) -> int:
        return self.count // self.batch_size

    @override
    def places(self, epoch: int) -> NDArray[np.int64]:
        names, sizes = np.unique(self.classes, return_counts=True)
        by_class = np.argsort(self.classes, kind="stable")
        first = np.cumsum(sizes) - sizes
        parts = [1.0 if self.shares is None else self.shares[int(name)] for name in names]
        edges = np.cumsum(parts)[:-1] / np.sum(parts)
        raw = _raw(_Stream.BALANCE, self.seed, epoch, 2 * self.steps * self.batch_size)
        chosen, inside = _fraction(raw).reshape(-1, 2).T
        of_class = np.searchsorted(edges, chosen, side="right")
        places = first[of_class] + np.floor(inside * sizes[of_class]).astype(np.int64)
        drawn: NDArray[np.int64] = by_class[places].astype(np.int64)
        return drawn


def batches(
    draw: Draw, epoch: int, *, start: int = 0, rank: Rank | None = None
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
    places: NDArray[np.int64], draw: Draw, start: int, rank: Rank
) -> Iterator[NDArray[np.int64]]:
    for step in range(start, draw.steps):
        batch = places[step * draw.batch_size : (step + 1) * draw.batch_size]
        first, end = (len(batch) * part // rank.of for part in (rank.number, rank.number + 1))
        yield batch[first:end]


def _raw(stream: _Stream, seed: int, epoch: int, count: int) -> NDArray[np.uint64]:
    _check_key(seed, epoch)
    key = np.array([seed, epoch], dtype=np.uint64)
    counter = np.array([0, 0, 0, stream], dtype=np.uint64)
    raw: NDArray[np.uint64] = np.random.Philox(key=key, counter=counter).random_raw(count)
    return raw


def _fraction(raw: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Return numbers from 0 to below 1, 53 bits each."""
    return (raw >> np.uint64(11)).astype(np.float64) * 2.0**-53


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
