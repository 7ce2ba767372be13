"""The words of a probe's card: what it was made of, how, and what it must not be used for."""

from collections import Counter
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

from catalogs.pictures.s1_index import S1Patch
from fringewatch.numbers import PATCH_SIZE
from insar_models.phase.features import MINIMUM_VALID_FRACTION
from insar_models.probes.labelled_rows import REYKJANES
from insar_models.probes.probe import ProbeSettings
from tasks.probes.samples import LeftOut

_ORIGIN = (
    "Labelled patches in the form of dataset S1 of Bountos, Papoutsis, Michail and "
    "Anantrasirichai (2022), Self-supervised contrastive learning for volcanic unrest detection, "
    "IEEE GRSL 19, doi 10.1109/LGRS.2021.3104506; github.com/ngbountos/DeepCubeVolcano. LiCSAR "
    "interferograms contain modified Copernicus Sentinel data analysed by COMET."
)
_LICENCE = (
    "S1 states no licence. No picture of it is part of this model or of this package: the weights "
    "are 142 numbers learned from it, and are offered under the licence of the package."
)
_INTENDED_USE = (
    "To rank Goldstein-filtered wrapped Sentinel-1 interferograms (LiCSAR's geo.diff_pha, 0.001 "
    "degree) by how much they look like ground deformation of a volcano, so that a person looks "
    "at the likely ones first. A baseline for better models."
)
_LIMITS = (
    (
        "It does not tell volcanic from other deformation: an earthquake, a landslide or "
        "subsidence draws closed fringes as well, and so does turbulent or topographic atmosphere."
    ),
    "Motion of less than a fringe or two is not seen, nor of several in turbulent atmosphere.",
    (
        "The published test patches share areas, and some of them dates, with the training "
        "patches: metrics.test.as_published flatters."
    ),
    (
        "It learned from phase without a coherence mask, speckle included: leaving out pixels of "
        "low coherence lowers its scores."
    ),
    "Unfiltered or mostly decorrelated interferograms were not learned from.",
    (
        "The score of a window is the highest of its nine patches, so a quiet window passes the "
        "threshold more often than a quiet patch; the threshold is meant to be followed by a rule "
        "that wants several pairs to agree."
    ),
)
_THRESHOLD = (
    "The lowest logit that at most recipe.settings.quiet_share_above of the quiet patches reach, "
    "each judged by a model that saw nothing of its area. metrics.held_out.other_thresholds lists "
    "the same for other shares."
)
_CALIBRATION = (
    "Platt's sigmoid on the held-out logits, for one patch. The probability assumes that the "
    "share calibration.prior of patches deforms, as in the training data; in the field it is "
    "some 0.01 to 0.03. For another share p add ln(p/(1-p)) - ln(prior/(1-prior)) to the offset. "
    "Brier score and calibration error were measured on the samples that the sigmoid was fitted "
    "to."
)


@dataclass(frozen=True)
class TrainingData:
    """What was learned from, and what was not."""

    patches: tuple[S1Patch, ...]
    areas: tuple[str, ...]
    """The area of each patch."""
    left_out: tuple[LeftOut, ...]
    contradictions: tuple[tuple[S1Patch, S1Patch], ...]
    """Overlapping patches of one interferogram with opposite labels; both were learned from."""


def write_record(
    name: str, data: TrainingData, settings: ProbeSettings, folds: int, metrics: dict[str, Any]
) -> dict[str, object]:
    """Return what the card of a probe says beyond what is needed to use it.

    Nothing in it depends on when or where it was written.
    """
    return {
        "intended_use": _INTENDED_USE,
        "limits": [_limit_of_places(data), *_LIMITS],
        "licence": _LICENCE,
        "data": _describe_data(data),
        "recipe": {
            "command": f"fringewatch probe --data S1_FOLDER --name {name}",
            "input": f"upper left {PATCH_SIZE} x {PATCH_SIZE} pixels of each picture; grey 0-255 "
            "is -pi to pi, flat areas of no data masked; scored from a valid fraction of "
            f"{MINIMUM_VALID_FRACTION} on",
            "classifier": "logistic regression, balanced classes, on the standardised features "
            "cut to plus or minus clip_deviations",
            "settings": asdict(settings),
            "held_out": f"{folds} folds over areas: frames that show the same volcano, directly or "
            "through others, are one area; metrics.frames_held_out is over frames alone, which may "
            "see the same event from both sides of a split",
            "threshold": _THRESHOLD,
            "calibration": _CALIBRATION,
        },
        "metrics": metrics,
        "versions": {
            package: version(package)
            for package in ("fringewatch", "numpy", "scipy", "scikit-learn", "safetensors")
        },
    }


def _limit_of_places(data: TrainingData) -> str:
    places = Counter(a for a, p in zip(data.areas, data.patches, strict=True) if p.label)
    largest = places.most_common(1)[0][1] / places.total()
    return (
        f"The deforming patches come from {len(places)} areas, {largest:.0%} of them from one: "
        "what it does elsewhere is uncertain, see metrics.held_out."
    )


def _describe_data(data: TrainingData) -> dict[str, object]:
    """What was learned from, and what was left out, for the card."""
    deforming = [patch for patch in data.patches if patch.label]
    areas_deforming = {a for a, p in zip(data.areas, data.patches, strict=True) if p.label}
    return {
        "origin": _ORIGIN,
        "learned_from": {
            "deforming": len(deforming),
            "quiet": len(data.patches) - len(deforming),
            "frames": len({patch.frame for patch in data.patches}),
            "frames_with_deformation": len({patch.frame for patch in deforming}),
            "areas": len(set(data.areas)),
            "areas_with_deformation": len(areas_deforming),
            "volcanoes_deforming": dict(Counter(p.volcano for p in deforming).most_common()),
        },
        "left_out": dict(Counter(item.reason for item in data.left_out).most_common()),
        "excluded_volcanoes": list(REYKJANES),
        "contradictions": [
            {"deforming": deforming.file, "quiet": quiet.file}
            for deforming, quiet in data.contradictions
        ],
    }
