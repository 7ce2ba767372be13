"""Probe of an encoder: fit a linear classifier on its features, judge it, and keep both."""

import hashlib
import logging
import math
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from fringewatch.errors import BadInputError, ModelError
from insar_models.detectors.card_entries import ENCODER_ARCHITECTURE
from insar_models.detectors.encoder import EncoderDetector, in_half_precision
from insar_models.detectors.onnx_export import graph_of
from insar_models.detectors.registry import save_model
from insar_models.detectors.views import check_views
from insar_models.encoders.encoder import Encoder
from insar_models.encoders.feature_cache import cached_features
from insar_models.encoders.features import scorer_of
from insar_models.encoders.files import load_encoder
from insar_models.encoders.learned_ground import areas_learned, volcanoes_learned
from insar_models.judging.metrics import BootstrapPlan, Statistic, cluster_bootstrap_interval
from insar_models.model_folder import check_model_name, read_card
from insar_models.patchfile.air_file import read_air
from insar_models.patchfile.file import PatchFile, open_patch_file
from insar_models.patchfile.window_file import read_windows
from insar_models.probes.labelled_rows import REYKJANES, LabelledRows, apart, labelled_rows
from insar_models.probes.linear_probe import fit_linear_probe
from insar_models.probes.probe import ExtraSamples, ProbeFit, check_samples
from insar_models.tuning.beginning import FieldData
from insar_models.tuning.recipe import TuneRecipe
from tasks.probes.encoder_card import describe_how, of_views, of_windows, write_encoder_record
from tasks.probes.encoder_pasted import field_samples, pasted_samples
from tasks.probes.encoder_records import EncoderProbeReport, EncoderProbeRequest
from tasks.probes.encoder_windows import WindowJudgement, judge_windows
from tasks.probes.judgement import few_figures, operating_points, overall_figures, rounded

_LOGGER = logging.getLogger(__name__)
_BOOTSTRAP: Final = BootstrapPlan(seed=0, draws=1000)

FEATURES_FOLDER: Final = "features"
"""Below an encoder's folder: its features of corpora, which can be thrown away."""


def train_encoder_probe(request: EncoderProbeRequest, models: Path) -> EncoderProbeReport:
    """Fit a probe on an encoder's features, write both as one model to `models`/name, and report.

    The encoder's filters are rounded to half precision first, so that the probe fits what is kept.
    The same corpus, encoder, settings, versions and device give the same files.

    Raises
    ------
    BadInputError
        If the corpus has too few labelled patches, or from too few places; or a patch, the
        device or the name cannot be.
    ModelError
        If the folder holds no encoder, or it is damaged, or the name cannot be a model's.
    StoreError
        If the corpus cannot be read.
    HomeError
        If the model cannot be written.
    """
    check_model_name(request.name)
    check_views(request.views)
    if request.pasted < 0:
        message = f"{request.pasted} patches cannot be pasted: give 0 or more"
        raise BadInputError(message)
    card = read_card(request.encoder)
    if card.get("architecture") == ENCODER_ARCHITECTURE:
        message = (
            f"{request.encoder} holds a whole detector: give the folder of the encoder that it was "
            "made of"
        )
        raise BadInputError(message)
    encoder = in_half_precision(load_encoder(request.encoder))
    corpus = open_patch_file(request.corpus)
    learned = labelled_rows(corpus, request.by, REYKJANES)
    _LOGGER.info("features of %d labelled patches of %s", len(learned.rows), corpus.path)
    features = _features(request, encoder, str(card.get("sha256")), corpus, learned.rows)
    judged, known = apart(learned, corpus, areas_learned(card, corpus.facts.version))
    of_judged = np.isin(learned.rows, judged.rows)
    check_samples(features[of_judged], judged.labels, judged.groups)
    extra = _known_samples(features[~of_judged], known)
    windows = None if request.windows is None else read_windows(request.windows)
    known_ground = volcanoes_learned(card)
    if request.pasted:
        _LOGGER.info("features of %d patches with simulated deformation", request.pasted)
        scorer = scorer_of(encoder, request.device)
        recipe = _field_recipe(card)
        if windows is None or recipe is None:
            made = pasted_samples(scorer, corpus, judged, request.pasted, request.settings)
        else:
            field = FieldData(windows, None if request.air is None else read_air(request.air))
            made = field_samples(
                scorer, corpus, field, recipe, request.pasted, request.settings.seed
            )
            # Quiet patches come from the field: those of the corpus are another kind of picture.
            extra = _deforming(extra)
        extra = _joined(extra, made)
    fit = fit_linear_probe(
        features[of_judged], judged.labels, judged.groups, request.settings, extra
    )
    metrics = {"held_out": {"judged": len(judged.rows), **_judge(judged, fit)}}
    model = EncoderDetector(
        request.name, "", fit.threshold, fit.calibration, encoder, fit.weights, half=True,
        views=request.views,
    )  # fmt: skip
    how = describe_how(
        request.name, request.by, request.settings, len(fit.fold_weights), request.pasted
    )
    if request.views > 1:
        how = of_views(how, request.views)
    if windows is not None:
        judgement = judge_windows(model, windows, known_ground, request.settings.seed)
        model = judgement.model
        metrics["windows"] = judgement.metrics
        metrics["held_out"]["at_quiet_windows"] = _at_quiet_windows(judged, fit, judgement)
        how = of_windows(how, windows.sha256)
    record = write_encoder_record(corpus.facts, learned, card, how, metrics)
    graph = _graph(model) if request.graph else None
    sha256 = save_model(models / request.name, model, record, graph)
    return EncoderProbeReport(
        folder=models / request.name,
        sha256=sha256,
        by=request.by,
        deforming=learned.deforming,
        quiet=len(learned.labels) - learned.deforming,
        left_out=learned.left_out,
        threshold=model.threshold,
        metrics=metrics,
    )


