"""Views of patches for learning without labels: what may change, and what must not.

All is done to phasors in batches, on the device that learns; numpy, scipy and torch alone.
"""

from insar_models.augmentation.paper import PaperRecipe
from insar_models.augmentation.recipe import Recipe, find_recipe
from insar_models.augmentation.views import two_grey_views, two_views

__all__ = ["PaperRecipe", "Recipe", "find_recipe", "two_grey_views", "two_views"]
