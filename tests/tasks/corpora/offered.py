"""Candidates as a source would offer them."""

import datetime as dt
from dataclasses import replace
from pathlib import Path
from typing import Any

from catalogs.corpora.candidate import Candidate
from catalogs.corpora.recipe import CorpusRecipe, CubesSource, ImagesSource, Rules, SimulatedSource

FRAME = "106A_09048_000909"
NEXT_FRAME = "106A_09147_000909"
OTHER_TRACK = "128D_09016_110500"
DAY = dt.date(2024, 2, 11)
LATER = dt.date(2024, 3, 6)
CUBES, ALL, TRAIN, SIMULATED = range(4)
RECIPE = CorpusRecipe(
    sources=(
        CubesSource(),
        ImagesSource(folder=Path("all")),
        ImagesSource(folder=Path("s1"), part="train"),
        SimulatedSource(scenes=9),
    )
)
GOOD = Candidate(
    source=CUBES,
    kind="cubes",
    location=f"fernandina/{FRAME}",
    volcano="fernandina",
    frame=FRAME,
    primary=DAY,
    secondary=LATER,
    row=0,
    column=0,
    rotation=0,
    label=-1,
    part="",
    north=0.0,
    west=-91.7,
    source_sha256="7" * 64,
    sha256="",
    shape_sha256="",
    valid_fraction=1.0,
    coherence_mean=0.5,
    phasor_coherence=0.9,
    fringe_rate=0.05,
    equal_share=0.02,
    problem="",
)


def cut(content: str, **changes: Any) -> Candidate:
    """A good patch of a cube; equal `content` is equal content."""
    return replace(
        GOOD, **{"sha256": f"bytes of {content}", "shape_sha256": f"shape of {content}"} | changes
    )


def picture(content: str, source: int = ALL, **changes: Any) -> Candidate:
    """A good picture of nobody knows what."""
    unknown: dict[str, Any] = {
        "location": f"{content}.png",
        "volcano": "",
        "frame": "",
        "primary": None,
        "secondary": None,
        "north": float("nan"),
        "west": float("nan"),
        "coherence_mean": float("nan"),
    }
    return cut(content, source=source, kind="images", **unknown | changes)


def scene(content: str, number: int, **changes: Any) -> Candidate:
    """A good simulated patch."""
    return replace(
        picture(content, **changes), source=SIMULATED, kind="simulated", location=str(number)
    )


def ruled(**rules: Any) -> CorpusRecipe:
    """The recipe with other rules."""
    return RECIPE.model_copy(update={"rules": Rules(**rules)})
