"""Detectors: what scores patches, of whatever make, and how it is kept."""
