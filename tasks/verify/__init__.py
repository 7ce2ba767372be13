"""Verify: is what is here sound, and is it what the source has."""
