"""Wrapped phase: its bytes, its fringes, its patches, and numbers of them."""
