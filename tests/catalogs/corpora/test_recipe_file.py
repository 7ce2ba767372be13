"""Recipes from a file and from words: what is read, and what is refused with which words."""

from pathlib import Path

import pytest

from catalogs.corpora.recipe import CorpusRecipe, CubesSource, ImagesSource
from catalogs.corpora.recipe_file import load_recipe
from catalogs.corpora.source_words import parse_source
from fringewatch.errors import BadInputError

WHOLE = """
water_coherence = 0.05
patches_in_a_shard = 64
[[sources]]
kind = "cubes"
volcanoes = ["Sierra Negra", "353010", "Etna"]
regions = ["Iceland"]
[[sources]]
kind = "images"
folder = "pictures"
part = "train"
[rules]
minimum_valid_fraction = 0.25
left_out_volcanoes = ["taal"]
"""


def written(folder: Path, content: str) -> Path:
    path = folder / "recipe.toml"
    path.write_text(content)
    return path


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    recipe = load_recipe(written(tmp_path, WHOLE), ())
    cubes, images = recipe.sources
    assert cubes == CubesSource(
        volcanoes=("etna", "fernandina", "sierra-negra"), regions=("iceland",)
    )
    assert images == ImagesSource(folder=tmp_path / "pictures", part="train")
    assert (recipe.water_coherence, recipe.patches_in_a_shard) == (0.05, 64)
    assert recipe.rules.minimum_valid_fraction == 0.25


def test_file_and_words_that_mean_the_same_are_the_same(tmp_path: Path) -> None:
    content = '[[sources]]\nkind = "cubes"\nvolcanoes = ["Fernandina", "etna"]\n'
    words = ("cubes:etna,fernandina",)
    assert load_recipe(written(tmp_path, content), ()) == load_recipe(None, words)
    assert load_recipe(None, words) == CorpusRecipe(sources=(parse_source(words[0]),))


def test_words_replace_the_sources_and_keep_the_rest(tmp_path: Path) -> None:
    path = written(tmp_path, WHOLE)
    recipe = load_recipe(path, ("simulated:4",))
    assert [source.kind for source in recipe.sources] == ["simulated"]
    assert recipe.rules == load_recipe(path, ()).rules


SOURCE = '[[sources]]\nkind = "cubes"\n'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no \\[\\[sources\\]\\]: name some with --from"),
        ("sources = []", "no \\[\\[sources\\]\\]"),
        (SOURCE + "volcano = ['etna']", r"sources\[1\]\.volcano is no key .*near: volcanoes\)"),
        (SOURCE + SOURCE + "scenes = 3", r"sources\[2\]\.scenes is no key"),
        (SOURCE + "[rules]\nmin_valid_fraction = 0.1", r"rules\.min_valid.*minimum_valid_fraction"),
        ("[rule]\n" + SOURCE, "rule is no key of a recipe \\(near: rules"),
        (SOURCE + "[rules]\nminimum_valid_fraction = 2", "minimum_valid_fraction = 2: .*less than"),
        ("[[sources]]\nvolcanoes = []", r"sources\[1\].*'kind'"),
        ("[[sources]]\nkind = 'cube'", r"sources\[1\].*'cubes', 'images', 'simulated'"),
        ('sources = ["cubes"]', r"sources\[1\]"),
        ('sources = "cubes"', "sources = 'cubes'"),
        ("rules = 3\n" + SOURCE, "rules = 3"),
        ("[[sources]]\nkind = 'images'", r"sources\[1\]\.folder"),
        (SOURCE + "volcanoes = ['etnaa']", "did you mean"),
        (SOURCE + "regions = ['islnd']", "no region 'islnd'"),
        ("[[sources", "is no TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        load_recipe(written(tmp_path, content), ())


def test_every_wrong_key_is_named_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, "colour = 1\nshape = 2\n" + SOURCE)
    with pytest.raises(BadInputError, match=r"recipe\.toml.*colour.*shape"):
        load_recipe(path, ())


@pytest.mark.parametrize("kind", ["folder", "bytes"])
def test_what_is_no_text_file_is_said(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "recipe.toml"
    if kind == "folder":
        path.mkdir()
    else:
        path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInputError, match=r"cannot read the recipe|is no TOML"):
        load_recipe(path, ())
