"""Who is judged: models, probes on encoders, and the controls beside them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from insar_models.detectors.protocol import Detector


class Role(StrEnum):
    """What a row of the report is for."""

    JUDGED = "judged"
    BASELINE = "control: baseline 0"
    UNTRAINED = "control: the same encoder, untrained"


@dataclass(frozen=True)
class Candidate:
    """One or several detectors under one name; several differ by their probe's seed alone."""

    name: str
    role: Role
    detectors: tuple[Detector, ...]


@dataclass(frozen=True, eq=False)
class SampleScores:
    """What the detectors of a candidate say of the n samples, a row for each seed."""

    name: str
    role: Role
    sha256: tuple[str, ...]
    thresholds: tuple[float, ...]
    """Of the models' cards; empty where every fold has its own."""
    scores: NDArray[np.float64]
    """Shape (seeds, n): logits less the threshold."""
    probabilities: NDArray[np.float64]
    """Shape (seeds, n)."""

    @classmethod
    def of(cls, candidate: Candidate, logits: NDArray[np.float64]) -> "SampleScores":
        """Return what follows from the logits, (seeds, n), by the models' own cards."""
        pairs = list(zip(candidate.detectors, logits, strict=True))
        return cls(
            name=candidate.name,
            role=candidate.role,
            sha256=tuple(detector.sha256 for detector in candidate.detectors),
            thresholds=tuple(detector.threshold for detector in candidate.detectors),
            scores=np.stack([own - detector.threshold for detector, own in pairs]),
            probabilities=np.stack([detector.probabilities(own) for detector, own in pairs]),
        )


def own_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names, those that come again with a number, so that a table tells them apart."""
    counts = Counter[str]()
    found = []
    for name in names:
        counts[name] += 1
        found.append(name if counts[name] == 1 else f"{name} ({counts[name]})")
    return tuple(found)
