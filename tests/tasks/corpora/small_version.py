"""A small finished version of a corpus, of patches that a test draws."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from catalogs.corpora.layout import create_version, finish_version
from catalogs.corpora.plan import Plan, make_plan, write_plan
from catalogs.corpora.recipe import CorpusRecipe, CubesSource, ImagesSource, SimulatedSource
from catalogs.corpora.shards import hash_patch, write_receipt, write_shard
from catalogs.corpora.versions import Corpus, corpus_at
from catalogs.storage.place import Folder, Place
from fringewatch.numbers import PATCH_SIZE

NAME = "small"
BUILT_AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
RECIPE = CorpusRecipe(
    sources=(CubesSource(), ImagesSource(folder=Path("/pictures")), SimulatedSource(scenes=9)),
    patches_in_a_shard=5,
)


@dataclass(frozen=True)
class SmallVersion:
    """A corpus with one finished version."""

    corpus: Corpus
    plan: Plan

    @property
    def place(self) -> Place:
        return self.corpus.version(self.plan.version)


def noise(count: int) -> NDArray[np.uint8]:
    """Patches that all differ, without a pixel of no data."""
    generator = np.random.default_rng(7)
    return generator.integers(1, 256, (count, PATCH_SIZE, PATCH_SIZE), dtype=np.uint8)


def plan_of(phase: NDArray[np.uint8], sources: Sequence[int] | None = None, **columns: Any) -> Plan:
    """Return a plan that keeps these patches in this order; `columns` replaces some of its own."""
    count = len(phase)
    numbers = np.arange(count)
    of_source = [0] * count if sources is None else list(sources)
    hashes = [hash_patch(patch) for patch in phase]
    rows = {
        "source": np.array(of_source, dtype=np.int32),
        "kind": [RECIPE.sources[number].kind for number in of_source],
        "location": [f"fernandina/place {number}" for number in numbers],
        "volcano": "fernandina",
        "frame": "106A_09048_000909",
        "primary": dt.date(2024, 2, 11),
        "secondary": dt.date(2024, 3, 6),
        "row": 0,
        "column": 0,
        "rotation": 0,
        "label": -1,
        "part": "",
        "north": -0.1,
        "west": -91.7,
        "source_sha256": "0" * 64,
        "sha256": hashes,
        "shape_sha256": hashes,
        "valid_fraction": 0.9,
        "coherence_mean": np.nan,
        "phasor_coherence": np.linspace(0.4, 1.0, count),
        "fringe_rate": 0.05,
        "equal_share": 0.01,
        "problem": "",
        "kept": True,
        "reason": "",
        "group": numbers,
        "area": 0,
        "index": numbers,
        **columns,
    }
    return make_plan(NAME, RECIPE, pd.DataFrame(rows, index=numbers))


def write_small(folder: Path, phase: NDArray[np.uint8], **columns: Any) -> SmallVersion:
    """Build the patches as the version in use of ``<folder>/corpora/small``."""
    plan = plan_of(phase, **columns)
    corpus = corpus_at(Folder(folder) / "corpora", NAME)
    write_plan(plan, corpus.plan(plan.version))
    place = corpus.version(plan.version)
    create_version(place, plan)
    for shard in range(plan.shards):
        chosen = phase[plan.shard(shard)["index"].to_numpy()]
        write_receipt(corpus, plan, write_shard(place, plan, shard, chosen))
    finish_version(corpus, plan)
    corpus.make_current(plan.version, BUILT_AT)
    return SmallVersion(corpus, plan)
