"""What workers are: one function, many items, results as they end.

A bad item is to cost one item, and a person is to be told which, and why: that is more than a
`concurrent.futures.Executor` promises (docs/architecture.md).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from reprlib import Repr
from typing import Final, TypeVar

from fringewatch.errors import TryLaterError
from fringewatch.failures import foreseen

T = TypeVar("T")
R = TypeVar("R")

_LONGEST_NAME: Final = 200
_SHORT: Final = Repr()
_SHORT.maxother = _SHORT.maxstring = _SHORT.maxlong = _LONGEST_NAME


@dataclass(frozen=True)
class Failure:
    """Instead of a result: why there is none for this item."""

    reason: str
    try_later: bool = False
    """Whether it was for something that was busy, full or out of reach: later it may do well."""


class Workers(ABC):
    """Whoever shares large work: this process, or processes here or elsewhere."""

    @property
    @abstractmethod
    def count(self) -> int:
        """Items that are worked at the same time; as it was when the workers were opened."""

    @abstractmethod
    def run(
        self, work: Callable[[T], R], items: Sequence[T], step: str
    ) -> Iterator[tuple[int, R | Failure]]:
        """Return index and result of each item, as they end: in any order, each once.

        Results wait in a bounded number: no more items are begun than `count` times a few before
        what has ended is taken. An item that raises one of our own errors, has no memory or disk
        left, or at which workers die is a `Failure`, and the others go on. Leaving the iteration
        early drops what has not begun.

        Parameters
        ----------
        work : callable
            A plain function of a module, or a partial of one: it travels to other processes. It
            travels with every item, so what it carries is small: places and names, not tables.
        items : sequence
            What it is called with, one at a time; each must travel too.
        step : str
            Name of this work, for progress.

        Raises
        ------
        Exception
            Whatever else `work` raises, with a note that names the item: a bug is no bad item.
        SourceUnavailableError
            If the workers are lost for good; what is done is done.
        """


def attempt(work: Callable[[T], R], item: T) -> R | Failure:
    """Return what `work` makes of the item, or why it cannot; any other error is raised."""
    try:
        return work(item)
    except MemoryError as error:
        reason = (
            f"not enough memory for this item ({type(error).__name__} {error}): use fewer "
            "workers, or cut the work smaller"
        )
        return Failure(reason, try_later=True)
    except Exception as error:
        found = foreseen(error)
        if found is None:
            raise
        return Failure(str(found), isinstance(found, TryLaterError))


def name_item(error: BaseException, step: str, index: int, item: object) -> None:
    """Note on the error at which item of the step it was raised."""
    error.add_note(f"{step}: raised at item {index}: {_SHORT.repr(item)}")
