"""Choose which candidates a corpus keeps, and say why the others are left out."""

import re
from collections.abc import Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from catalogs.corpora.candidate import NO_LABEL, TRANSPOSED, Candidate
from catalogs.corpora.recipe import CorpusRecipe, ImagesSource, Rules
from catalogs.world.volcanoes import find_volcano, plain_spelling
from fringewatch.errors import BadInputError
from fringewatch.numbers import PATCH_SIZE, PIXEL_DEGREES, WINDOW_SIZE
from tasks.corpora.duplicates import find_duplicates
from tasks.corpora.groups import find_groups, shape_numbers

UNREADABLE: Final = "could not be read"
LEFT_OUT_VOLCANO: Final = "shows a volcano that is left out"
FOR_TESTING: Final = "published for testing"
TOO_LITTLE_DATA: Final = "too little data"
BLANK: Final = "blank"
DECORRELATED: Final = "decorrelated"
TOO_DENSE: Final = "fringes too dense"
SHARED_WITH_TESTING: Final = "shares ground and dates with a patch published for testing"
EQUAL: Final = "equal to another patch"
DISPUTED: Final = "equal to another patch, of the opposite label"
"""The patch that is kept in its place has lost its label."""

REASONS: Final = (
    TRANSPOSED,
    UNREADABLE,
    LEFT_OUT_VOLCANO,
    FOR_TESTING,
    TOO_LITTLE_DATA,
    BLANK,
    DECORRELATED,
    TOO_DENSE,
    SHARED_WITH_TESTING,
    EQUAL,
    DISPUTED,
)
"""Why a candidate is left out: the first that holds, in this order."""

_COLUMNS = tuple(field.name for field in fields(Candidate))
_TYPES: Final[dict[str, str]] = {
    "source": "int32",
    "row": "int32",
    "column": "int32",
    "rotation": "int8",
    "label": "int8",
    "primary": "object",
    "secondary": "object",
    "north": "float64",
    "west": "float64",
    "valid_fraction": "float64",
    "coherence_mean": "float64",
    "phasor_coherence": "float64",
    "fringe_rate": "float64",
    "equal_share": "float64",
}
"""All others are words."""

_ORDER = ("source", "location", "primary", "secondary", "row", "column", "rotation")
_IN_CACHE = 2048
_LABELS = (NO_LABEL, 0, 1)
_TEST = re.compile(r"(?<![a-z])test")  # S1/Test, testing, test-2; not latest
# A patch whose middle is nearer to a volcano than this reaches into its window.
_REACH_DEGREES = (WINDOW_SIZE / 2 + PATCH_SIZE / 2) * PIXEL_DEGREES


def choose(candidates: Sequence[Candidate], recipe: CorpusRecipe) -> pd.DataFrame:
    """Return the rows of a plan: every candidate, kept or not and why, with group and area.

    Rules come in the order of `REASONS`. Of patches that are equal, turned or mirrored or not, one
    is kept: a labelled one before others, then the first. Where equal patches have opposite
    labels, the kept one gets the label -1, and those that are left out say `DISPUTED`.

    Where a recipe takes a source's part for training, what it publishes for testing is left out,
    and with it every candidate, of any source, of the same groups: also of those test patches that
    break a rule themselves.

    A volcano is left out by its name, and by its place if the catalogue knows it: so are the
    patches of neighbours that reach into its window.

    Parameters
    ----------
    candidates
        Of all sources, in any order: it changes nothing.
    recipe
        The sources, by whose places candidates name them, and the rules.

    Returns
    -------
    pandas.DataFrame
        The columns of `Candidate`, then ``kept`` (bool), ``reason`` (empty if kept), ``group`` and
        ``area`` (int32, see `find_groups`) and ``index`` (int64, 0 to n - 1 for the kept, else
        -1). Sorted by source, location, pair, row and column. Missing dates are None.

    Raises
    ------
    BadInputError
        If a candidate names a source that the recipe does not have, or has a label that is none.
    """
    rows = _table(candidates, recipe)
    rules = recipe.rules
    readable, empty, blank = _readable(rows), _empty(rows, rules), _blank(rows, rules)
    uniform = ~(_floats(rows, "equal_share") < 1.0)  # equal to all others, whatever the rules say
    groups = find_groups(rows, readable & ~empty & ~blank & ~uniform)
    for_testing = _for_testing(rows, recipe)
    broken = {
        TRANSPOSED: (rows["problem"] == TRANSPOSED).to_numpy(np.bool_),
        UNREADABLE: ~readable,
        LEFT_OUT_VOLCANO: _shows_left_out(rows, rules.left_out_volcanoes),
        FOR_TESTING: for_testing,
        TOO_LITTLE_DATA: empty,
        BLANK: blank,
        DECORRELATED: _decorrelated(rows, rules),
        TOO_DENSE: _dense(rows, rules),
        SHARED_WITH_TESTING: np.isin(groups.group, groups.group[for_testing]),
    }
    label = rows["label"].to_numpy(np.int8)
    still_in = ~np.logical_or.reduce(list(broken.values()))
    equal = find_duplicates(shape_numbers(rows), label, still_in)
    broken[DISPUTED] = equal.surplus & equal.disputed
    broken[EQUAL] = equal.surplus & ~equal.disputed
    first = np.select([broken[reason] for reason in REASONS], range(1, len(REASONS) + 1), default=0)
    kept = first == 0
    return rows.assign(
        label=np.where(kept & equal.disputed, NO_LABEL, label).astype(np.int8),
        kept=kept,
        reason=pd.Series(np.array(["", *REASONS], dtype=object)[first], dtype="str"),
        group=groups.group,
        area=groups.area,
        index=np.where(kept, np.cumsum(kept) - 1, -1),
    )


