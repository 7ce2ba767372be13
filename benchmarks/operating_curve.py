"""What detectors find where a stated share of real quiet windows alarms.

    python -m benchmarks.operating_curve --windows FILE [--displacement DIR] [--pictures DIR ...]
        [--published CSV] [--model NAME ...] [--models DIR] [--views N] [--highest N] [--noise]
        [--all-volcanoes] [--sheet PNG] [--keep DIR] [--json FILE]

Reference: models at the same share of false alarms. Thresholds are cross-fitted: the windows of a
volcano are judged by the threshold of all others. Without --all-volcanoes only volcanoes count of
which a model's card says that no step learned from them (of all models that are compared).

--displacement holds measured motion (.npz), --pictures folders with classes 0 and 1 (such as C1's,
or S1's test), --published maxima of COMET's own network for the same pairs. What a card says of
areas that its probe never saw is printed beside. --sheet draws the false alarms of the first model.
With another number of views or rule than the card's, its own threshold ("own") means nothing.
"""

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.false_alarm_sheet import QuietPictures, draw_false_alarms
from benchmarks.operating_sets import (
    SEED,
    MovedWindows,
    Pictures,
    moved_windows,
    other_noise,
    published_maxima,
    read_pictures,
)
from catalogs.settings import Settings
from catalogs.storage.opening import open_place
from fringewatch.atomic import write_atomically
from insar_models.detectors.onnx import OnnxDetector
from insar_models.detectors.protocol import Detector
from insar_models.detectors.registry import SHIPPED_MODELS, find_model
from insar_models.detectors.views import views_of
from insar_models.detectors.window_fit import level_of_share, share_interval
from insar_models.encoders.learned_ground import volcanoes_learned
from insar_models.model_folder import read_card
from insar_models.patchfile.window_file import Windows, read_windows
from insar_models.tuning.window_pasting import window_logits

SHARES: Final = (0.05, 0.02, 0.01)
PEAKS_M: Final = (0.04, 0.06, 0.08, 0.12, 0.16)
PUBLISHED_AT: Final = 0.5
"""Of COMET's network: what it flags."""

_KEPT_AT_ONCE: Final = 25
_FEWEST: Final = 10
"""Windows of a kind of source that are worth a row."""


@dataclass(frozen=True, eq=False)
class Ground:
    """What models are compared on."""

    quiet: NDArray[np.uint8]
    names: list[str]
    volcano: NDArray[np.str_]
    moved: dict[str, MovedWindows]
    pictures: dict[str, Pictures]
    published: NDArray[np.float64] | None
    """Highest probability of COMET's network in each quiet window; NaN where there is none."""
    noise: NDArray[np.uint8] | None
    """The quiet windows with other noise."""
    keep: Path | None
    """Folder of what models said of windows before."""


@dataclass(eq=False)
class Judged:
    """What a model says: logits of windows, by the row that they go to."""

    patches: NDArray[np.float64]
    """Of the quiet windows, (n, 9)."""
    quiet: NDArray[np.float64]
    rows: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    seconds: float = np.nan
    """Of processor, for a quiet window; NaN where what it said was kept."""


def main() -> int:
    """Print a table for each model."""
    given = _parser().parse_args()
    windows = read_windows(given.windows)
    models = [_changed(find_model(name, given.models), given) for name in given.model]
    used = _unseen(windows, given) if not given.all_volcanoes else np.arange(len(windows))
    ground = _ground(windows, used, given)
    print(f"{len(used)} quiet windows of {len(set(ground.volcano.tolist()))} volcanoes")
    if ground.published is not None:
        _print_published(ground.published, ground.volcano)
    found: dict[str, Any] = {}
    for model in models:
        judged = judge(model, ground)
        found[model.name] = print_table(model, judged, ground)
        found[model.name]["held_out"] = _print_held_out(_card_of(model.name, given.models))
        if given.sheet and model is models[0]:
            shown = QuietPictures(ground.quiet, ground.names, judged.quiet, judged.patches)
            print(f"sheet: {draw_false_alarms(shown, model, open_place(given.sheet))}")
    if given.json:
        write_atomically(given.json, f"{json.dumps(found, indent=2)}\n".encode())
    return 0


def _changed(model: Detector, given: argparse.Namespace) -> Detector:
    """Return the model with another number of views or rule of windows, where it has such."""
    if not isinstance(model, OnnxDetector):
        return model
    if given.views is not None:
        model = replace(model, views=given.views)
    if given.highest is not None and model.window is not None:
        model = replace(
            model, window=replace(model.window, highest=given.highest, place=given.place)
        )
    return model


