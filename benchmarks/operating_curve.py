"""What detectors find where a stated share of real quiet windows alarms.

    python -m benchmarks.operating_curve --windows FILE [--displacement DIR]
        [--model NAME ...] [--models DIR] [--all-volcanoes] [--json FILE]

Reference: models at the same share of false alarms. Thresholds are cross-fitted: the windows of a
volcano are judged by the threshold of all others. Without --all-volcanoes only volcanoes count of
which a model's card says that no step learned from them (of all models that are compared).
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, signal

from fringewatch.numbers import WINDOW_SIZE
from insar_models.detectors.protocol import Detector
from insar_models.detectors.registry import SHIPPED_MODELS, find_model
from insar_models.detectors.window_score import level_of_share, share_interval
from insar_models.encoders.learned_ground import volcanoes_learned
from insar_models.model_folder import read_card
from insar_models.patchfile.window_file import Windows, read_windows
from insar_models.tuning.window_pasting import (
    Fields,
    paste_on_windows,
    simulated_fields,
    window_logits,
)

SHARES: Final = (0.05, 0.02, 0.01)
PEAKS_M: Final = (0.04, 0.06, 0.08, 0.12, 0.16)
SEED: Final = 11
_STEP_DEGREES: Final = 0.002
_HOLE_PIXELS: Final = 2.0
_TAPERED: Final = 0.3
SEEN: Final = 0.3
"""Share of the moved ground that has to show a signal for a source to count."""


@dataclass(frozen=True, eq=False)
class Judged:
    """What a model says of sets of windows, one logit a window."""

    quiet: NDArray[np.float64]
    sets: dict[str, NDArray[np.float64]]
    own: dict[str, float]
    """Share of each set above the model's own threshold."""


def main() -> int:
    """Print a table for each model."""
    given = _parser().parse_args()
    windows = read_windows(given.windows)
    models = [find_model(name, given.models) for name in given.model]
    used = _unseen(windows, given) if not given.all_volcanoes else np.arange(len(windows))
    quiet, names = windows.phase[used], windows.volcano[used]
    print(f"{len(used)} quiet windows of {len(set(names.tolist()))} volcanoes")
    sets = _sets(quiet, given)
    found: dict[str, Any] = {}
    for model in models:
        judged = _judge(model, quiet, sets)
        found[model.name] = _table(model, judged, names)
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n")
    return 0


def _unseen(windows: Windows, given: argparse.Namespace) -> NDArray[np.int64]:
    learned: set[str] = set()
    for name in given.model:
        learned |= volcanoes_learned(_card_of(name, given.models))
    return windows.of_volcanoes(sorted(set(windows.volcano.tolist()) - learned))


def _card_of(name: str, models: Path | None) -> dict[str, Any]:
    folder = (
        models / name if models is not None and (models / name).is_dir() else SHIPPED_MODELS / name
    )
    training: dict[str, Any] = read_card(folder).get("encoder_training") or {}
    return training


def _sets(quiet: NDArray[np.uint8], given: argparse.Namespace) -> dict[str, NDArray[np.uint8]]:
    """Windows with motion by a name, and pictures of C1 as windows of one patch."""
    kinds = {"simulated": simulated_fields(120, SEED)}
    if given.displacement:
        kinds["real"] = real_fields(given.displacement)
    sets: dict[str, NDArray[np.uint8]] = {}
    for name, fields in kinds.items():
        for peak_m in PEAKS_M:
            generator = np.random.default_rng([SEED, round(peak_m * 1000)])
            peaks = np.full(len(quiet), peak_m)
            pasted = paste_on_windows(quiet, fields, peaks, generator)
            sets[f"{name} {100 * peak_m:g} cm"] = pasted.codes[pasted.seen >= SEEN]
    return sets


