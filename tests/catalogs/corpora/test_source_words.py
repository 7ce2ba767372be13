"""Sources as they are typed, and what is said about words that mean none."""

from pathlib import Path

import pytest

from catalogs.corpora.recipe import CubesSource, ImagesSource, SimulatedSource, Source
from catalogs.corpora.source_words import find_region, parse_source
from fringewatch.errors import BadInputError


@pytest.mark.parametrize(
    ("words", "source"),
    [
        ("cubes", CubesSource()),
        (" cubes ", CubesSource()),
        ("cubes:fernandina,etna", CubesSource(volcanoes=("etna", "fernandina"))),
        ("cubes:Fernandina, ETNA ,etna", CubesSource(volcanoes=("etna", "fernandina"))),
        ("cubes:353010", CubesSource(volcanoes=("fernandina",))),
        ("cubes:region=iceland", CubesSource(regions=("iceland",))),
        ("cubes:region=South America", CubesSource(regions=("south_america",))),
        (
            "cubes:etna,region=iceland,region=africa",
            CubesSource(volcanoes=("etna",), regions=("africa", "iceland")),
        ),
        ("images:/data/s1", ImagesSource(folder=Path("/data/s1"))),
        ("images:/data/s1?part=train", ImagesSource(folder=Path("/data/s1"), part="train")),
        ("images:/data/s1?part=all", ImagesSource(folder=Path("/data/s1"))),
        ("images:/data/what?/s1?part=all", ImagesSource(folder=Path("/data/what?/s1"))),
        ("images:/a:b", ImagesSource(folder=Path("/a:b"))),
        ("simulated:1000", SimulatedSource(scenes=1000)),
        ("simulated:1000?seed=3", SimulatedSource(scenes=1000, seed=3)),
    ],
)
def test_every_form_is_understood(words: str, source: Source) -> None:
    assert parse_source(words) == source


def test_a_folder_does_not_depend_on_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/someone")
    assert parse_source("images:s1") == ImagesSource(folder=tmp_path / "s1")
    assert parse_source("images:~/s1") == ImagesSource(folder=Path("/home/someone/s1"))


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("", "no kind of source ''"),
        ("etna", "no kind of source 'etna'"),
        ("cube:etna", "no kind of source 'cube'"),
        ("cubes:", "something is missing"),
        ("cubes:etna,,askja", "empty name"),
        ("cubes:region=", "empty name"),
        ("images", "something is missing"),
        ("images:", "something is missing"),
        ("images:?part=train", "question mark"),
        ("images:/data?part=test", "question mark"),
        ("images:/data?train", "question mark"),
        ("simulated", "something is missing"),
        ("simulated:many", "no whole number"),
        ("simulated:1.5", "no whole number"),
        ("simulated:0", "scenes: input should be greater than or equal to 1"),
        ("simulated:9999999", "scenes: input should be less than"),
        ("simulated:10?seed=-1", "seed: input should be greater"),
        ("simulated:10?seed=", "no whole number"),
        ("simulated:10?sed=1", "question mark"),
    ],
)
def test_other_words_are_refused_with_the_forms(words: str, reason: str) -> None:
    with pytest.raises(BadInputError) as error:
        parse_source(words)
    assert reason in str(error.value)
    assert f"'{words}'" in str(error.value)
    assert "cubes:region=iceland" in str(error.value)
    assert "simulated:1000?seed=3" in str(error.value)


def test_an_unknown_volcano_or_region_is_named_with_near_ones() -> None:
    with pytest.raises(BadInputError, match=r"no volcano 'fernandna'.*fernandina"):
        parse_source("cubes:fernandna")
    with pytest.raises(BadInputError, match=r"no region 'icelnd'.*did you mean iceland\?"):
        parse_source("cubes:region=icelnd")
    with pytest.raises(BadInputError, match=r"no region 'america'.*central_america, north_am"):
        find_region("america")
    with pytest.raises(BadInputError, match=r"no region 'xyzzy'.*choose from africa, .*southeast"):
        find_region("xyzzy")
