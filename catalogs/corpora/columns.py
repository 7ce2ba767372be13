"""The columns of a version: what is known of each patch, as arrays along ``patch``.

They are made of the plan alone. Names are small numbers with CF flag attributes; those whose
values are nearly all different are strings.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import quote, unquote

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from catalogs.corpora.plan import Plan
from catalogs.corpora.recipe import CorpusRecipe, ImagesSource
from fringewatch.numbers import NO_DATE

QUALITY: Final = ("valid_fraction", "coherence_mean", "phasor_coherence", "fringe_rate")

_UNKNOWN: Final = "unknown"
_SAFE_IN_FLAGS: Final = "-_.+@"
_QUANTILES: Final = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
_DIGITS: Final = 6
_LABELS: Final = {-1: "unlabelled", 0: "quiet", 1: "deforming"}
_COPERNICUS: Final = "contains modified Copernicus Sentinel data, analysed by COMET LiCSAR"

_NUMBERS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "row": ("int32", {"long_name": "first row in what it was cut from"}),
    "column": ("int32", {"long_name": "first column in what it was cut from"}),
    "rotation": ("int8", {"long_name": "quarter turns from north up, as in numpy.rot90"}),
    "label": (
        "int8",
        {
            "long_name": "whether the ground deforms",
            "flag_values": list(_LABELS),
            "flag_meanings": " ".join(_LABELS.values()),
        },
    ),
    "group": ("int32", {"long_name": "patches of one group never stand on both sides of a split"}),
    "area": ("int32", {"long_name": "ground joined over frames, volcanoes and groups"}),
    "valid_fraction": ("float32", {"long_name": "share of pixels with data", "units": "1"}),
    "coherence_mean": ("float32", {"long_name": "mean interferometric coherence", "units": "1"}),
    "phasor_coherence": (
        "float32",
        {"long_name": "mean length of the mean phasor in 3 x 3 boxes", "units": "1"},
    ),
    "fringe_rate": ("float32", {"long_name": "median fringe rate, cycles per pixel", "units": "1"}),
    "north": ("float32", {"long_name": "latitude of the upper edge", "units": "degrees_north"}),
    "west": ("float32", {"long_name": "longitude of the left edge", "units": "degrees_east"}),
}


@dataclass(frozen=True, eq=False)
class PatchColumn:
    """An array of a version along ``patch``, as it is stored."""

    name: str
    values: NDArray[Any]
    """Shape (patches,), of hashes (patches, 32)."""
    attributes: dict[str, Any]

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Names of its dimensions."""
        return ("patch", "byte")[: self.values.ndim]


def columns_of(plan: Plan) -> tuple[PatchColumn, ...]:
    """Return the columns of a plan's version, in a fixed order."""
    kept = plan.kept
    sources = source_words(plan.recipe)
    locations = np.array(kept["location"].tolist(), dtype=np.dtypes.StringDType())
    return (
        _flags("volcano", kept["volcano"].tolist(), "volcano's slug, or its source's name"),
        _flags("frame", kept["frame"].tolist(), "LiCSAR frame"),
        _flags("source", [sources[number] for number in kept["source"]], "source of the recipe"),
        PatchColumn("location", locations, {"long_name": "what it was cut from"}),
        _dates("primary", kept["primary"].tolist()),
        _dates("secondary", kept["secondary"].tolist()),
        *(
            PatchColumn(name, kept[name].to_numpy(dtype), dict(attributes))
            for name, (dtype, attributes) in _NUMBERS.items()
        ),
        _hashes("sha256", kept, "SHA-256 of its bytes"),
        _hashes("source_sha256", kept, "SHA-256 of the picture, pair or scene it was cut from"),
    )


def words_of(flags: xr.DataArray) -> NDArray[np.object_]:
    """Return the names that a column of flags stands for; empty where one is unknown.

    Parameters
    ----------
    flags
        Such as ``read_corpus(place)["volcano"]``, any shape.
    """
    meanings = str(flags.attrs["flag_meanings"]).split(" ")
    words = ["" if word == _UNKNOWN else unquote(word) for word in meanings]
    places = np.searchsorted(flags.attrs["flag_values"], flags.to_numpy())
    named: NDArray[np.object_] = np.array(words, dtype=object)[places]
    return named


