"""Score: let the model look at every pair of a cube that it has not seen."""

import itertools
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import dask
import numpy as np
import xarray as xr
from numpy.typing import NDArray
from prefect import task

from catalogs.cubes.cube import pairs_of, read_cube
from catalogs.cubes.layers import settle_highest_coherence
from catalogs.cubes.layout import ARRAYS_OF_PIXELS
from catalogs.home.home import home_of
from catalogs.ledger.ledger import Ledger, open_ledger
from catalogs.ledger.rows import PairScore, ScoreRecipe
from catalogs.rasters.grid import usual_longitude
from catalogs.records import DatePair, ModelId
from catalogs.settings import Settings
from fringewatch.numbers import COHERENCE_SCALE, NO_DATA_CODE
from insar_models.detectors.focus import focus
from insar_models.detectors.onnx import OnnxDetector
from insar_models.detectors.patch_scoring import above_threshold
from insar_models.detectors.protocol import Detector
from insar_models.detectors.views import views_of
from insar_models.phase.codes import decode_phase
from insar_models.phase.window_patches import (
    PATCH_ORIGINS,
    coherent_patches,
    cut_patches,
    mask_water,
)
from tasks.judge.air import corrected_cube, read_air
from tasks.judge.models import model_of
from tasks.judge.patches import WaterMask, find_water_mask
from tasks.progress import report_progress
from tasks.records import BatchReport, FrameRequest, Problem

_LOGGER = logging.getLogger(__name__)

SCORING = 2
"""Raised by one whenever the same pair, mask and model would get another row: all are then scored
anew. 1 scored patches of mere noise, and counted pixels of patches without a score as scored."""

_DIGITS = 6  # a tenth of a metre: the last bits of a degree are those of the file's own numbers
_PAIRS_AT_ONCE = 8  # what is computed between two signs of progress


def score_frame(request: FrameRequest, settings: Settings) -> BatchReport:
    """Return the pairs of the volcano's cube that were scored now.

    Those are the pairs without a score of all that it depends on: the model, the bytes of the
    pair, what air is taken from them (`tasks.judge.correct`), where water is, and the way of
    scoring (`ScoreRecipe`). Pairs outside the request's dates
    count too: the whole table is always of one model, and of one mask. A pair whose chunks are gone
    or do not decode is a problem, and lost until it is brought again.

    Raises
    ------
    ModelError
        If the model is unknown or damaged.
    StoreError
        If the cube is damaged.
    """
    home, volcano, frame = home_of(settings), request.volcano.slug, request.frame
    model = model_of(settings)
    identity = ModelId(model.name, model.sha256)
    with open_ledger(home.ledger) as ledger:
        if not ledger.tiled_pairs(volcano, frame):
            return BatchReport()
        settle_highest_coherence(home.cube(volcano, frame))
        cube = read_cube(home.cube(volcano, frame))
        mask = find_water_mask(cube, settings.water_coherence)
        recipe = recipe_of(mask, model, settings)
        _note_other_recipe(ledger, request, recipe)
        ledger.record_recipe(volcano, frame, recipe)
        place = {pair: index for index, pair in enumerate(pairs_of(cube))}
        air, known = (
            ledger.corrections(volcano, frame),
            read_air(home.cube(volcano, frame), cube, settings),
        )
        unseen = ledger.unscored_pairs(volcano, frame, identity)
        todo, broken = _readable(cube, {pair: place[pair] for pair in unseen if pair in place})
        if broken:
            _LOGGER.warning("%s %s: %d pairs are gone from the cube", volcano, frame, len(broken))
            ledger.forget_tiles(frame, broken, volcano)
        for first in range(0, len(todo), _PAIRS_AT_ONCE):
            pairs = todo[first : first + _PAIRS_AT_ONCE]
            part = cube.isel(pair=[place[pair] for pair in pairs])
            part = corrected_cube(part, pairs, air, known)
            scores = score_cube(part, model, mask.water, settings.water_coherence)
            ledger.record_scores(volcano, frame, identity, list(zip(pairs, scores, strict=True)))
            report_progress(f"{frame}: scoring", first + len(pairs), len(todo))
    return BatchReport(tuple(todo), tuple(Problem(frame, *one) for one in broken.items()))


score_task = task(name="score")(score_frame)


def _readable(
    cube: xr.Dataset, slots: Mapping[DatePair, int]
) -> tuple[list[DatePair], dict[DatePair, str]]:
    """Return the pairs that the cube gives, and what became of the others: their chunks are gone.

    A pair without any pixel is never put into a cube, and would be read as silence.
    """
    sound, broken = [], {}
    for pair, slot in slots.items():
        try:
            is_there = all(bool((cube[name][slot] != 0).any()) for name in ARRAYS_OF_PIXELS)
            reason = "its chunks are gone from the cube: the next run asks for it again"
        except (ValueError, RuntimeError, OSError) as error:
            is_there = False
            reason = f"the cube does not give it ({error}): the next run asks for it again"
        if is_there:
            sound.append(pair)
        else:
            broken[pair] = reason
    return sound, broken


