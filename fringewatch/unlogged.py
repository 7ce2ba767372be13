"""Let libraries log nothing while a secret is in their hands, at whatever level a log is kept."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager


@contextmanager
def unlogged(*names: str, instead: logging.Handler | None = None) -> Iterator[None]:
    """Keep what these loggers, and those below them, say out of every log for the block.

    Parameters
    ----------
    *names : str
        Of the loggers.
    instead : logging.Handler, optional
        Gets all of it, from DEBUG on; nobody without it.
    """
    with ExitStack() as after:
        for name in names:
            logger = logging.getLogger(name)
            after.callback(_put_back, logger, logger.level, list(logger.handlers), logger.propagate)
            logger.handlers[:] = [instead or logging.NullHandler()]
            logger.propagate = False
            if instead is not None:
                logger.setLevel(logging.DEBUG)
        yield


def _put_back(
    logger: logging.Logger,
    level: int,
    handlers: list[logging.Handler],
    propagate: bool,  # noqa: FBT001 - a callback
) -> None:
    logger.setLevel(level)
    logger.handlers[:] = handlers
    logger.propagate = propagate
