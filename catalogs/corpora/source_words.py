"""Sources of patches as a person writes them on a command line: ``cubes:etna``, ``images:FOLDER``.

What is written in different ways but means the same becomes the same record, so that it gives the
same version of a corpus: volcanoes become slugs, in order, and folders absolute paths.
"""

import difflib
from pathlib import Path
from typing import Final, NoReturn

from pydantic import ValidationError

from catalogs.corpora.recipe import CubesSource, ImagesSource, SimulatedSource, Source
from catalogs.world.volcanoes import (
    VolcanoCatalogue,
    load_volcanoes,
    plain_spelling,
    shipped_catalogue,
)
from fringewatch.errors import BadInputError

SOURCE_FORMS: Final = (
    "cubes (of all volcanoes), cubes:fernandina,etna, cubes:region=iceland, images:FOLDER, "
    "images:FOLDER?part=train, simulated:1000 or simulated:1000?seed=3"
)
"""All forms, as an error or a help text says them."""

_REGION = "region="
_PART = "part="
_SEED = "seed="


def parse_source(words: str, catalogue: VolcanoCatalogue | None = None) -> Source:
    """Return the source that `words` describe.

    Parameters
    ----------
    words
        One of `SOURCE_FORMS`. Volcanoes are given by name, slug or GVP number; volcanoes and
        regions can be mixed, with commas between them, and are united.
    catalogue
        That volcanoes are looked up in; Fringewatch's own if not given.

    Raises
    ------
    BadInputError
        If the words have none of the forms, or name an unknown volcano or region; the message
        says the forms.
    """
    kind, colon, what = words.strip().partition(":")
    if kind == "cubes" and not colon:
        return CubesSource()
    readers = {"images": _images, "simulated": _simulated}
    if kind not in {*readers, "cubes"}:
        _reject(words, f"there is no kind of source '{kind}'")
    if not what:
        _reject(words, "something is missing behind the kind")
    if kind == "cubes":
        return _cubes(words, what, catalogue or shipped_catalogue())
    return readers[kind](words, what)


def find_region(name: str) -> str:
    """Return the region of the catalogue that `name` means, in any spelling.

    Raises
    ------
    BadInputError
        If there is none; the message suggests near ones, or lists all.
    """
    regions = {plain_spelling(volcano.region): volcano.region for volcano in load_volcanoes()}
    spelling = plain_spelling(name)
    if spelling in regions:
        return regions[spelling]
    near = [known for known in regions if spelling and spelling in known]
    near = near or difflib.get_close_matches(spelling, regions)
    if near:
        suggestion = f"did you mean {', '.join(sorted(regions[known] for known in near))}?"
    else:
        suggestion = f"choose from {', '.join(sorted(regions.values()))}"
    message = f"no region '{name}' in the catalogue; {suggestion}"
    raise BadInputError(message)


def _cubes(words: str, what: str, catalogue: VolcanoCatalogue) -> Source:
    volcanoes, regions = set(), set()
    for part in (part.strip() for part in what.split(",")):
        if not part or part == _REGION:
            _reject(words, "there is an empty name between the commas")
        if part.startswith(_REGION):
            regions.add(find_region(part.removeprefix(_REGION)))
        else:
            volcanoes.add(catalogue.find(part).slug)
    return CubesSource(volcanoes=tuple(sorted(volcanoes)), regions=tuple(sorted(regions)))


def _images(words: str, what: str) -> Source:
    """The source of ``images:FOLDER?part=...``."""
    folder, mark, option = what.rpartition("?")
    if not mark:
        folder, option = what, f"{_PART}all"
    part = option.removeprefix(_PART)
    if not folder or not option.startswith(_PART) or part not in {"all", "train"}:
        _reject(words, f"behind a folder's question mark stands {_PART}all or {_PART}train")
    # "train" or "all" by the test above; pydantic checks it once more.
    return ImagesSource.model_validate(
        {"folder": Path(folder).expanduser().resolve(), "part": part}
    )


def _simulated(words: str, what: str) -> Source:
    """The source of ``simulated:SCENES?seed=...``."""
    number, mark, option = what.partition("?")
    seed = option.removeprefix(_SEED) if mark else "0"
    if mark and not option.startswith(_SEED):
        _reject(words, f"behind the question mark stands {_SEED} and a whole number")
    try:
        return SimulatedSource(scenes=int(number), seed=int(seed))
    except ValidationError as error:
        found = error.errors()[0]
        _reject(words, f"{found['loc'][0]}: {found['msg'].lower()}")
    except ValueError:
        _reject(words, f"'{what}' has no whole number of scenes, or of the seed")


def _reject(words: str, reason: str) -> NoReturn:
    message = f"'{words}' is no source of patches: {reason}; the forms are {SOURCE_FORMS}"
    raise BadInputError(message)