def recipe_of(mask: WaterMask, model: Detector, settings: Settings) -> ScoreRecipe:
    """Return what scores of a cube depend on beside the weights of the model and its pairs."""
    return ScoreRecipe(
        SCORING,
        mask.source,
        mask.sha256,
        settings.water_coherence,
        views=views_of(model),
        deforming_share=settings.deforming_share,
    )


def _note_other_recipe(ledger: Ledger, request: FrameRequest, recipe: ScoreRecipe) -> None:
    before = ledger.recipe(request.volcano.slug, request.frame)
    if before is None or before == recipe:
        return
    now, then = asdict(recipe), asdict(before)
    changed = ", ".join(
        f"{name} {now[name]}, before {then[name]}" for name in now if now[name] != then[name]
    )
    _LOGGER.info(
        "%s %s: scores are made otherwise (%s): all pairs are scored anew",
        request.volcano.slug, request.frame, changed,
    )  # fmt: skip


def score_cube(
    cube: xr.Dataset, model: Detector, water: NDArray[np.bool_], least_coherence: float
) -> tuple[PairScore, ...]:
    """Return what the model says of each pair of an open cube, in its order.

    A patch has a score if the model gives it one, and if at least half of its ground is coherent in
    this very pair. Under snow nothing is left but noise, in which a model sees what it likes; a
    lava flow or a decorrelated caldera is the smaller part of a patch, and stays.

    Parameters
    ----------
    cube
        Bytes, one chunk a pair.
    model
        That looks at the patches.
    water
        No data, shape (y, x).
    least_coherence
        0 to 1: what counts as coherent.
    """
    y, x = cube["y"].to_numpy(), cube["x"].to_numpy()
    judging = _Judging(model, water, least_coherence, (y, x))
    chunks = [cube[name].data.to_delayed().ravel() for name in ("phase", "coherence")]
    scores = [dask.delayed(judging.score)(*pair) for pair in zip(*chunks, strict=True)]
    # Threads: numpy, scipy and ONNX Runtime let go of the interpreter where the time goes.
    return tuple(dask.compute(*scores, scheduler="threads"))


@dataclass(frozen=True, eq=False)
class _Judging:
    """How a pair of a cube is scored."""

    model: Detector
    water: NDArray[np.bool_]
    least_coherence: float
    axes: tuple[NDArray[np.float64], NDArray[np.float64]]
    """Latitudes and longitudes of rows and columns."""

    def score(self, phase: NDArray[np.uint8], coherence: NDArray[np.uint8]) -> PairScore:
        """Return what the model says of one chunk of each, (1, H, W)."""
        codes, coherence = mask_water(phase[0], self.water), coherence[0]
        patches = cut_patches(codes).astype(np.uint8)
        logits, maps = _logits_and_maps(patches, self.model)
        speaks = coherent_patches(codes, coherence, self.least_coherence)
        logits = np.where(speaks, logits, np.nan)
        scored = np.isfinite(logits)
        latitude, longitude = np.nan, np.nan
        if scored.any():
            best = int(self.model.patch_shares(logits[np.newaxis])[0].argmax())
            by_place = None if maps is None else maps[best]
            latitude, longitude = self._peak(patches[best], best, by_place)
        has_data = coherence > 0
        mean = float((coherence[has_data] * COHERENCE_SCALE).mean()) if has_data.any() else np.nan
        score = float(self.model.window_logits(logits[np.newaxis])[0])
        return PairScore(
            valid_fraction=_share_scored(codes, scored),
            coherence_mean=mean,
            score=score,
            probability=float(self.model.probabilities(np.array([score]))[0]),
            positive=bool(score >= self.model.threshold),
            peak_latitude=latitude,
            peak_longitude=longitude,
            patches_scored=int(scored.sum()),
        )

    def _peak(
        self, codes: NDArray[np.uint8], patch: int, by_place: NDArray[np.float64] | None
    ) -> tuple[float, float]:
        """Latitude and longitude at which the model looks in a patch."""
        phase_rad = decode_phase(codes)
        if by_place is None:
            activation = self.model.activation(phase_rad)
        else:
            activation = above_threshold(by_place, self.model.threshold, phase_rad)
        focused = focus(activation, phase_rad)
        row, column = np.unravel_index(int(np.nanargmax(focused)), focused.shape)
        y, x = self.axes
        origin = PATCH_ORIGINS[patch]
        longitude = usual_longitude(float(x[origin.column + column]))
        return round(float(y[origin.row + row]), _DIGITS), round(longitude, _DIGITS)


def _logits_and_maps(
    patches: NDArray[np.uint8], model: Detector
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Return the logits of patches, and by place if the model gives them in one go; else None."""
    if isinstance(model, OnnxDetector):
        return model.logits_and_maps(patches)
    return model.logits_of_codes(patches), None


def _share_scored(codes: NDArray[np.uint8], scored: NDArray[np.bool_]) -> float:
    """Return the share of the window's pixels that hold data and lie in a patch with a score."""
    seen = np.zeros(codes.shape, dtype=np.bool_)
    for origin in itertools.compress(PATCH_ORIGINS, scored):
        seen[origin.slices] = True
    return float((seen & (codes != NO_DATA_CODE)).mean())