def _table(candidates: Sequence[Candidate], recipe: CorpusRecipe) -> pd.DataFrame:
    """The candidates in the order of the plan, of which no two orders of candidates differ."""
    columns: dict[str, list[Any]] = {name: [] for name in _COLUMNS}
    for first in range(0, len(candidates), _IN_CACHE):  # halves the time of a million
        block = candidates[first : first + _IN_CACHE]
        for name, values in columns.items():
            values.extend(map(attrgetter(name), block))
    for name, allowed in (("source", range(len(recipe.sources))), ("label", _LABELS)):
        strange = sorted(set(columns[name]) - set(allowed))
        if strange:
            message = (
                f"a candidate has the {name} {strange[0]}, which is none of "
                f"{', '.join(map(str, allowed))}: its source does not fit the recipe"
            )
            raise BadInputError(message)
    rows = pd.DataFrame(
        {name: pd.Series(columns[name], dtype=_TYPES.get(name, "str")) for name in _COLUMNS}
    )
    keys = [*_ORDER, *(name for name in _COLUMNS if name not in _ORDER)]
    table = pa.Table.from_pandas(rows, preserve_index=False)
    order = pc.sort_indices(table, sort_keys=[(name, "ascending") for name in keys]).to_numpy()
    return rows.take(order).reset_index(drop=True)


def _readable(rows: pd.DataFrame) -> NDArray[np.bool_]:
    return ((rows["problem"] == "") & (rows["sha256"] != "")).to_numpy(np.bool_)


def _empty(rows: pd.DataFrame, rules: Rules) -> NDArray[np.bool_]:
    # Written so that an unknown value breaks the rule, as in the next two.
    return ~(_floats(rows, "valid_fraction") >= rules.minimum_valid_fraction)


def _blank(rows: pd.DataFrame, rules: Rules) -> NDArray[np.bool_]:
    return ~(_floats(rows, "equal_share") <= rules.maximum_equal_share)


def _decorrelated(rows: pd.DataFrame, rules: Rules) -> NDArray[np.bool_]:
    return ~(_floats(rows, "phasor_coherence") >= rules.minimum_phasor_coherence)


def _dense(rows: pd.DataFrame, rules: Rules) -> NDArray[np.bool_]:
    return _floats(rows, "fringe_rate") > rules.maximum_fringe_rate


def _floats(rows: pd.DataFrame, name: str) -> NDArray[np.float64]:
    return rows[name].to_numpy(np.float64)


def _shows_left_out(rows: pd.DataFrame, slugs: Sequence[str]) -> NDArray[np.bool_]:
    """Patches of these volcanoes by name, and those that reach into their windows."""
    shows = np.zeros(len(rows), dtype=bool)
    spellings = rows["volcano"].map(
        {name: plain_spelling(name) for name in rows["volcano"].unique()}
    )
    middle = PATCH_SIZE / 2 * PIXEL_DEGREES
    latitude, longitude = _floats(rows, "north") - middle, _floats(rows, "west") + middle
    for slug in slugs:
        names = {plain_spelling(slug)}
        try:
            volcano = find_volcano(slug)
        except BadInputError:  # a name of a picture folder's own
            pass
        else:
            names |= {volcano.slug, plain_spelling(volcano.name)}
            aside = (longitude - volcano.longitude + 180.0) % 360.0 - 180.0
            shows |= np.maximum(np.abs(latitude - volcano.latitude), np.abs(aside)) < _REACH_DEGREES
        shows |= spellings.isin(names).to_numpy(np.bool_)
    return shows


def _for_testing(rows: pd.DataFrame, recipe: CorpusRecipe) -> NDArray[np.bool_]:
    """What a source publishes for testing, where the recipe takes its part for training."""
    for_training = [
        number
        for number, source in enumerate(recipe.sources)
        if isinstance(source, ImagesSource) and source.part == "train"
    ]
    parts = [part for part in rows["part"].unique() if _TEST.search(part.casefold())]
    chosen = rows["source"].isin(for_training) & rows["part"].isin(parts)
    return chosen.to_numpy(np.bool_)
