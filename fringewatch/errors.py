"""One base error, and one subclass for each thing that a caller treats differently.

A message names the object, the value that was seen, and what to do about it: it is read by a
person at a terminal, without a traceback.
"""


class FringewatchError(Exception):
    """Base of all errors that Fringewatch raises on purpose."""


class BadInputError(FringewatchError):
    """An argument, a setting or a name is wrong; the caller has to change it."""


class SourceUnavailableError(FringewatchError):
    """A source of data gave no answer, or an answer that is not its own (refused, 5xx, HTML)."""


class ServerUnavailableError(FringewatchError):
    """The Prefect server that a run goes through gives no answer."""


class MissingProductError(FringewatchError):
    """The source answers, and says that this object is not there (404): final for this run."""


class CorruptProductError(FringewatchError):
    """A file came, but it is cut, does not decode, or holds no data."""


class GridMismatchError(FringewatchError):
    """A raster lies on another grid than its frame, by half a pixel or more."""


class HomeError(FringewatchError):
    """The home cannot be used: read-only, full, or written by a newer version."""


class StoreError(FringewatchError):
    """A store or a table inside the home is damaged or has another layout than expected."""


class ModelError(FringewatchError):
    """A model is unknown, its files are damaged, or its card and weights do not fit together."""


class TrainingError(FringewatchError):
    """A training run had to stop: what it has learned so far is kept."""


class ImageError(FringewatchError):
    """An image cannot be read as an interferogram."""
