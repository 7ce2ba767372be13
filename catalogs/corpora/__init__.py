"""Corpora of patches for learning: their recipes, plans, versions and layout."""
