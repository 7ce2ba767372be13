"""A corpus of a few patches, whose plan and bytes fit together, for tests."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalogs.corpora.layout import create_version, finish_version
from catalogs.corpora.plan import Plan, make_plan, write_plan
from catalogs.corpora.recipe import CorpusRecipe, CubesSource, SimulatedSource
from catalogs.corpora.shards import missing_shards, write_receipt, write_shard
from catalogs.corpora.versions import Corpus, corpus_at
from catalogs.storage.place import Place
from tests.catalogs.corpora.plan_rows import left_out, plan_row, simulated, table

RECIPE = CorpusRecipe(
    sources=(CubesSource(volcanoes=("etna",)), SimulatedSource(scenes=9)), patches_in_a_shard=3
)


def fringes(count: int) -> NDArray[np.uint8]:
    """Patches that differ, each with a hole; shape (count, 224, 224)."""
    row, column = np.mgrid[:224, :224]
    patches = [(row * (n + 1) + column * 3 + n) % 255 + 1 for n in range(count)]
    stack = np.stack(patches).astype(np.uint8)
    stack[:, 5:9, 20:90] = 0
    return stack


def sha256(patch: NDArray[np.uint8]) -> str:
    return hashlib.sha256(patch.tobytes()).hexdigest()


def plan_of(patches: NDArray[np.uint8], recipe: CorpusRecipe = RECIPE) -> Plan:
    """A plan that keeps these patches; the second is simulated, and one more is left out."""
    hashes: list[dict[str, Any]] = [
        {"sha256": sha256(p), "shape_sha256": sha256(p)} for p in patches
    ]
    rows = [
        simulated(n, label=1, **same) if n == 1 else plan_row(n, **same)
        for n, same in enumerate(hashes)
    ]
    return make_plan("small", recipe, table(*reversed(rows), left_out(99, "little data")))


def planned(corpora: Place, plan: Plan) -> Corpus:
    """The corpus of a plan, in which nothing but the plan is written."""
    corpus = corpus_at(corpora, plan.name)
    write_plan(plan, corpus.plan(plan.version))
    return corpus


def write_all(
    corpus: Corpus, plan: Plan, patches: NDArray[np.uint8], order: Sequence[int] | None = None
) -> None:
    """Build what is missing and finish, as a builder does."""
    place, size = corpus.version(plan.version), plan.recipe.patches_in_a_shard
    create_version(place, plan)
    for shard in order or missing_shards(corpus, plan):
        part = patches[shard * size : (shard + 1) * size]
        write_receipt(corpus, plan, write_shard(place, plan, shard, part))
    finish_version(corpus, plan)


def built(corpora: Place, count: int = 7) -> tuple[Corpus, Plan, NDArray[np.uint8]]:
    """A finished corpus, its plan and its patches."""
    patches = fringes(count)
    plan = plan_of(patches)
    corpus = planned(corpora, plan)
    write_all(corpus, plan, patches)
    return corpus, plan, patches


def tree(place: Place) -> dict[str, bytes]:
    """All files below a place and what they hold."""
    return {file.name: (place / file.name).read() for file in place.files()}
