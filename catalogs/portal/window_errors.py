"""What a read of a window alone may end with, besides the errors of every fetch."""

from fringewatch.errors import FringewatchError


class WholeFileNeededError(FringewatchError):
    """The window cannot be brought alone, or not for less: bring the whole file instead.

    Nothing is wrong with the file. When it is raised, at most a few headers' worth of bytes have
    travelled.
    """


class FileChangedError(FringewatchError):
    """The file at the server is no longer the one whose first bytes were read."""