def _unseen(windows: Windows, given: argparse.Namespace) -> NDArray[np.int64]:
    learned: set[str] = set()
    for name in given.model:
        learned |= volcanoes_learned(_card_of(name, given.models).get("encoder_training") or {})
    return windows.of_volcanoes(sorted(set(windows.volcano.tolist()) - learned))


def _card_of(name: str, models: Path | None) -> dict[str, Any]:
    own = models is not None and (models / name).is_dir()
    return read_card((models if own and models else SHIPPED_MODELS) / name)


def _ground(windows: Windows, used: NDArray[np.int64], given: argparse.Namespace) -> Ground:
    quiet = windows.phase[used]
    published = published_maxima(given.published, windows)[used] if given.published else None
    noise = other_noise(quiet, np.random.default_rng(SEED)) if given.noise else None
    names = windows.names()
    return Ground(
        quiet=quiet,
        names=[names[index] for index in used],
        volcano=windows.volcano[used],
        moved=moved_windows(quiet, given.peaks, given.displacement),
        pictures={folder.name: read_pictures(folder) for folder in given.pictures},
        published=published,
        noise=noise,
        keep=given.keep,
    )


def judge(model: Detector, ground: Ground) -> Judged:
    """Return what a model says of everything."""
    patches, seconds = kept_logits(model, ground.quiet, ground.keep)
    judged = Judged(patches, model.window_logits(patches), seconds=seconds)
    for name, moved in ground.moved.items():
        logits = model.window_logits(kept_logits(model, moved.codes, ground.keep)[0])
        judged.rows[name] = logits
        kinds, counts = np.unique(moved.kind, return_counts=True)
        if len(kinds) > 1:
            for kind in kinds[counts >= _FEWEST]:
                judged.rows[f"  {kind}" + name.removeprefix("simulated")] = logits[
                    moved.kind == kind
                ]
    for name, pictures in ground.pictures.items():
        logits = pictures.logits(model)
        for label, word in ((1, "deforming"), (0, "quiet, called")):
            judged.rows[f"{name}: {word}"] = logits[pictures.label == label]
    if ground.noise is not None:
        other = model.window_logits(kept_logits(model, ground.noise, ground.keep)[0])
        _print_noise(model, judged.quiet, other)
    return judged


def kept_logits(
    model: Detector, codes: NDArray[np.uint8], keep: Path | None
) -> tuple[NDArray[np.float64], float]:
    """Return the patch logits of windows, (n, 9), and the seconds of processor that one took.

    What was worked out before for the same model, views and windows is read from `keep`; the
    seconds are NaN then.
    """
    found, seconds = [], 0.0
    for first in range(0, len(codes), _KEPT_AT_ONCE):
        some = codes[first : first + _KEPT_AT_ONCE]
        key = hashlib.sha256(f"{model.name} {model.sha256} {views_of(model)}".encode())
        key.update(np.ascontiguousarray(some).data)
        path = None if keep is None else keep / f"{key.hexdigest()[:24]}.npy"
        if path is not None and path.is_file():
            found.append(np.load(path))
            seconds = np.nan
            continue
        begun = time.process_time()
        found.append(window_logits(some, model.logits_of_codes))
        seconds += (time.process_time() - begun) / len(codes)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, found[-1])
    return np.concatenate(found), seconds


def print_table(model: Detector, judged: Judged, ground: Ground) -> dict[str, Any]:
    """Print and return recall at each share of quiet windows; every volcano has its threshold."""
    own = judged.quiet >= model.threshold
    print(
        f"\n{model.name}, {views_of(model)} view(s), "
        f"{1e3 * judged.seconds:.0f} ms of processor a window"
    )
    print(f"{'':28}" + "".join(f"{f'at {share:.0%}':>16}" for share in SHARES) + f"{'own':>8}")
    quiet = {share: _cross_fitted(judged.quiet, ground.volcano, share) for share in SHARES}
    cells = "".join(
        f"{f'{mean:.1%} ({low:.0%}-{high:.0%})':>16}" for mean, low, high in quiet.values()
    )
    print(f"{'quiet, cross-fitted':28}{cells}{own.mean():>8.1%}")
    levels = [level_of_share(judged.quiet, ground.volcano, share) for share in SHARES]
    rows: dict[str, Any] = {}
    for name, logits in judged.rows.items():
        found = [float((logits >= level).mean()) for level in levels]
        at_own = float((logits >= model.threshold).mean())
        cells = "".join(f"{one:>16.1%}" for one in found)
        print(f"{f'{name} ({len(logits)})':28}{cells}{at_own:>8.1%}")
        rows[name.strip()] = dict(zip(map(str, SHARES), found, strict=True)) | {
            "own": at_own,
            "windows": len(logits),
        }
    if ground.published is not None:
        _print_beside_published(own, ground)
    return {
        "quiet": {str(share): cell for share, cell in quiet.items()},
        "quiet_at_own_threshold": float(own.mean()),
        "found": rows,
    }