def real_fields(folder: Path) -> Fields:
    """Return measured displacement as fields of motion, the largest magnitude 1."""
    half, fields, kinds = WINDOW_SIZE // 2, [], []
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as held:
            name = "los_mm_per_year" if "los_mm_per_year" in held else "los_mm"
            motion = held[name].astype(np.float64)
            step = abs(float(np.diff(held["latitude"]).mean()))
        zoomed = ndimage.zoom(_without_holes(motion), step / _STEP_DEGREES, order=1)
        edge = np.concatenate([zoomed[0], zoomed[-1], zoomed[:, 0], zoomed[:, -1]])
        zoomed = (zoomed - np.median(edge)) * np.outer(*map(_taper, zoomed.shape))
        side = max(half, *zoomed.shape)
        square = np.zeros((side, side))
        top, left = ((side - length) // 2 for length in zoomed.shape)
        square[top : top + zoomed.shape[0], left : left + zoomed.shape[1]] = zoomed
        middle = (side - half) // 2
        cut = square[middle : middle + half, middle : middle + half]
        fields.append((cut / np.abs(cut).max()).astype(np.float16))
        kinds.append(path.stem)
    return Fields(np.stack(fields), np.array(kinds))


def _without_holes(motion: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where nothing was measured (NaN), what lies round it."""
    known = np.isfinite(motion)
    weight = ndimage.gaussian_filter(known.astype(float), _HOLE_PIXELS)
    smooth = ndimage.gaussian_filter(np.where(known, motion, 0.0), _HOLE_PIXELS)
    return np.where(known, motion, smooth / np.maximum(weight, 1e-3))


def _taper(length: int) -> NDArray[np.float64]:
    """Weights that fall to 0 at both ends: beyond a field's edge there is no motion."""
    return np.asarray(signal.windows.tukey(length, _TAPERED), dtype=np.float64)


def _judge(model: Detector, quiet: NDArray[np.uint8], sets: dict[str, NDArray[np.uint8]]) -> Judged:
    patch_logits, combine = model.logits_of_codes, model.window_logits
    judged = {name: combine(window_logits(codes, patch_logits)) for name, codes in sets.items()}
    own = {name: float((logits >= model.threshold).mean()) for name, logits in judged.items()}
    of_quiet = combine(window_logits(quiet, patch_logits))
    own["quiet"] = float((of_quiet >= model.threshold).mean())
    return Judged(of_quiet, judged, own)


def _table(model: Detector, judged: Judged, names: NDArray[np.str_]) -> dict[str, Any]:
    """Print and return recall at each share of quiet windows; every volcano has its threshold."""
    rows: dict[str, Any] = {}
    print(f"\n{model.name}: {judged.own['quiet']:.1%} of quiet windows at its own threshold")
    print(f"{'':24}" + "".join(f"{f'at {share:.0%}':>16}" for share in SHARES) + f"{'own':>8}")
    quiet = {}
    for share in SHARES:
        alarms = np.zeros(len(names), bool)
        for name in np.unique(names):
            level = level_of_share(judged.quiet[names != name], names[names != name], share)
            alarms[names == name] = judged.quiet[names == name] >= level
        low, high = share_interval(alarms, names)
        quiet[share] = (float(alarms.mean()), low, high)
    cells = "".join(
        f"{f'{mean:.1%} ({low:.0%}-{high:.0%})':>16}" for mean, low, high in quiet.values()
    )
    print(f"{'quiet, cross-fitted':24}{cells}{judged.own['quiet']:>8.1%}")
    for name, logits in judged.sets.items():
        levels = [level_of_share(judged.quiet, names, share) for share in SHARES]
        found = [float((logits >= level).mean()) for level in levels]
        print(
            f"{name:24}" + "".join(f"{one:>16.1%}" for one in found) + f"{judged.own[name]:>8.1%}"
        )
        rows[name] = dict(zip(map(str, SHARES), found, strict=True)) | {"windows": len(logits)}
    return {"quiet": {str(k): v for k, v in quiet.items()}, "found": rows, "own": judged.own}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--windows", type=Path, required=True, help="file of quiet windows")
    parser.add_argument("--displacement", type=Path, help="folder of measured displacement (.npz)")
    parser.add_argument("--model", nargs="+", default=["simclr-compact-1", "baseline-0"])
    parser.add_argument("--models", type=Path, help="folder of models beside the shipped ones")
    parser.add_argument("--all-volcanoes", action="store_true", help="also those learned from")
    parser.add_argument("--json", type=Path, help="file for the same figures")
    return parser


if __name__ == "__main__":
    sys.exit(main())
