"""The words of the card of an encoder with a probe: what it was made of, how, and its limits."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

from fringewatch.numbers import PATCH_SIZE
from insar_models.patchfile.header import PatchFacts
from insar_models.patchfile.splits import SplitBy
from insar_models.phase.features import MINIMUM_VALID_FRACTION
from insar_models.probes.labelled_rows import LabelledRows
from insar_models.probes.linear_probe import LinearProbeSettings, ProbeMethod

_INTENDED_USE = (
    "To rank wrapped Sentinel-1 interferograms, of the kind that it learned from, by how much they "
    "look like ground deformation of a volcano, so that a person looks at the likely ones first."
)
_LIMITS = (
    (
        "It does not tell volcanic from other deformation: an earthquake, a landslide or "
        "subsidence draws closed fringes as well, and so does turbulent or topographic atmosphere."
    ),
    "Motion of less than a fringe or two may not be seen, nor of several in turbulent atmosphere.",
)
_LIMIT_OF_PATCHES = (
    "The score of a window is the highest of its nine patches, so a quiet window passes the "
    "threshold more often than a quiet patch; the threshold is meant to be followed by a rule "
    "that wants several pairs to agree."
)
_LIMIT_OF_WINDOWS = (
    "A fiftieth of quiet windows passes the threshold, more where the air or the ground are unlike "
    "those that placed it; it is meant to be followed by a rule that wants several pairs to agree."
)
_EVEN_ODDS = (
    "The logit at which the calibration gives even odds, were deforming and quiet patches equally "
    "frequent. metrics.held_out.other_thresholds lists others, by the share of quiet patches."
)
_QUIET_SHARE = (
    "The lowest logit that at most recipe.settings.quiet_share_above of the quiet patches reach, "
    "each judged by a probe that saw nothing of its group. metrics.held_out.other_thresholds lists "
    "the same for other shares."
)
_CALIBRATION = (
    "Platt's sigmoid on the held-out logits, for one patch. The probability assumes that the "
    "share calibration.prior of patches deforms, as in the training data; in the field it is "
    "some 0.01 to 0.03. For another share p add ln(p/(1-p)) - ln(prior/(1-prior)) to the offset. "
    "Brier score and calibration error were measured on the samples that the sigmoid was fitted "
    "to."
)
_WINDOW_THRESHOLD = (
    "The logit of a window that a fiftieth of real quiet windows reach, of volcanoes that neither "
    "encoder nor probe learned from, each volcano alike; metrics.windows has what was found."
)
_WINDOW_CALIBRATION = (
    "Of windows: Platt's sigmoid on real quiet windows and such windows with a simulated source, "
    "at the share window.prior of deforming windows. The card's calibration is that of a patch."
)
_CLASSIFIER = {
    ProbeMethod.LOGISTIC: "logistic regression, balanced classes, on standardised features",
    ProbeMethod.PAPER: "linear layer on the features as they are, Adam and cross entropy for one "
    "epoch; a class is drawn first (6 of 11 draws deform), then a patch of it",
}
_OWN_OF_ENCODER = ("format", "architecture", "sha256", "encoder", "dimension")


def describe_how(
    name: str, by: SplitBy, settings: LinearProbeSettings, folds: int, pasted: int
) -> dict[str, object]:
    """Return the recipe of a probe, as the card has it."""
    command = (
        f"fringewatch probe CORPUS.safetensors --encoder ENCODER --name {name} --by {by} "
        f"--method {settings.method} --seed {settings.seed}"
    )
    if settings.quiet_share_above is not None:
        command += f" --quiet-share {settings.quiet_share_above}"
    return {
        "command": command + (f" --pasted {pasted}" if pasted else ""),
        "input": f"phase bytes of {PATCH_SIZE} x {PATCH_SIZE} pixels, scored from a valid "
        f"fraction of {MINIMUM_VALID_FRACTION} on",
        "classifier": _CLASSIFIER[settings.method],
        "settings": asdict(settings),
        "pasted": pasted,
        "held_out": f"{folds} folds; each {by} is held out as a whole",
        "threshold": _EVEN_ODDS if settings.quiet_share_above is None else _QUIET_SHARE,
        "calibration": _CALIBRATION,
    }


def of_windows(recipe: Mapping[str, object], sha256: str) -> dict[str, object]:
    """Return the recipe of a probe whose threshold is that of real quiet windows."""
    return {
        **recipe,
        "command": f"{recipe['command']} --windows WINDOWS.safetensors --air AIR.safetensors",
        "windows_sha256": sha256,
        "threshold": _WINDOW_THRESHOLD,
        "calibration": _WINDOW_CALIBRATION,
    }


def of_views(recipe: Mapping[str, object], views: int) -> dict[str, object]:
    """Return the recipe of a probe whose patches are looked at in several views."""
    return {
        **recipe,
        "command": f"{recipe['command']} --views {views}",
        "views": f"The logit of a patch is the mean of those of {views} of its turned and mirrored "
        "forms; the probe was fitted on patches as they are.",
    }


def write_encoder_record(
    corpus: PatchFacts,
    learned: LabelledRows,
    encoder_card: Mapping[str, Any],
    recipe: Mapping[str, object],
    metrics: Mapping[str, object],
) -> dict[str, object]:
    """Return what the card says beyond what is needed to use the model.

    Nothing in it depends on when or where it was written.

    Parameters
    ----------
    corpus
        What the patches are.
    learned
        Those that the probe was fitted on.
    encoder_card
        Of the encoder: what it says of its training goes along.
    recipe
        From `describe_how`.
    metrics
        Figures of held-out patches.
    """
    told = {key: entry for key, entry in encoder_card.items() if key not in _OWN_OF_ENCODER}
    return {
        "intended_use": _INTENDED_USE,
        "limits": [
            _limit_of_places(learned),
            *_LIMITS,
            _LIMIT_OF_WINDOWS if "windows" in metrics else _LIMIT_OF_PATCHES,
        ],
        "licence": "No picture is part of this model. Licence of the corpus that its probe was "
        f"fitted on: {corpus.licence}",
        "data": _describe_data(corpus, learned),
        "recipe": dict(recipe),
        "metrics": dict(metrics),
        "encoder_training": {"sha256": encoder_card.get("sha256"), **told},
        "versions": {
            package: version(package)
            for package in ("fringewatch", "numpy", "scikit-learn", "safetensors", "torch")
        },
    }


def _limit_of_places(learned: LabelledRows) -> str:
    places = Counter(g for g, label in zip(learned.groups, learned.labels, strict=True) if label)
    largest = places.most_common(1)[0][1] / places.total()
    return (
        f"The deforming patches come from {len(places)} groups that were held out, {largest:.0%} "
        "of them from one: what it does elsewhere is uncertain, see metrics.held_out."
    )


def _describe_data(corpus: PatchFacts, learned: LabelledRows) -> dict[str, object]:
    """What the card says of what was learned from."""
    labels = learned.labels.tolist()
    deforming = [v for v, label in zip(learned.volcanoes, labels, strict=True) if label]
    return {
        "corpus": {"name": corpus.name, "version": corpus.version},
        "learned_from": {
            "deforming": learned.deforming,
            "quiet": len(labels) - learned.deforming,
            "groups": len(set(learned.groups)),
            "groups_with_deformation": len(
                {group for group, label in zip(learned.groups, labels, strict=True) if label}
            ),
            "volcanoes_deforming": dict(Counter(deforming).most_common()),
        },
        "left_out": dict(learned.left_out),
    }
