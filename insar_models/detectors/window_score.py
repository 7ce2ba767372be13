"""One calibrated number for a window, from the logits of its nine patches.

The alarm is a window's, so the threshold has to be a window's too. If the ground deforms, it does
so in one place, which is more likely near the volcano than far from it: the evidence of the window
is the mean of the patches' likelihood ratios, weighted by how likely each place is beforehand.
Where neighbouring patches see the same thing, their evidence adds up; a single patch at the edge
has to say more than the one in the middle. No place has no weight: dykes open 10 km from the name.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp
from scipy.stats import norm

from fringewatch.errors import BadInputError, ModelError
from fringewatch.numbers import PATCH_SIZE, WINDOW_SIZE
from insar_models.detectors.calibration import Calibration, fit_platt
from insar_models.phase.window_patches import PATCH_ORIGINS, PATCHES_PER_WINDOW

SPREAD_PIXELS: Final = 110.0
"""Standard deviation of where sources lie round the volcano, in pixels of 0.001 degree: 12 km of
latitude. A prior that is stated, not learned: few volcanoes were seen to deform."""

ANYWHERE: Final = 0.3
"""Share of sources that may lie anywhere in the window, neighbours of the volcano among them."""

_SHARPNESSES: Final = (0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0)


@dataclass(frozen=True)
class QuietLogits:
    """How the logits of quiet windows lie: normal, through their median and the threshold."""

    centre: float
    spread: float
    """Above 0."""


@dataclass(frozen=True)
class WindowScore:
    """How nine logits become one, and what that one means.

    Raises
    ------
    BadInputError
        If the sharpness is not positive.
    """

    sharpness: float
    """By which a patch's logit is multiplied to be the logarithm of a likelihood ratio."""
    calibration: Calibration
    """Of the window's logit; its prior is the share of deforming windows."""
    quiet_share: float
    """Share of quiet windows of unseen volcanoes that are above the threshold."""
    quiet_share_95_percent: tuple[float, float]
    """Interval of that over volcanoes."""
    spread_pixels: float = SPREAD_PIXELS
    anywhere: float = ANYWHERE
    quiet: QuietLogits | None = None
    """None in cards that do not say."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.sharpness) and self.sharpness > 0):
            message = f"a sharpness of {self.sharpness} is none: give a number above 0"
            raise BadInputError(message)

    def logits(self, patch_logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the logit of each window, float64 (n,); NaN where no patch could be judged.

        Parameters
        ----------
        patch_logits
            Shape (n, 9), patches in their order; NaN where a patch could not be judged: it speaks
            neither for deformation nor against it.
        """
        return combined(patch_logits, self.sharpness, self._weights())

    def shares(self, patch_logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how much of a window's evidence each patch holds, (n, 9); 0 where it was none."""
        evidence = np.where(
            np.isfinite(patch_logits),
            self.sharpness * patch_logits + np.log(self._weights()),
            -np.inf,
        )
        total = logsumexp(evidence, axis=1, keepdims=True)
        return np.asarray(np.exp(evidence - np.where(np.isfinite(total), total, 0.0)))

    def as_dict(self) -> dict[str, Any]:
        """Return the record as JSON holds it; `of_dict` makes the same of it."""
        calibration = self.calibration
        return {
            "sharpness": self.sharpness,
            "slope": calibration.slope,
            "offset": calibration.offset,
            "prior": calibration.prior,
            "quiet_share": self.quiet_share,
            "quiet_share_95_percent": list(self.quiet_share_95_percent),
            "spread_pixels": self.spread_pixels,
            "anywhere": self.anywhere,
        } | (
            {"quiet_centre": self.quiet.centre, "quiet_spread": self.quiet.spread}
            if self.quiet
            else {}
        )

    @classmethod
    def of_dict(cls, record: Mapping[str, Any]) -> Self:
        """Return what `as_dict` wrote.

        Raises
        ------
        ModelError
            If an entry is missing, or is no number.
        """
        try:
            low, high = record["quiet_share_95_percent"]
            return cls(
                sharpness=float(record["sharpness"]),
                calibration=Calibration(
                    *(float(record[name]) for name in ("slope", "offset", "prior"))
                ),
                quiet_share=float(record["quiet_share"]),
                quiet_share_95_percent=(float(low), float(high)),
                spread_pixels=float(record["spread_pixels"]),
                anywhere=float(record["anywhere"]),
                quiet=_quiet_of(record),
            )
        except (KeyError, TypeError, ValueError, BadInputError) as error:
            message = f"the card's window score is damaged ({error!r}): copy the model again"
            raise ModelError(message) from error

    def _weights(self) -> NDArray[np.float64]:
        return place_weights(self.spread_pixels, self.anywhere)


def _quiet_of(record: Mapping[str, Any]) -> QuietLogits | None:
    if "quiet_centre" not in record:
        return None
    quiet = QuietLogits(float(record["quiet_centre"]), float(record["quiet_spread"]))
    if not (math.isfinite(quiet.centre) and 0 < quiet.spread < math.inf):
        message = f"quiet_spread is {quiet.spread}: a number above 0 is needed"
        raise BadInputError(message)
    return quiet


def highest(patch_logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the highest logit of each window's patches, (n,); NaN where none could be judged."""
    return np.asarray(np.fmax.reduce(patch_logits, axis=1))


def shares_of_highest(patch_logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 for the highest of each window's patches, 0 for the others, (n, 9)."""
    known = np.where(np.isfinite(patch_logits), patch_logits, -np.inf)
    best = np.zeros(patch_logits.shape)
    best[np.arange(len(known)), known.argmax(axis=1)] = 1.0
    return best * np.isfinite(patch_logits)


def place_weights(
    spread_pixels: float = SPREAD_PIXELS, anywhere: float = ANYWHERE
) -> NDArray[np.float64]:
    """Return how likely it is beforehand that a source is in each patch: (9,), sum 1.

    The window's middle is the volcano. A source belongs to the patch whose middle is nearest.
    """
    middles = np.array([[o.row, o.column] for o in PATCH_ORIGINS]) + PATCH_SIZE / 2
    axis = np.arange(WINDOW_SIZE) + 0.5
    near = np.exp(-0.5 * ((axis - WINDOW_SIZE / 2) / spread_pixels) ** 2)
    prior = (1 - anywhere) * np.outer(near, near) / near.sum() ** 2 + anywhere / WINDOW_SIZE**2
    away = [(axis[:, None] - row) ** 2 + (axis[None, :] - column) ** 2 for row, column in middles]
    nearest = np.argmin(away, axis=0)
    weights = np.bincount(nearest.ravel(), prior.ravel(), minlength=PATCHES_PER_WINDOW)
    return np.asarray(weights, dtype=np.float64)


def combined(
    patch_logits: NDArray[np.float64], sharpness: float, weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the logarithm of the weighted mean of exp(sharpness * logit), in logits, (n,).

    Patches that could not be judged have no weight; NaN where none could.
    """
    judged = np.isfinite(patch_logits)
    weight = np.where(judged, weights, 0.0)
    total = weight.sum(axis=1)
    some = total > 0
    logits = np.full(len(patch_logits), np.nan)
    logits[some] = (
        logsumexp(
            sharpness * np.where(judged[some], patch_logits[some], 0.0),
            axis=1,
            b=weight[some] / total[some, None],
        )
        / sharpness
    )
    return logits


def fit_window_score(
    quiet: NDArray[np.float64],
    volcanoes: NDArray[np.str_],
    deforming: NDArray[np.float64],
    *,
    quiet_share: float = 0.02,
    prior: float = 0.02,
) -> tuple[WindowScore, float]:
    """Return how nine logits become one, and the logit from which on a window counts as deforming.

    The sharpness is that which finds most deforming windows at the threshold; the threshold is the
    logit that the share `quiet_share` of the quiet windows reach, each volcano alike.

    Parameters
    ----------
    quiet
        Patch logits (n, 9) of real quiet windows of volcanoes that no step learned from.
    volcanoes
        Of each quiet window, (n,).
    deforming
        Patch logits (k, 9) of such windows with a source.
    quiet_share
        Of the quiet windows that may alarm.
    prior
        Share of deforming windows that the probability assumes.

    Raises
    ------
    BadInputError
        If there are too few windows to place the threshold, or too few volcanoes.
    """
    known = np.unique(volcanoes)
    least = math.ceil(1 / quiet_share)
    if len(quiet) < least or len(known) < 3 or len(deforming) < least:  # noqa: PLR2004
        message = (
            f"{len(quiet)} quiet windows of {len(known)} volcanoes and {len(deforming)} deforming "
            f"ones are too few for a threshold that {quiet_share:.0%} reach: give {least} of each "
            "and 3 volcanoes or more"
        )
        raise BadInputError(message)
    weights = place_weights()
    best: tuple[float, float, float] | None = None
    for sharpness in _SHARPNESSES:
        of_quiet, of_deforming = (combined(part, sharpness, weights) for part in (quiet, deforming))
        level = level_of_share(of_quiet, volcanoes, quiet_share)
        found = float((of_deforming >= level).mean())
        if best is None or found > best[0]:
            best = (found, sharpness, level)
    if best is None:  # there are sharpnesses
        message = "no sharpness was tried"
        raise BadInputError(message)
    _, sharpness, level = best
    of_quiet, of_deforming = (combined(part, sharpness, weights) for part in (quiet, deforming))
    logits = np.concatenate([of_quiet, of_deforming])
    labels = np.repeat(np.array([0, 1]), [len(of_quiet), len(of_deforming)])
    platt = fit_platt(logits[np.isfinite(logits)], labels[np.isfinite(logits)])
    score = WindowScore(
        sharpness=sharpness,
        calibration=at_prior(platt, prior),
        quiet_share=float(np.nanmean(of_quiet >= level)),
        quiet_share_95_percent=share_interval(of_quiet >= level, volcanoes),
        quiet=_quiet_logits(of_quiet, volcanoes, level, quiet_share),
    )
    return score, level


def _quiet_logits(
    logits: NDArray[np.float64], volcanoes: NDArray[np.str_], level: float, share: float
) -> QuietLogits | None:
    """Return the normal distribution of which the share `share` reaches `level`."""
    centre = level_of_share(logits, volcanoes, 0.5)
    spread = (level - centre) / float(norm.isf(share))
    return QuietLogits(centre, spread) if spread > 0 else None


def at_prior(calibration: Calibration, prior: float) -> Calibration:
    """Return the sigmoid for another share of deforming windows.

    Raises
    ------
    BadInputError
        If the share is not between 0 and 1.
    """
    if not 0 < prior < 1:
        message = f"a share of {prior} deforming windows cannot be: give a number between 0 and 1"
        raise BadInputError(message)
    shift = math.log(prior / (1 - prior)) - math.log(calibration.prior / (1 - calibration.prior))
    return Calibration(calibration.slope, calibration.offset + shift, prior)


def level_of_share(logits: NDArray[np.float64], volcanoes: NDArray[np.str_], share: float) -> float:
    """Return the logit that a share of quiet windows reach, where each volcano counts alike."""
    judged = np.isfinite(logits)
    values, names = logits[judged], volcanoes[judged]
    _, places, counts = np.unique(names, return_inverse=True, return_counts=True)
    weight = 1.0 / counts[places] / len(counts)
    order = np.argsort(values)[::-1]
    above = np.cumsum(weight[order])
    at = int(np.searchsorted(above, share, side="right"))
    return float(np.nextafter(values[order[min(at, len(order) - 1)]], np.inf))


def share_interval(
    alarms: NDArray[np.bool_], volcanoes: NDArray[np.str_], *, draws: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Return the 95 % interval of the share of alarms: whole volcanoes are drawn again."""
    names, places = np.unique(volcanoes, return_inverse=True)
    counts = np.bincount(places, minlength=len(names)).astype(float)
    found = np.bincount(places, alarms.astype(float), minlength=len(names))
    chosen = np.random.default_rng(seed).integers(len(names), size=(draws, len(names)))
    shares = found[chosen].sum(axis=1) / counts[chosen].sum(axis=1)
    low, high = np.quantile(shares, [0.025, 0.975])
    return float(low), float(high)
