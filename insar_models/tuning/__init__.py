"""Tuning: an encoder learns deformation from sources pasted on quiet ground."""
