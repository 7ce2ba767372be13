"""What every source of patches must hold, whatever it is made of."""

import dataclasses
import hashlib
import pickle

import numpy as np
import pytest

from catalogs.corpora.candidate import Candidate
from insar_models.phase.quality import measure_quality
from insar_models.phase.symmetries import shape_sha256
from tasks.corpora.patch_source import PatchKey, PatchSource


def survey_all(source: PatchSource) -> list[Candidate]:
    return [candidate for item in source.items() for candidate in source.survey(item)]


def check_source(source: PatchSource) -> list[Candidate]:
    """Survey a source, check what all sources promise, and return its good candidates."""
    candidates = survey_all(source)
    travelled = pickle.loads(pickle.dumps(source))  # noqa: S301 - our own
    assert travelled == source
    assert repr(survey_all(travelled)) == repr(candidates)
    with pytest.raises(dataclasses.FrozenInstanceError):
        source.number = 5  # type: ignore[attr-defined]
    good = [candidate for candidate in candidates if not candidate.problem]
    keys = [PatchKey.of(candidate) for candidate in good]
    assert len(set(keys)) == len(keys)
    # In another order, as the plan's order is not the source's.
    order = np.random.default_rng(0).permutation(len(keys))
    patches = source.read([keys[place] for place in order])
    assert patches.shape == (len(good), 224, 224)
    assert patches.dtype == np.uint8
    for place, patch in zip(order, patches, strict=True):
        _check_candidate(good[place], patch)
    for candidate in candidates:
        if candidate.problem:
            assert candidate.sha256 == candidate.shape_sha256 == ""
    assert source.read([]).shape == (0, 224, 224)
    return good


def _check_candidate(candidate: Candidate, patch: np.ndarray) -> None:
    assert hashlib.sha256(patch.tobytes()).hexdigest() == candidate.sha256
    if candidate.kind != "images":  # whose tiles may stand off the middle
        assert shape_sha256(patch) == candidate.shape_sha256
    quality = dataclasses.asdict(measure_quality(patch))
    assert repr({name: getattr(candidate, name) for name in quality}) == repr(quality)
    assert len(candidate.source_sha256) == 64
