"""What to say where torch is not installed."""

import importlib.util

from fringewatch.errors import BadInputError


def check_torch() -> None:
    """Say what is missing before anything that learns is imported.

    Raises
    ------
    BadInputError
        If torch or torchvision is not installed.
    """
    if importlib.util.find_spec("torch") is None or importlib.util.find_spec("torchvision") is None:
        message = "learning needs torch and torchvision: pip install 'fringewatch[train]'"
        raise BadInputError(message)
