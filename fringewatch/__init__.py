"""Words that every part of Fringewatch shares: its errors, its numbers, its version."""

__version__ = "0.1.0"
