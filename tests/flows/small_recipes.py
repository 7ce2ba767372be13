"""Recipes of runs that take a moment."""

RECIPE = """
batch_size = 4
steps = 2
spare_groups = false
outputs = 8
[encoder]
architecture = "compact"
width = 0.25
size = 32
"""

TUNE_RECIPE = """
batch_size = 4
steps = 2
sources = 3
augmentation = false
"""
