"""Words that every part of Fringewatch shares: its errors, its numbers, its version."""

from importlib.metadata import version

__version__ = version("fringewatch")
