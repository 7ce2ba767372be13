"""Probes that are trained for an evaluation: on a corpus, for an encoder and its control."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from insar_models.detectors.encoder import EncoderDetector
from insar_models.encoders.encoder import Encoder, make_encoder
from insar_models.encoders.feature_cache import cached_features
from insar_models.encoders.features import features_of
from insar_models.encoders.files import load_encoder
from insar_models.encoders.spec import EncoderSpec
from insar_models.model_folder import read_card
from insar_models.probes.held_out import TrainSeeded, fit_probe_of_seed
from insar_models.probes.linear_probe import LinearProbeSettings, ProbeMethod, train_of_seed
from tasks.evaluation.candidates import Candidate, Role
from tasks.evaluation.labelled_corpus import LabelledCorpus
from tasks.probes.encoder import FEATURES_FOLDER
from tasks.progress import report_progress

UNTRAINED: Final = "untrained"


@dataclass(frozen=True)
class Probing:
    """How probes are trained for an evaluation."""

    seeds: int = 5
    """At least 1."""
    method: ProbeMethod = ProbeMethod.LOGISTIC

    @property
    def train(self) -> TrainSeeded:
        """What makes the weights of a probe on an encoder."""
        return train_of_seed(LinearProbeSettings(method=self.method))


@dataclass(frozen=True, eq=False)
class NamedEncoder:
    """A trained encoder and what its card says."""

    folder: Path
    name: str
    sha256: str
    encoder: Encoder
    card: Mapping[str, Any]


def read_encoder(folder: Path) -> NamedEncoder:
    """Return the encoder in `folder`.

    Raises
    ------
    ModelError
        As `load_encoder`.
    """
    encoder, card = load_encoder(folder), read_card(folder)
    return NamedEncoder(
        folder=folder,
        name=folder.resolve().parent.name if folder.name == "encoder" else folder.resolve().name,
        sha256=str(card["sha256"]),
        encoder=encoder,
        card=card,
    )


def trained_features(encoder: NamedEncoder, corpus: LabelledCorpus) -> NDArray[np.float64]:
    """Return the features of a corpus, float64 (n, dimension), kept ones where there are any."""
    kept = encoder.folder / FEATURES_FOLDER
    rows = corpus.patches.rows
    features = cached_features(encoder.encoder, encoder.sha256, corpus.file, rows, kept)
    return features.astype(np.float64)


def probe_candidate(encoder: NamedEncoder, corpus: LabelledCorpus, probing: Probing) -> Candidate:
    """Return probes of all seeds on an encoder, learned from a corpus, to judge pictures."""
    features = trained_features(encoder, corpus)
    detectors = [
        _detector(encoder.name, encoder.sha256, encoder.encoder, features, seed, corpus, probing)
        for seed in range(probing.seeds)
    ]
    return Candidate(encoder.name, Role.JUDGED, tuple(detectors))


def untrained_candidate(spec: EncoderSpec, corpus: LabelledCorpus, probing: Probing) -> Candidate:
    """Return probes on encoders of random weights: what the architecture gives by itself.

    Each seed is that of the encoder's weights, too.
    """
    detectors = []
    for seed in range(probing.seeds):
        encoder, features = untrained_features(spec, seed, corpus)
        name = untrained_name(spec)
        detectors.append(_detector(name, "", encoder, features, seed, corpus, probing))
        report_progress("untrained encoders", seed + 1, probing.seeds)
    return Candidate(untrained_name(spec), Role.UNTRAINED, tuple(detectors))


def untrained_features(
    spec: EncoderSpec, seed: int, corpus: LabelledCorpus
) -> tuple[Encoder, NDArray[np.float64]]:
    """Return an encoder of random weights and its features of a corpus."""
    encoder = make_encoder(spec, seed=seed).eval()
    return encoder, features_of(encoder, corpus.file, corpus.patches.rows).astype(np.float64)


def untrained_name(spec: EncoderSpec) -> str:
    """Return how the control of an encoder of that kind is called."""
    return f"{UNTRAINED} {spec.architecture}"


def _detector(  # noqa: PLR0913, PLR0917
    name: str,
    sha256: str,
    encoder: Encoder,
    features: NDArray[np.float64],
    seed: int,
    corpus: LabelledCorpus,
    probing: Probing,
) -> EncoderDetector:
    """The encoder with a probe of one seed."""
    labels, groups = corpus.patches.labels, corpus.patches.groups
    probe = fit_probe_of_seed(features, labels, groups, probing.train, seed)
    return EncoderDetector(name, sha256, probe.threshold, probe.calibration, encoder, probe.weights)