def _cross_fitted(
    logits: NDArray[np.float64], volcano: NDArray[np.str_], share: float
) -> tuple[float, float, float]:
    """Share of quiet windows that alarm by the threshold of the other volcanoes, and interval."""
    alarms = np.zeros(len(volcano), bool)
    for name in np.unique(volcano):
        others = volcano != name
        alarms[~others] = logits[~others] >= level_of_share(logits[others], volcano[others], share)
    return float(alarms.mean()), *share_interval(alarms, volcano)


def _print_published(maxima: NDArray[np.float64], volcano: NDArray[np.str_]) -> None:
    known = np.isfinite(maxima)
    flagged = maxima[known] >= PUBLISHED_AT
    if known.any():
        low, high = share_interval(flagged, volcano[known])
        print(
            f"COMET's network flags {flagged.mean():.1%} ({low:.0%}-{high:.0%}) of the "
            f"{known.sum()} of them that it judged (maximum of {PUBLISHED_AT} or more)"
        )


def _print_beside_published(own: NDArray[np.bool_], ground: Ground) -> None:
    known = np.isfinite(ground.published if ground.published is not None else np.array([]))
    if known.any():
        low, high = share_interval(own[known], ground.volcano[known])
        print(
            f"of the {known.sum()} pairs that COMET's network judged too: {own[known].mean():.1%} "
            f"({low:.0%}-{high:.0%}) at its own threshold"
        )


def _print_noise(model: Detector, one: NDArray[np.float64], other: NDArray[np.float64]) -> None:
    change = np.abs(other - one)
    print(
        f"\n{model.name}: other noise moves a window's logit by {np.nanmedian(change):.3f} "
        f"(median), {np.nanquantile(change, 0.95):.2f} (95 %), {np.nanmax(change):.2f} (most)"
    )


def _print_held_out(card: dict[str, Any]) -> dict[str, Any]:
    """Print what the card says of labelled areas that its probe did not see, at these shares."""
    points = (card.get("metrics") or {}).get("held_out", {}).get("at_quiet_windows") or {}
    if points:
        words = ", ".join(
            f"at {float(share):.0%} {one['recall']:.0%} of the deforming and "
            f"{one['called_of_quiet']:.0%} of the quiet"
            for share, one in points.items()
        )
        print(f"S1, areas held out (by the card): called are {words}")
    return dict(points)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--windows", type=Path, required=True, help="file of quiet windows")
    parser.add_argument("--displacement", type=Path, help="folder of measured displacement (.npz)")
    parser.add_argument(
        "--pictures", type=Path, nargs="+", default=[], help="folders with the classes 0 and 1"
    )
    parser.add_argument("--published", type=Path, help="CSV of maxima of COMET's own network")
    default: Sequence[str] = (_default_model(), "simclr-compact-1", "baseline-0")
    parser.add_argument("--model", nargs="+", default=default)
    parser.add_argument("--models", type=Path, help="folder of models beside the shipped ones")
    parser.add_argument("--views", type=int, help="of each patch, in place of the cards'")
    parser.add_argument(
        "--highest", type=int, help="patches whose mean a window has, in place of the cards' rule"
    )
    parser.add_argument("--place", type=float, default=1.0, help="and how much places count")
    parser.add_argument("--peaks", type=float, nargs="+", default=PEAKS_M, help="metres")
    parser.add_argument("--noise", action="store_true", help="how far other noise moves a logit")
    parser.add_argument("--all-volcanoes", action="store_true", help="also those learned from")
    parser.add_argument("--sheet", type=Path, help="PNG for the first model's false alarms")
    parser.add_argument("--keep", type=Path, help="folder of logits, to go on after a stop")
    parser.add_argument("--json", type=Path, help="file for the same figures")
    return parser


def _default_model() -> str:
    return str(Settings.model_fields["model"].default)


if __name__ == "__main__":
    sys.exit(main())
