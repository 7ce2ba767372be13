"""Interferogram pictures on disk, and the index of a folder of them."""
