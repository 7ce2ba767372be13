"""What a person asked to be evaluated, and the controls that belong beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from catalogs.settings import Settings
from fringewatch.errors import BadInputError
from insar_models.detectors.linear import LinearDetector
from insar_models.detectors.onnx import OnnxDetector
from insar_models.detectors.protocol import Detector
from insar_models.detectors.registry import DEFAULT_MODEL, find_model
from tasks.evaluation.candidates import Candidate, Role
from tasks.evaluation.evaluate import Judging, evaluate_pictures
from tasks.evaluation.report import EvaluationReport
from tasks.judge.models import model_of

if TYPE_CHECKING:
    from tasks.evaluation.labelled_corpus import LabelledCorpus
    from tasks.evaluation.probes import NamedEncoder, Probing

NO_CORPUS: Final = (
    "the control of untrained encoders is missing: --corpus FILE gives patches with labels that "
    "its probe can learn from"
)


@dataclass(frozen=True)
class EvaluationRequest:
    """The words of one evaluation.

    Raises
    ------
    BadInputError
        If they do not go together.
    """

    images: Path | None = None
    """Folder of labelled pictures; None: the corpus itself is judged by held-out places."""
    models: tuple[str, ...] = ()
    encoders: tuple[Path, ...] = ()
    """Folders of encoders, on which probes are fitted."""
    corpus: Path | None = None
    """Patch file with labels to fit probes on."""
    held_out: Literal["area", "frame"] | None = None
    """What is judged by probes that did not see it, and held out together for thresholds."""
    seeds: int = 5
    probe: Literal["logistic", "paper"] = "logistic"

    def __post_init__(self) -> None:
        if self.images is None and self.corpus is None:
            message = "nothing to evaluate on: give --images FOLDER, or --corpus FILE --held-out"
        elif self.encoders and self.corpus is None:
            message = "an --encoder needs --corpus FILE: labelled patches to fit its probe on"
        elif self.images is None and self.held_out is None:
            message = f"{self.corpus} can only be judged with --held-out area or --held-out frame"
        elif self.images is None and self.models:
            message = (
                f"the model '{self.models[0]}' cannot be judged by held-out places, since it is "
                "trained already: give its --encoder, or --images FOLDER"
            )
        elif self.corpus is None and self.held_out is not None:
            message = (
                f"--held-out {self.held_out} is about a corpus, and {self.images} has pictures "
                "alone: leave it out, or give --corpus FILE"
            )
        elif self.seeds < 1:
            message = f"{self.seeds} probe seeds: give at least 1; 5 show how much hangs on luck"
        else:
            return
        raise BadInputError(message)


def evaluate_request(
    request: EvaluationRequest, settings: Settings, judging: Judging
) -> EvaluationReport:
    """Return the report on all that was asked for, with the controls beside it.

    Raises
    ------
    BadInputError
        If the pictures, the corpus or the words about them cannot be used.
    ModelError
        If a model or an encoder is unknown or damaged.
    """
    corpus = None if request.corpus is None else _corpus(request.corpus, request.held_out)
    if request.images is not None:
        return _on_pictures(request, request.images, corpus, settings, judging)
    if corpus is None:
        message = "there is neither a folder of pictures nor a corpus to evaluate on"
        raise BadInputError(message)
    from tasks.evaluation.evaluate_corpus import evaluate_corpus  # noqa: PLC0415 - needs torch

    return evaluate_corpus(corpus, _encoders(request), _probing(request), judging)


def _on_pictures(
    request: EvaluationRequest,
    images: Path,
    corpus: "LabelledCorpus | None",
    settings: Settings,
    judging: Judging,
) -> EvaluationReport:
    """The report on models, and on probes of encoders, beside baseline 0."""
    named = request.models or (() if request.encoders else (settings.model,))
    models = [model_of(settings.model_copy(update={"model": name})) for name in named]
    candidates = [Candidate(model.name, Role.JUDGED, (model,)) for model in models]
    notes = []
    if corpus is not None:
        candidates += _probes(request, corpus, models)
    elif not all(isinstance(model, LinearDetector) for model in models):
        notes.append(NO_CORPUS)
    if DEFAULT_MODEL not in named:
        baseline = find_model(DEFAULT_MODEL, None)
        candidates.append(Candidate(baseline.name, Role.BASELINE, (baseline,)))
    return evaluate_pictures(candidates, images, judging, notes)


def _probes(
    request: EvaluationRequest, corpus: "LabelledCorpus", models: Sequence[Detector]
) -> list[Candidate]:
    """Probes on the encoders that were given, and on every kind of encoder untrained."""
    from insar_models.detectors.encoder import EncoderDetector  # noqa: PLC0415 - needs torch
    from tasks.evaluation.probes import probe_candidate, untrained_candidate  # noqa: PLC0415

    encoders, probing = _encoders(request), _probing(request)
    specs = [encoder.encoder.spec for encoder in encoders]
    of_encoders = (EncoderDetector, OnnxDetector)
    specs += [model.spec for model in models if isinstance(model, of_encoders)]
    return [
        *(probe_candidate(encoder, corpus, probing) for encoder in encoders),
        *(untrained_candidate(spec, corpus, probing) for spec in dict.fromkeys(specs)),
    ]


def _corpus(path: Path, held_out: str | None) -> "LabelledCorpus":
    from insar_models.patchfile.splits import SplitBy  # noqa: PLC0415
    from tasks.evaluation.labelled_corpus import LabelledCorpus  # noqa: PLC0415

    by = SplitBy.AREA if held_out is None else SplitBy(held_out)
    return LabelledCorpus.open(path, by)


def _encoders(request: EvaluationRequest) -> "list[NamedEncoder]":
    from tasks.evaluation.probes import read_encoder  # noqa: PLC0415 - needs torch

    return [read_encoder(folder) for folder in request.encoders]


def _probing(request: EvaluationRequest) -> "Probing":
    from insar_models.probes.linear_probe import ProbeMethod  # noqa: PLC0415
    from tasks.evaluation.probes import Probing  # noqa: PLC0415 - needs torch

    return Probing(request.seeds, ProbeMethod(request.probe))
