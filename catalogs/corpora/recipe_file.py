"""A recipe from a TOML file, from the words of a command line, or from both."""

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from catalogs.corpora.recipe import (
    CorpusRecipe,
    CubesSource,
    ImagesSource,
    Rules,
    SimulatedSource,
    Source,
)
from catalogs.corpora.source_words import SOURCE_FORMS, find_region, parse_source
from catalogs.world.volcanoes import VolcanoCatalogue, shipped_catalogue
from catalogs.wrong_fields import FieldWords
from fringewatch.errors import BadInputError

_KINDS: Final[dict[str, type[BaseModel]]] = {
    "cubes": CubesSource,
    "images": ImagesSource,
    "simulated": SimulatedSource,
}


def load_recipe(
    config: Path | None, words: Sequence[str], catalogue: VolcanoCatalogue | None = None
) -> CorpusRecipe:
    """Return the recipe that a file and the words of a command line give together.

    Parameters
    ----------
    config
        A TOML file with the fields of `CorpusRecipe`: ``[[sources]]``, each with its ``kind``,
        ``[rules]``, and the rest at the top. A relative folder of pictures is one beside the file.
    words
        Sources in the forms of `SOURCE_FORMS`. If there are any, they replace the file's.
    catalogue
        That volcanoes are looked up in; Fringewatch's own if not given.

    Raises
    ------
    BadInputError
        If there is no source, the file cannot be read, or a key or a value in it is wrong; every
        wrong key is named, with those that are near to it.
    """
    catalogue = catalogue or shipped_catalogue()
    content = _read(config) if config is not None else {}
    if words:
        content = {
            **content,
            "sources": [parse_source(word, catalogue).model_dump() for word in words],
        }
    elif not content.get("sources"):
        where = f"{config} has no [[sources]]" if config is not None else "no sources were given"
        message = f"{where}: name some with --from; the forms are {SOURCE_FORMS}"
        raise BadInputError(message)
    try:
        recipe = CorpusRecipe.model_validate(content)
    except ValidationError as error:
        message = f"the recipe {config or ''} is wrong: {_WORDS.of(error)}"
        raise BadInputError(message) from error
    beside = config.parent if config is not None else Path()
    sources = tuple(_plain(source, beside, catalogue) for source in recipe.sources)
    return recipe.model_copy(update={"sources": sources})


def _read(config: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(config.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"cannot read the recipe {config}: {error.strerror}"
        raise BadInputError(message) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"the recipe {config} is no TOML: {error}"
        raise BadInputError(message) from error


def _plain(source: Source, beside: Path, catalogue: VolcanoCatalogue) -> Source:
    """Return the source as `parse_source` would: what means the same is the same."""
    match source:
        case CubesSource():
            volcanoes = sorted({catalogue.find(name).slug for name in source.volcanoes})
            regions = sorted({find_region(name) for name in source.regions})
            return CubesSource(volcanoes=tuple(volcanoes), regions=tuple(regions))
        case ImagesSource():
            folder = (beside / source.folder.expanduser()).resolve()
            return source.model_copy(update={"folder": folder})
        case SimulatedSource():
            return source


def _keys_beside(place: Sequence[str]) -> Iterable[str]:
    """Return the keys that the part of a recipe has in which a wrong one stands."""
    if place[:1] == ["rules"]:
        return Rules.model_fields
    kinds = [part for part in place if part in _KINDS]
    return (_KINDS[kinds[0]] if kinds else CorpusRecipe).model_fields


_WORDS: Final = FieldWords("key of a recipe", _keys_beside, tags=_KINDS)
