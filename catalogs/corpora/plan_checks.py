"""What the rows of a plan must be, besides of the right types."""

from typing import Final

import numpy as np
import pandas as pd

from catalogs.corpora.plan_columns import PLAN
from catalogs.corpora.recipe import CorpusRecipe
from fringewatch.errors import BadInputError

_SHA256: Final = r"[0-9a-f]{64}"


def check_plan_rows(recipe: CorpusRecipe, rows: pd.DataFrame) -> None:
    """Refuse rows that contradict the recipe, each other or themselves.

    Parameters
    ----------
    recipe
        Whose sources the rows name.
    rows
        With the columns and types of `PLAN`.

    Raises
    ------
    BadInputError
        With the number of the first such row, and what is wrong with it.
    """
    kinds = np.array([source.kind for source in recipe.sources])
    number, kept, index = rows["source"], rows["kept"], rows["index"]
    _refuse(rows, ~number.between(0, len(kinds) - 1), "its source is not in the recipe")
    _refuse(rows, rows["kind"] != kinds[number], "the recipe's source is of another kind")
    _refuse(rows, ~rows["rotation"].between(0, 3), "its rotation is none of 0 to 3")
    _refuse(rows, ~rows["label"].between(-1, 1), "its label is none of -1, 0 and 1")
    _refuse(rows, kept == (rows["reason"] != ""), "it is kept with a reason, or left out without")
    _refuse(rows, ~kept & (index != -1), "it is left out, but has a place in the corpus")
    chosen = rows[kept]
    unknown = (chosen["group"] < 0) | (chosen["area"] < 0)
    _refuse(chosen, unknown, "it is kept without a group or an area")
    for name, whose in (("sha256", "its bytes"), ("source_sha256", "what it was cut from")):
        hashed = chosen[name].str.fullmatch(_SHA256).astype(bool)
        _refuse(chosen, ~hashed, f"it is kept without the SHA-256 of {whose}")
    outside = ~chosen["index"].between(0, len(chosen) - 1)
    _refuse(chosen, outside, f"its place in the corpus is not below {len(chosen)}")
    _refuse(chosen, chosen["index"].duplicated(), "another has its place in the corpus")
    _refuse(chosen, chosen.duplicated(list(PLAN.key)), "it is kept twice")


def _refuse(rows: pd.DataFrame, wrong: "pd.Series[bool]", words: str) -> None:
    if wrong.any():
        row = rows.iloc[int(np.flatnonzero(wrong)[0])]
        message = (
            f"a plan's row {row.name} ({row['kind']} {row['location']} {row['primary']} to "
            f"{row['secondary']}, row {row['row']}, column {row['column']}) is wrong: {words}"
        )
        raise BadInputError(message)
