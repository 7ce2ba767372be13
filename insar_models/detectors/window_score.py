"""One calibrated number for a window, from the logits of its nine patches.

The alarm is a window's, so the threshold has to be a window's too. If the ground deforms, it does
so in one place, which is more likely near the volcano than far from it: the logarithm of how likely
its place is beforehand is added to a patch's. No place has no weight: dykes open 10 km from the
name. Neighbouring patches overlap, so that what is real shows in two, while an accident of the air
is often one patch's: the window has the mean of the two highest. Cards may say otherwise: all nine
likelihood ratios, averaged with the places as weights.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from fringewatch.checked_fields import AboveZero, FromZero, Limits, check_fields
from fringewatch.errors import BadInputError, ModelError
from fringewatch.numbers import PATCH_SIZE, WINDOW_SIZE
from insar_models.detectors.calibration import Calibration
from insar_models.phase.window_patches import PATCH_ORIGINS, PATCHES_PER_WINDOW

SPREAD_PIXELS: Final = 110.0
"""Standard deviation of where sources lie round the volcano, in pixels of 0.001 degree: 12 km of
latitude. A prior that is stated, not learned: few volcanoes were seen to deform."""

ANYWHERE: Final = 0.3
"""Share of sources that may lie anywhere in the window, neighbours of the volcano among them."""


@dataclass(frozen=True)
class QuietLogits:
    """How the logits of quiet windows lie: normal, through their median and the threshold."""

    centre: Annotated[float, Limits(-1e6, 1e6)]
    spread: AboveZero

    def __post_init__(self) -> None:
        check_fields(self)


@dataclass(frozen=True)
class WindowScore:
    """How nine logits become one, and what that one means.

    Raises
    ------
    BadInputError
        If a number is out of its range.
    """

    sharpness: AboveZero
    """By which a patch's logit is multiplied to be the logarithm of a likelihood ratio; above 0."""
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
    highest: Annotated[int, Limits(1, PATCHES_PER_WINDOW)] | None = None
    """The window has the mean of so many highest patches, 1 to 9, or of those that could be judged;
    None: of the likelihood ratios of all."""
    place: FromZero = 1.0
    """How much the places count, of the logarithm of their prior; from 0."""

    def __post_init__(self) -> None:
        check_fields(self)

    def logits(self, patch_logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the logit of each window, float64 (n,); NaN where no patch could be judged.

        Parameters
        ----------
        patch_logits
            Shape (n, 9), patches in their order; NaN where a patch could not be judged: it speaks
            neither for deformation nor against it.
        """
        if self.highest is None:
            return combined(patch_logits, self.sharpness, self._weights() ** self.place)
        evidence = np.sort(-self._evidence(patch_logits), axis=1)[:, : self.highest]
        judged = np.isfinite(evidence)
        count = judged.sum(axis=1)
        total = -np.where(judged, evidence, 0.0).sum(axis=1)
        return np.where(count > 0, total / self.sharpness / np.maximum(count, 1), np.nan)

    def shares(self, patch_logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how much of a window's evidence each patch holds, (n, 9); 0 where it was none."""
        evidence = self._evidence(patch_logits)
        if self.highest is not None:
            least = -np.sort(-evidence, axis=1)[:, self.highest - 1 : self.highest]
            evidence = np.where(evidence >= least, evidence, -np.inf)
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
            **({} if self.highest is None else {"highest": self.highest}),
            **({} if self.place == 1.0 else {"place": self.place}),
            **(
                {"quiet_centre": self.quiet.centre, "quiet_spread": self.quiet.spread}
                if self.quiet
                else {}
            ),
        }

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
                highest=record.get("highest"),
                place=float(record.get("place", 1.0)),
            )
        except (KeyError, TypeError, ValueError, BadInputError) as error:
            message = f"the card's window score is damaged ({error!r}): copy the model again"
            raise ModelError(message) from error

    def _weights(self) -> NDArray[np.float64]:
        return place_weights(self.spread_pixels, self.anywhere)

    def _evidence(self, patch_logits: NDArray[np.float64]) -> NDArray[np.float64]:
        """Logarithm of each patch's likelihood ratio and place, (n, 9); -inf where not judged.

        Places are beside a prior that is even.
        """
        places = np.log(self._weights() * PATCHES_PER_WINDOW) * self.place
        judged = np.isfinite(patch_logits)
        return np.where(judged, self.sharpness * patch_logits + places, -np.inf)


def _quiet_of(record: Mapping[str, Any]) -> QuietLogits | None:
    if "quiet_centre" not in record:
        return None
    return QuietLogits(float(record["quiet_centre"]), float(record["quiet_spread"]))


def highest(patch_logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the highest logit of each window's patches, (n,); NaN where none could be judged."""
    return np.asarray(np.fmax.reduce(patch_logits, axis=1))


def shares_of_highest(patch_logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 for the highest of each window's patches, 0 for the others, (n, 9)."""
    known = np.where(np.isfinite(patch_logits), patch_logits, -np.inf)
    best = np.zeros(patch_logits.shape)
    best[np.arange(len(known)), known.argmax(axis=1)] = 1.0
    return best * np.isfinite(patch_logits)


@cache
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
    found = np.asarray(weights, dtype=np.float64)
    found.flags.writeable = False  # it is the same for all who ask
    return found


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
