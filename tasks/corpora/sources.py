"""The source of patches that a recipe's entry means, ready to be surveyed and read."""

from catalogs.corpora.recipe import CorpusRecipe, CubesSource, ImagesSource, SimulatedSource
from catalogs.storage.place import Place
from fringewatch.errors import BadInputError
from tasks.corpora.cubes_source import CubePatches
from tasks.corpora.images_source import PicturePatches
from tasks.corpora.patch_source import Item, PatchKey, PatchSource
from tasks.corpora.simulated_source import ScenePatches

__all__ = ["Item", "PatchKey", "PatchSource", "open_source"]


def open_source(number: int, recipe: CorpusRecipe, cubes: Place) -> PatchSource:
    """Return a source of a recipe; nothing is read yet.

    Parameters
    ----------
    number
        Place of the source in the recipe, from 0.
    recipe
        The corpus's.
    cubes
        Where the volcanoes' cubes lie: ``<volcano>/<frame>.zarr``.

    Raises
    ------
    BadInputError
        If the recipe has no such source.
    """
    if not 0 <= number < len(recipe.sources):
        message = f"the recipe has {len(recipe.sources)} sources, from 0: there is no {number}"
        raise BadInputError(message)
    match recipe.sources[number]:
        case CubesSource() as source:
            return CubePatches(number, source, recipe.water_coherence, cubes)
        case ImagesSource() as source:
            return PicturePatches(number, source)
        case SimulatedSource() as source:
            return ScenePatches(number, source)
