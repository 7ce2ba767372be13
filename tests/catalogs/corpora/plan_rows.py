"""Rows of plans, for tests."""

import datetime as dt
import hashlib
from typing import Any

import pandas as pd

from catalogs.corpora.recipe import CorpusRecipe, CubesSource, SimulatedSource

RECIPE = CorpusRecipe(
    sources=(CubesSource(volcanoes=("etna",)), SimulatedSource(scenes=9)), patches_in_a_shard=2
)


def plan_row(number: int, **changes: Any) -> dict[str, Any]:
    sha256 = hashlib.sha256(str(number).encode()).hexdigest()
    return {
        "source": 0,
        "kind": "cubes",
        "location": f"etna/frame-{number}",
        "volcano": "etna",
        "frame": f"frame-{number}",
        "primary": dt.date(2020, 1, 6),
        "secondary": dt.date(2020, 1, 18),
        "row": -3,
        "column": 138,
        "rotation": 0,
        "label": -1,
        "part": "",
        "north": 38.0,
        "west": 14.75,
        "source_sha256": "f" * 64,
        "sha256": sha256,
        "shape_sha256": sha256,
        "valid_fraction": 0.9,
        "coherence_mean": 0.5,
        "phasor_coherence": 0.7,
        "fringe_rate": 0.02,
        "equal_share": 0.01,
        "problem": "",
        "kept": True,
        "reason": "",
        "group": number,
        "area": 0,
        "index": number,
    } | changes


def left_out(number: int, reason: str, **changes: Any) -> dict[str, Any]:
    nothing = {"kept": False, "reason": reason, "index": -1, "group": -1, "area": -1}
    return plan_row(number) | nothing | changes


def simulated(number: int, **changes: Any) -> dict[str, Any]:
    """A scene: no dates, no place on Earth, no coherence."""
    nan = float("nan")
    of_nowhere = {"primary": None, "secondary": None, "north": nan, "west": nan}
    scene = {"source": 1, "kind": "simulated", "location": str(number), "volcano": "", "frame": ""}
    return plan_row(number) | of_nowhere | scene | {"coherence_mean": nan} | changes


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(rows)


def five_rows() -> pd.DataFrame:
    """Three that are kept, out of order, and two that are not."""
    return table(
        plan_row(1),
        left_out(7, "little data", sha256="", shape_sha256="", valid_fraction=float("nan")),
        simulated(2, label=1),
        plan_row(0, location="Ätna/ü", primary=dt.date(1968, 5, 4)),
        left_out(8, "could not be read", problem="cut at 17 bytes"),
    )