def source_words(recipe: CorpusRecipe) -> tuple[str, ...]:
    """Return a name for each source of a recipe, such as ``cubes-0`` or ``images-1 (s1)``."""
    return tuple(
        f"{source.kind}-{number}"
        + (f" ({source.folder.name})" if isinstance(source, ImagesSource) else "")
        for number, source in enumerate(recipe.sources)
    )


def plain_recipe(recipe: CorpusRecipe) -> str:
    """Return a recipe as JSON; of folders only their names, for where they lie is no content."""
    content = recipe.model_dump(mode="json")
    for source, described in zip(recipe.sources, content["sources"], strict=True):
        if isinstance(source, ImagesSource):
            described["folder"] = source.folder.name
    return json.dumps(content, sort_keys=True)


def licences_of(recipe: CorpusRecipe) -> dict[str, str]:
    """Return what is known of the licence of each source, by its name in `source_words`."""
    found = {}
    for word, source in zip(source_words(recipe), recipe.sources, strict=True):
        if isinstance(source, ImagesSource):
            found[word] = f"pictures of '{source.folder.name}': see the dataset's own licence"
        elif source.kind == "simulated":
            found[word] = "none: simulated, holds no measured data"
        else:
            found[word] = _COPERNICUS
    return found


def statistics_of(plan: Plan) -> str:
    """Return what a version holds, as JSON: counts, and quantiles of what the rules look at."""
    kept = plan.kept
    sources = source_words(plan.recipe)
    years = [day.year if isinstance(day, date) else _UNKNOWN for day in kept["secondary"].tolist()]
    counts = {
        "source": [sources[number] for number in kept["source"]],
        "volcano": [volcano or _UNKNOWN for volcano in kept["volcano"].tolist()],
        "year": years,
        "label": [_LABELS[label] for label in kept["label"].tolist()],
    }
    content: dict[str, Any] = {
        "patches": len(kept),
        "groups": int(kept["group"].nunique()),
        "areas": int(kept["area"].nunique()),
        "patches_by": {name: _counted(words) for name, words in counts.items()},
        "quantiles": {str(share): {} for share in _QUANTILES},
    }
    for name in QUALITY:
        for share, value in zip(_QUANTILES, _quantiles(kept[name]), strict=True):
            content["quantiles"][str(share)][name] = value
    return json.dumps(content, sort_keys=True)


def _counted(words: Sequence[object]) -> dict[str, int]:
    names, counts = np.unique([str(word) for word in words], return_counts=True)
    return dict(zip(names.tolist(), counts.tolist(), strict=True))


def _quantiles(values: "pd.Series[float]") -> list[float | None]:
    """Quantiles to six digits, so that no other way of adding changes them; None of nothing."""
    known = values.dropna().to_numpy(np.float64)
    if not known.size:
        return [None] * len(_QUANTILES)
    return [float(f"{value:.{_DIGITS}g}") for value in np.quantile(known, _QUANTILES)]


def _flags(name: str, words: Sequence[str], meaning: str) -> PatchColumn:
    """Words as a column of whole numbers, with CF's flag meanings."""
    # Meanings are separated by blanks: a name with one, or with other signs, is quoted as in a URL.
    quoted = [quote(word, safe=_SAFE_IN_FLAGS) or _UNKNOWN for word in words]
    meanings, codes = np.unique(np.array(quoted, dtype=object), return_inverse=True)
    smallest = np.uint16 if len(meanings) <= np.iinfo(np.uint16).max else np.uint32
    attributes = {
        "long_name": meaning,
        "flag_values": list(range(len(meanings))),
        "flag_meanings": " ".join(meanings.tolist()),
    }
    return PatchColumn(name, codes.astype(smallest), attributes)


def _hashes(name: str, kept: pd.DataFrame, meaning: str) -> PatchColumn:
    found = np.frombuffer(bytes.fromhex("".join(kept[name])), dtype=np.uint8)
    return PatchColumn(name, found.reshape(-1, 32), {"long_name": meaning})


def _dates(name: str, days: Sequence[date | None]) -> PatchColumn:
    known = np.array([day if isinstance(day, date) else None for day in days], "datetime64[D]")
    numbers = np.where(np.isnat(known), NO_DATE, known.astype(np.int64)).astype(np.int32)
    attributes = {
        "long_name": f"{name} acquisition, UTC date",
        "units": "days since 1970-01-01",
        "calendar": "proleptic_gregorian",
        "_FillValue": NO_DATE,
    }
    return PatchColumn(name, numbers, attributes)
