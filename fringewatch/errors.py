"""One base error, and one subclass for each thing that a caller treats differently.

A message names the object, the value that was seen, and what to do about it: it is read by a
person at a terminal, without a traceback.
"""

from fringewatch.plain_text import plain


class FringewatchError(Exception):
    """Base of all errors that Fringewatch raises on purpose.

    Parameters
    ----------
    *lines : str
        The message, mostly of one line. Messages quote what came from outside (a server's words,
        the name of a file), so that each line is kept printable and of bounded length.
    """

    def __init__(self, *lines: str) -> None:
        super().__init__(*map(plain, lines))

    def __str__(self) -> str:
        """Return the whole message."""
        return "\n".join(self.args)


class BadInputError(FringewatchError):
    """An argument, a setting or a name is wrong; the caller has to change it."""


class TryLaterError(FringewatchError):
    """Something was busy, full or out of reach: the same words may do well later."""


class SourceUnavailableError(TryLaterError):
    """A source of data gave no answer, or an answer that is not its own (refused, 5xx, HTML)."""


class ServerUnavailableError(TryLaterError):
    """The Prefect server that a run goes through gives no answer."""


class OutOfMemoryError(TryLaterError):
    """The machine had no memory left for a step."""


class MissingProductError(FringewatchError):
    """The source answers, and says that this object is not there (404): final for this run."""


class CorruptProductError(FringewatchError):
    """A file came, but it is cut, does not decode, or holds no data."""


class GridMismatchError(FringewatchError):
    """A raster lies on another grid than its frame, by half a pixel or more."""


class HomeError(FringewatchError):
    """The home cannot be used: read-only, full, or written by a newer version."""


class NoHomeError(HomeError):
    """There is no home where one was expected, or nothing in it; whoever only looks makes none."""


class HomeBusyError(HomeError, TryLaterError):
    """Another run writes there."""


class DiskFullError(HomeError, TryLaterError):
    """There is no room left, on the disk or in the quota."""


class StorageUnavailableError(HomeError, TryLaterError):
    """The storage of the home gives no good answer."""


class StoreError(FringewatchError):
    """A store or a table inside the home is damaged or has another layout than expected."""


class LedgerError(StoreError):
    """The ledger of the home is damaged, is none, or was written by a newer version."""


class ModelError(FringewatchError):
    """A model is unknown, its files are damaged, or its card and weights do not fit together."""


class TrainingError(FringewatchError):
    """A training run had to stop: what it has learned so far is kept."""


class ImageError(FringewatchError):
    """An image cannot be read as an interferogram."""


class UnforeseenError(FringewatchError):
    """A part of a run failed in a way that nobody foresaw: a bug, whose traceback is in the log."""
