"""What simulated pictures tell beyond labels: detection curves, and where detectors look."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from catalogs.pictures.images import LabelledPicture, read_picture
from insar_models.detectors.focus import focus
from insar_models.detectors.protocol import Detector
from insar_models.judging.detection_curve import (
    DetectionCurve,
    Pointing,
    detection_curves,
    points_inside,
    share_inside,
)
from insar_models.phase.picture_tiles import cut_tiles, tile_starts
from insar_models.quicklook import decode_picture
from tasks.evaluation.candidates import SampleScores
from tasks.evaluation.truth import SimulatedTruth, SourceTruth
from tasks.progress import report_progress


def curves_of(
    judged: SampleScores, pictures: Sequence[LabelledPicture], truth: SimulatedTruth
) -> tuple[tuple[DetectionCurve, ...], ...]:
    """Return the detection curves of a candidate, for each seed at each share of false alarms."""
    sources = [truth.sources.get(picture.path) for picture in pictures]
    labels = np.array([picture.label for picture in pictures], dtype=np.int64)
    kinds = ["" if source is None else source.kind for source in sources]
    peak_m = np.array([np.nan if source is None else source.peak_m for source in sources])
    return tuple(detection_curves(labels, scores, kinds, peak_m) for scores in judged.scores)


def pointing_of(
    detector: Detector, pictures: Sequence[LabelledPicture], truth: SimulatedTruth
) -> Pointing | None:
    """Return how often the place that a detector names lies in the source's footprint.

    It is the strongest of its activation map in focus, as in the detection tables. Over all
    sources, found or not. None where the truth has no footprints.
    """
    sources = [
        (picture.path, source)
        for picture in pictures
        if (source := truth.sources.get(picture.path)) is not None and source.footprint_pixels
    ]
    if not sources:
        return None
    inside, flat, chances = 0, 0, []
    for done, (path, source) in enumerate(sources, start=1):
        points, chance = _points(detector, path, source)
        inside += bool(points)
        flat += points is None
        chances.append(chance)
        report_progress("activation maps", done, len(sources))
    return Pointing(len(sources), inside, float(np.mean(chances)), flat)


def _points(detector: Detector, path: Path, source: SourceTruth) -> tuple[bool | None, float]:
    phase_rad = decode_picture(read_picture(path)).phase_rad
    (patch,) = cut_tiles(phase_rad)
    top, left = (tile_starts(side)[0] for side in phase_rad.shape)
    peak = (source.peak[0] - top, source.peak[1] - left)
    radius = source.footprint_pixels or 0.0
    found = points_inside(focus(detector.activation(patch), patch), peak, radius)
    return found, share_inside(np.isfinite(patch), peak, radius)
