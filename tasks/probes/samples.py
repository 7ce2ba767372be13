"""Which labelled patches a probe is trained on, and their features."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from catalogs.pictures.images import read_picture
from catalogs.pictures.s1_index import S1Kind, S1Patch, S1Split
from fringewatch.errors import FringewatchError, ImageError
from fringewatch.numbers import PATCH_SIZE
from insar_models.phase.features import FEATURE_NAMES, phase_features
from insar_models.probes.labelled_rows import REYKJANES
from insar_models.quicklook import decode_picture
from tasks.progress import report_progress


@dataclass(frozen=True)
class LeftOut:
    """A patch that is not learned from or not judged."""

    file: str
    reason: str
    """One of a few, to be counted."""
    detail: str = ""
    """What was found, where the reason alone does not say it."""


@dataclass(frozen=True)
class Samples:
    """Patches with their features, in the same order."""

    patches: tuple[S1Patch, ...]
    features: NDArray[np.float64]
    """Shape (n, 47), finite."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """Shape (n,): 1 deforms, 0 is quiet."""
        return np.array([patch.label for patch in self.patches], dtype=np.int64)


def select_training(
    patches: tuple[S1Patch, ...],
) -> tuple[tuple[S1Patch, ...], tuple[LeftOut, ...]]:
    """Return the published training patches to learn from, and those that are left out.

    Learned from are all that deform and the quiet ones of Goldstein-filtered phase: S1's quiet
    centre crops are unfiltered and mostly decorrelated, all deforming patches are filtered, so
    that a model given both learns to tell filters apart.
    """
    published = tuple(patch for patch in patches if patch.split is S1Split.TRAIN)
    labels_of: dict[str, set[int]] = {}
    for patch in published:
        labels_of.setdefault(patch.md5, set()).add(patch.label)
    chosen: dict[str, S1Patch] = {}
    left_out: list[LeftOut] = []
    for patch in published:
        reason = _reason_against(patch)
        if reason is None and len(labels_of[patch.md5]) > 1:
            reason = "an equal picture has the opposite label"
        if reason is None and patch.md5 in chosen:
            reason = "equal to another picture"
        if reason is None:
            chosen[patch.md5] = patch
        else:
            left_out.append(LeftOut(patch.file, reason))
    return tuple(chosen.values()), tuple(left_out)


def compute_samples(patches: tuple[S1Patch, ...], step: str) -> tuple[Samples, tuple[LeftOut, ...]]:
    """Return the patches that can be judged with their features, and those that cannot.

    The upper left 224 x 224 pixels of a picture are taken, as its authors did; the side of the
    patches that are scored later. A picture that is absent or unreadable is left out with its
    reason, and the others go on.
    """
    usable: list[S1Patch] = []
    features: list[NDArray[np.float64]] = []
    left_out: list[LeftOut] = []
    for done, patch in enumerate(patches, start=1):
        try:
            found = _features_of(patch.path)
        except FringewatchError as error:
            left_out.append(LeftOut(patch.file, "cannot be read or judged", str(error)))
        else:
            usable.append(patch)
            features.append(found)
        report_progress(step, done, len(patches))
    stacked = np.stack(features) if features else np.empty((0, len(FEATURE_NAMES)))
    return Samples(tuple(usable), stacked), tuple(left_out)


def _features_of(path: Path | None) -> NDArray[np.float64]:
    if path is None:
        message = "not in this copy of the dataset"
        raise ImageError(message)
    phase_rad = decode_picture(read_picture(path)).phase_rad[:PATCH_SIZE, :PATCH_SIZE]
    features = phase_features(phase_rad)
    if not np.isfinite(features).all():
        message = f"{path}: too little valid phase"
        raise ImageError(message)
    return features


def _reason_against(patch: S1Patch) -> str | None:
    """Why a patch is not learned from, if its index row alone says so."""
    rules: tuple[tuple[bool, str], ...] = (
        (patch.transposed, "transposed copy of another picture"),
        (patch.label == 0 and patch.kind is S1Kind.CENTER, "unfiltered quiet centre crop"),
        (patch.volcano in REYKJANES, "of an excluded volcano"),
        (patch.path is None, "not in this copy of the dataset"),
    )
    return next((reason for holds, reason in rules if holds), None)
