"""A recipe's entries become sources."""

from pathlib import Path

import pytest

from catalogs.corpora.recipe import CorpusRecipe, CubesSource, ImagesSource, SimulatedSource
from catalogs.storage.place import Folder
from fringewatch.errors import BadInputError
from tasks.corpora.cubes_source import CubePatches
from tasks.corpora.images_source import PicturePatches
from tasks.corpora.simulated_source import ScenePatches
from tasks.corpora.sources import open_source

CUBES, IMAGES, SIMULATED = (
    CubesSource(volcanoes=("etna",)),
    ImagesSource(folder=Path("/data")),
    SimulatedSource(scenes=5),
)
RECIPE = CorpusRecipe(sources=(SIMULATED, CUBES, IMAGES), water_coherence=0.2)


def test_each_kind_opens() -> None:
    cubes = Folder(Path("/home/cubes"))
    assert [open_source(number, RECIPE, cubes) for number in range(3)] == [
        ScenePatches(0, SIMULATED),
        CubePatches(1, CUBES, 0.2, cubes),
        PicturePatches(2, IMAGES),
    ]


@pytest.mark.parametrize("number", [-1, 3])
def test_a_source_that_the_recipe_has_not(number: int) -> None:
    with pytest.raises(BadInputError, match=f"has 3 sources, from 0: there is no {number}"):
        open_source(number, RECIPE, Folder(Path()))
