"""Resampling of whole groups, and intervals from it.

Pictures of one scene, or of one pair of dates, fail together. Drawing them one by one would count
each as a new witness and make an interval several times too narrow.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from fringewatch.checked_fields import CheckedRecord, Count, Limits


@dataclass(frozen=True)
class Interval:
    """A range that holds a statistic with some confidence."""

    low: float
    high: float
    draws: int
    """Resamples for which the statistic was defined."""


@dataclass(frozen=True)
class BootstrapPlan(CheckedRecord):
    """How to resample."""

    seed: int
    draws: Count = 2000
    level: Annotated[float, Limits(0.0, 0.9999, "a share", above_low=True)] = 0.95


def group_resamples(groups: Sequence[str], plan: BootstrapPlan) -> Iterator[NDArray[np.int64]]:
    """Yield the rows of each resample of a plan: as many groups as there are, with replacement.

    Parameters
    ----------
    groups
        (n,), the name of each sample's group.
    plan
        Seed and number of resamples.
    """
    members = members_of(groups)
    generator = np.random.default_rng(plan.seed)
    for _ in range(plan.draws):
        drawn = generator.integers(len(members), size=len(members))
        yield np.concatenate([members[group] for group in drawn])


def members_of(groups: Sequence[str]) -> list[NDArray[np.int64]]:
    """Return the rows of each group, the groups sorted by name."""
    names, member = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    order = np.argsort(member, kind="stable").astype(np.int64)
    return np.split(order, np.cumsum(np.bincount(member, minlength=len(names)))[:-1])


def percentile_interval(values: Sequence[float], level: float) -> Interval:
    """Return the middle `level` of values; NaN among them are left out, and none left gives NaN."""
    defined = np.array(values)[~np.isnan(values)]
    if len(defined) == 0:
        return Interval(math.nan, math.nan, 0)
    tail = 50.0 * (1.0 - level)
    low, high = np.percentile(defined, [tail, 100.0 - tail])
    return Interval(float(low), float(high), len(defined))
