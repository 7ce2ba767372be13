"""How many views, which grid of patches, and how they become a window: measured to be chosen.

    python -m benchmarks.window_rules --windows FILE [--displacement DIR] [--model NAME]
        [--models DIR] [--every 3] [--grids 3 5] [--views 1 2 4 8] [--squares 336 448]

Only windows of volcanoes that the model has learned from are looked at, every third of them: what
is chosen here is not judged here. Printed is the recall of sources of 3 to 16 cm that can be seen,
the mean over thresholds that 1, 2, 3, 4 and 5 % of the quiet windows reach, how far other noise
moves a window's logit, and what views cost. --squares adds larger squares in the middle of the
window, reduced to what the encoder sees, each alone and with a tenth of the weight beside a grid.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.operating_sets import SEED, SEEN, other_noise, real_fields
from catalogs.settings import Settings
from fringewatch.errors import BadInputError
from fringewatch.numbers import PATCH_OFFSETS, PATCH_SIZE, WINDOW_SIZE
from insar_models.detectors.onnx import BATCH, LOGIT, OnnxDetector
from insar_models.detectors.patch_scoring import logits_of_judged
from insar_models.detectors.registry import SHIPPED_MODELS, find_model
from insar_models.detectors.views import VIEWS
from insar_models.detectors.window_fit import level_of_share
from insar_models.detectors.window_score import ANYWHERE, SPREAD_PIXELS, combined
from insar_models.encoders.learned_ground import volcanoes_learned
from insar_models.encoders.phasor_inputs import phasor_inputs
from insar_models.model_folder import read_card
from insar_models.patchfile.window_file import read_windows
from insar_models.phase.symmetries import turned
from insar_models.tuning.window_pasting import paste_on_windows, simulated_fields, spread_peaks

SHARES: Final = (0.01, 0.02, 0.03, 0.04, 0.05)
PEAKS_M: Final = (0.03, 0.16)
_FIELDS: Final = 120

Rule = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]
"""From logits (n, patches) and the prior of places (patches,) to windows (n,)."""


@dataclass(frozen=True, eq=False)
class Seen:
    """Logits of every patch in every view."""

    logits: NDArray[np.float64]
    """Shape (n, patches, views)."""
    seconds: float
    """Of processor, for a window in one view."""

    def mean(self, views: int) -> NDArray[np.float64]:
        """Return the mean of the first views, (n, patches)."""
        return np.asarray(self.logits[:, :, :views].mean(axis=2))


def mean_of_highest(count: int, place: float) -> Rule:
    """Return the rule by which a window has the mean of so many highest patches."""

    def rule(logits: NDArray[np.float64], prior: NDArray[np.float64]) -> NDArray[np.float64]:
        evidence = np.sort(logits + place * np.log(prior * len(prior)), axis=1)  # NaN goes last
        known = np.where(np.isfinite(evidence), evidence, -np.inf)
        return np.asarray(np.sort(known, axis=1)[:, -count:].mean(axis=1))

    return rule


def mean_of_ratios(sharpness: float, place: float) -> Rule:
    """Return the rule by which a window has the mean of all likelihood ratios."""
    return lambda logits, prior: combined(logits, sharpness, prior**place)


RULES: Final[dict[str, Rule]] = {
    "highest": mean_of_highest(1, 0.0),
    "mean of 2 highest": mean_of_highest(2, 0.0),
    "mean of 2, place 0.3": mean_of_highest(2, 0.3),
    "mean of 2, place 1": mean_of_highest(2, 1.0),
    "mean of 3 highest": mean_of_highest(3, 0.0),
    "mean of 3, place 0.3": mean_of_highest(3, 0.3),
    "ratios, sharpness 0.5": mean_of_ratios(0.5, 1.0),
    "ratios, sharpness 1": mean_of_ratios(1.0, 1.0),
    "ratios, 1, without place": mean_of_ratios(1.0, 0.0),
    "ratios, sharpness 2": mean_of_ratios(2.0, 1.0),
}


def main() -> None:
    """Print a table for each grid."""
    given = _parser().parse_args()
    model, learned = _model_of(given)
    windows = read_windows(given.windows)
    rows = windows.of_volcanoes(sorted(learned))[:: given.every]
    quiet, volcano = windows.phase[rows], windows.volcano[rows]
    print(f"{model.name}: {len(rows)} windows of {len(set(volcano.tolist()))} learned volcanoes")
    generator = np.random.default_rng(SEED)
    peaks_m = spread_peaks(PEAKS_M, len(quiet), generator)
    fields = {"simulated": simulated_fields(_FIELDS, SEED)}
    if given.displacement:
        fields["real"] = real_fields(given.displacement)
    sets = {}
    for name, of_kind in fields.items():
        pasted = paste_on_windows(quiet, of_kind, peaks_m, generator)
        sets[name] = pasted.codes[pasted.seen >= SEEN]
    noisy = other_noise(quiet, generator)
    for side in given.grids:
        seen = look(model, quiet, side, max(given.views))
        moved = {name: look(model, codes, side, max(given.views)) for name, codes in sets.items()}
        other = look(model, noisy, side, max(given.views))
        _print_grid(side, given.views, volcano, (seen, other, moved))
        for square in given.squares:
            coarse = {name: look_at_square(model, codes, square) for name, codes in sets.items()}
            with_square = {name: (moved[name].mean(1), coarse[name]) for name in sets}
            own = (seen.mean(1), look_at_square(model, quiet, square))
            _print_square((side, square), volcano, own, with_square)


def offsets_of(side: int) -> list[tuple[int, int]]:
    """Return where the patches of a grid begin: from edge to edge, in equal steps."""
    steps = np.rint(np.linspace(0, PATCH_OFFSETS[-1], side)).astype(int).tolist()
    return [(row, column) for row in steps for column in steps]


def prior_of(side: int) -> NDArray[np.float64]:
    """Return how likely a source lies in each patch of a grid, (side * side,), sum 1."""
    middles = np.array(offsets_of(side)) + PATCH_SIZE / 2
    axis = np.arange(WINDOW_SIZE) + 0.5
    near = np.exp(-0.5 * ((axis - WINDOW_SIZE / 2) / SPREAD_PIXELS) ** 2)
    prior = (1 - ANYWHERE) * np.outer(near, near) / near.sum() ** 2 + ANYWHERE / WINDOW_SIZE**2
    away = [(axis[:, None] - row) ** 2 + (axis[None, :] - column) ** 2 for row, column in middles]
    nearest = np.argmin(away, axis=0).ravel()
    return np.asarray(np.bincount(nearest, prior.ravel(), minlength=len(middles)), np.float64)


def look(model: OnnxDetector, codes: NDArray[np.uint8], side: int, views: int) -> Seen:
    """Return what a model says of every patch of windows in every view."""
    places = offsets_of(side)
    logits = np.full((len(codes), len(places), views), np.nan)
    begun = time.process_time()
    for at, window in enumerate(codes):
        patches = np.stack(
            [window[row : row + PATCH_SIZE, left : left + PATCH_SIZE] for row, left in places]
        )
        for view, (turns, mirrored) in enumerate(VIEWS[:views]):
            form = np.ascontiguousarray(turned(patches, turns, mirrored=mirrored))
            logits[at, :, view] = logits_of_judged(
                form, lambda some: model.run(LOGIT, phasor_inputs(some, model.spec)), BATCH
            )
    return Seen(logits, (time.process_time() - begun) / max(1, len(codes)) / views)


def look_at_square(
    model: OnnxDetector, codes: NDArray[np.uint8], square: int
) -> NDArray[np.float64]:
    """Return what a model says of the middle of each window, reduced to what it sees, (n,)."""
    first = (codes.shape[1] - square) // 2
    middle = codes[:, first : first + square, first : first + square]
    return logits_of_judged(
        np.ascontiguousarray(middle),
        lambda some: model.run(LOGIT, phasor_inputs(some, model.spec)),
        BATCH,
    )


def _print_square(
    sides: tuple[int, int],
    volcano: NDArray[np.str_],
    quiet: tuple[NDArray[np.float64], NDArray[np.float64]],
    moved: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]],
) -> None:
    """Print the share that is found by a square alone, and by a grid and a tenth of the square."""
    side, square = sides
    prior = prior_of(side)

    def both(patches: NDArray[np.float64], coarse: NDArray[np.float64]) -> NDArray[np.float64]:
        parts = np.column_stack([combined(patches, 1.0, prior), coarse])
        return combined(parts, 1.0, np.array([0.9, 0.1]))

    for name, rule in (("alone", lambda _, coarse: coarse), ("a tenth beside the grid", both)):
        levels = [level_of_share(rule(*quiet), volcano, share) for share in SHARES]
        found = ", ".join(
            f"{kind} {np.mean([(rule(*own) >= level).mean() for level in levels]):.1%}"
            for kind, own in moved.items()
        )
        print(f"square of {square} pixels, {name}: {found}")


def _print_grid(
    side: int,
    counts: list[int],
    volcano: NDArray[np.str_],
    seen: tuple[Seen, Seen, dict[str, Seen]],
) -> None:
    quiet, other, moved = seen
    prior = prior_of(side)
    print(
        f"\n{side} x {side} patches, {1e3 * quiet.seconds:.0f} ms of processor a window and view\n"
        "| views | rule | " + " | ".join(moved) + " | other noise moves it: median, 95 % |"
    )
    print("|---" * (3 + len(moved)) + "|")
    for views in counts:
        for name, rule in RULES.items():
            one, two = (rule(part.mean(views), prior) for part in (quiet, other))
            levels = [level_of_share(one, volcano, share) for share in SHARES]
            found = [rule(part.mean(views), prior) for part in moved.values()]
            cells = [f"{np.mean([(own >= level).mean() for level in levels]):.1%}" for own in found]
            known = np.isfinite(one) & np.isfinite(two)
            change = np.abs(two[known] - one[known])
            spread = f"{np.median(change):.2f}, {np.quantile(change, 0.95):.2f}"
            print(f"| {views} | {name} | " + " | ".join(cells) + f" | {spread} |")


def _model_of(given: argparse.Namespace) -> tuple[OnnxDetector, frozenset[str]]:
    model = find_model(given.model, given.models)
    if not isinstance(model, OnnxDetector):
        message = f"{model.name} is no encoder with a graph: choose one that is"
        raise BadInputError(message)
    own = given.models is not None and (given.models / given.model).is_dir()
    card = read_card((given.models if own else SHIPPED_MODELS) / given.model)
    return model, volcanoes_learned(card.get("encoder_training") or {})


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.window_rules")
    parser.add_argument("--windows", type=Path, required=True, help="file of quiet windows")
    parser.add_argument("--displacement", type=Path, help="folder of measured displacement (.npz)")
    parser.add_argument("--model", default=str(Settings.model_fields["model"].default))
    parser.add_argument("--models", type=Path, help="folder of models beside the shipped ones")
    parser.add_argument("--every", type=int, default=3, help="of the windows, one in so many")
    parser.add_argument("--grids", type=int, nargs="+", default=[3], help="patches on a side")
    parser.add_argument("--views", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--squares", type=int, nargs="+", default=[], help="larger squares")
    return parser


if __name__ == "__main__":
    main()
