"""Probes judged on the patches of a corpus whose area or frame they did not see."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError
from insar_models.detectors.linear import LinearWeights
from insar_models.detectors.registry import DEFAULT_MODEL
from insar_models.encoders.learned_ground import areas_learned
from insar_models.encoders.spec import EncoderSpec
from insar_models.phase.codes import decode_phase
from insar_models.phase.features import phase_features
from insar_models.probes.held_out import TrainSeeded, judge_held_out_groups
from insar_models.probes.probe import ProbeSettings, fit_weights
from tasks.evaluation.candidates import Role, SampleScores
from tasks.evaluation.labelled_corpus import LabelledCorpus
from tasks.evaluation.probes import (
    NamedEncoder,
    Probing,
    trained_features,
    untrained_features,
    untrained_name,
)
from tasks.progress import report_progress

_BLOCK: Final = 32

_FeaturesOfSeed = Callable[[int], NDArray[np.float64]]


@dataclass(frozen=True)
class _Contestant:
    name: str
    role: Role
    sha256: str
    features_of_seed: _FeaturesOfSeed
    train: TrainSeeded


def judge_held_out(
    corpus: LabelledCorpus, encoders: Sequence[NamedEncoder], probing: Probing
) -> tuple[SampleScores, ...]:
    """Return what is said of each patch of a corpus by probes that did not learn from its group.

    The probe is fitted anew for each fold, with its threshold and calibration. Beside the encoders
    stand baseline 0, fitted likewise on its own features, and each kind of encoder untrained.

    Raises
    ------
    BadInputError
        If deformation or quiet comes from too few units.
    """
    judged = []
    for contestant in _contestants(corpus, encoders, probing):
        judged.append(_judge(contestant, corpus, probing))
        report_progress(
            f"judged {contestant.name}", len(corpus.patches.rows), len(corpus.patches.rows)
        )
    return tuple(judged)


def unlearned(corpus: LabelledCorpus, encoders: Sequence[NamedEncoder]) -> NDArray[np.bool_]:
    """Return which patches lie in no area whose labels an encoder has learned from, bool (n,).

    Raises
    ------
    BadInputError
        If both classes are not left.
    """
    learned: set[int] = set()
    for encoder in encoders:
        learned |= areas_learned(encoder.card, corpus.file.facts.version)
    fair = ~np.isin(corpus.areas(), sorted(learned))
    if len(np.unique(corpus.patches.labels[fair])) < 2:  # noqa: PLR2004 - classes
        message = (
            f"the encoders learned from the labels of {len(learned)} areas of {corpus.file.path}, "
            f"and the {int(fair.sum())} patches of the others are not of both classes: judge them "
            "on another corpus or on pictures"
        )
        raise BadInputError(message)
    return fair


def _contestants(
    corpus: LabelledCorpus, encoders: Sequence[NamedEncoder], probing: Probing
) -> list[_Contestant]:
    """The encoders, the same untrained, and the features by hand."""
    found = []
    for encoder in encoders:
        features = trained_features(encoder, corpus)
        found.append(
            _Contestant(
                encoder.name, Role.JUDGED, encoder.sha256, partial(_same, features), probing.train
            )
        )
    for spec in dict.fromkeys(encoder.encoder.spec for encoder in encoders):
        random = partial(_untrained, spec, corpus)
        found.append(_Contestant(untrained_name(spec), Role.UNTRAINED, "", random, probing.train))
    by_hand = partial(_same, _features_by_hand(corpus))
    found.append(_Contestant(DEFAULT_MODEL, Role.BASELINE, "", by_hand, _train_by_hand))
    return found


def _judge(contestant: _Contestant, corpus: LabelledCorpus, probing: Probing) -> SampleScores:
    """The scores of one contestant on groups that its probes did not see."""
    labels, groups = corpus.patches.labels, corpus.patches.groups
    by_seed = [
        judge_held_out_groups(
            contestant.features_of_seed(seed), labels, groups, contestant.train, seed
        )
        for seed in range(probing.seeds)
    ]
    return SampleScores(
        name=contestant.name,
        role=contestant.role,
        sha256=(contestant.sha256,) * probing.seeds,
        thresholds=(),
        scores=np.stack([verdicts.scores for verdicts in by_seed]),
        probabilities=np.stack([verdicts.probabilities for verdicts in by_seed]),
    )


def _features_by_hand(corpus: LabelledCorpus) -> NDArray[np.float64]:
    features = []
    for first in range(0, len(corpus.patches.rows), _BLOCK):
        codes = corpus.file.read(corpus.patches.rows[first : first + _BLOCK])
        features += [phase_features(patch) for patch in decode_phase(codes)]
        report_progress("features of baseline 0", len(features), len(corpus.patches.rows))
    return np.stack(features)


def _train_by_hand(
    features: NDArray[np.float64],
    labels: NDArray[np.int64],
    seed: int,  # noqa: ARG001 - a logistic regression is always the same
) -> LinearWeights:
    return fit_weights(features, labels, ProbeSettings())


def _untrained(spec: EncoderSpec, corpus: LabelledCorpus, seed: int) -> NDArray[np.float64]:
    return untrained_features(spec, seed, corpus)[1]


def _same(features: NDArray[np.float64], seed: int) -> NDArray[np.float64]:  # noqa: ARG001
    return features