def _graph(model: EncoderDetector) -> bytes | None:
    """The model for ONNX Runtime; one that cannot be had is no reason to lose the probe."""
    try:
        return graph_of(model)
    except ModelError as error:
        _LOGGER.warning("without a graph a watch needs torch for this model: %s", error)
        return None


def _field_recipe(card: dict[str, Any]) -> TuneRecipe | None:
    """By what the encoder was tuned, if whole windows were among it."""
    settings = (card.get("tuned") or {}).get("recipe")
    recipe = None if settings is None else TuneRecipe.parse(settings)
    return recipe if recipe is not None and recipe.windows else None


def _deforming(samples: ExtraSamples) -> ExtraSamples:
    chosen = samples.labels == 1
    groups = None
    if samples.groups is not None:
        groups = tuple(np.array(samples.groups, dtype=np.str_)[chosen].tolist())
    return ExtraSamples(samples.features[chosen], samples.labels[chosen], groups)


def _known_samples(features: NDArray[np.float32], known: LabelledRows) -> ExtraSamples:
    return ExtraSamples(features.astype(np.float64), known.labels, known.groups)


def _joined(one: ExtraSamples, other: ExtraSamples) -> ExtraSamples:
    return ExtraSamples(
        np.concatenate([one.features, other.features]),
        np.concatenate([one.labels, other.labels]),
        (one.groups or ()) + (other.groups or ()),
    )


def _features(
    request: EncoderProbeRequest,
    encoder: Encoder,
    sha256: str,
    corpus: PatchFile,
    rows: NDArray[np.int64],
) -> NDArray[np.float32]:
    rounded_one = hashlib.sha256(f"{sha256} in half precision".encode()).hexdigest()
    folder = request.encoder / FEATURES_FOLDER
    return cached_features(encoder, rounded_one, corpus, rows, folder, device=request.device)


def _judge(learned: LabelledRows, fit: ProbeFit) -> dict[str, object]:
    """Return the figures of patches that were judged by a probe fitted without their group."""
    labels, logits = learned.labels, fit.held_out_logits
    overall = overall_figures(labels, learned.groups, fit)
    for name in ("recall", "precision"):
        interval = cluster_bootstrap_interval(
            labels, logits, learned.groups, _share(name, fit.threshold), _BOOTSTRAP
        )
        overall[f"{name}_95_percent"] = [rounded(interval.low), rounded(interval.high)]
    groups, volcanoes = np.array(learned.groups), np.array(learned.volcanoes)
    return {
        "overall": overall,
        "by_group_with_deformation": [
            {
                "volcanoes_deforming": sorted(
                    set(volcanoes[(groups == group) & (labels == 1)].tolist())
                ),
                **few_figures(labels, logits, groups == group, fit.threshold),
            }
            for group in np.unique(groups[labels == 1])
        ],
        "other_thresholds": operating_points(labels, logits),
    }


def _at_quiet_windows(
    judged: LabelledRows, fit: ProbeFit, windows: WindowJudgement
) -> dict[str, dict[str, float | None]]:
    """Return what is called of the held-out patches where a share of quiet windows alarms.

    A patch counts as a picture does, by its own logit, and is seen in one view.
    """
    found = {}
    for share, level in windows.levels.items():
        called = fit.held_out_logits >= level
        found[str(share)] = {
            "recall": rounded(float(called[judged.labels == 1].mean())),
            "called_of_quiet": rounded(float(called[judged.labels == 0].mean())),
        }
    return found


def _share(name: str, threshold: float) -> Statistic:
    """Recall or precision at a threshold, as the bootstrap wants it; NaN where undefined."""

    def share(labels: NDArray[np.int64], logits: NDArray[np.float64]) -> float:
        called = logits >= threshold
        of = labels == 1 if name == "recall" else called
        return float((called & (labels == 1)).sum() / of.sum()) if of.any() else math.nan

    return share
