"""Encoders: nets that make features of patches, and their files."""
