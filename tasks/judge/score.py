"""Score: let the model look at every pair of a cube that it has not seen."""

import itertools
import logging

import dask
import numpy as np
import xarray as xr
from numpy.typing import NDArray
from prefect import task

from catalogs.cubes.cube import pairs_of, read_cube
from catalogs.cubes.layers import settle_highest_coherence
from catalogs.home.home import home_of
from catalogs.ledger.ledger import Ledger, open_ledger
from catalogs.ledger.rows import PairScore, ScoreRecipe
from catalogs.rasters.grid import usual_longitude
from catalogs.records import ModelId
from catalogs.settings import Settings
from fringewatch.numbers import COHERENCE_SCALE, NO_DATA_CODE
from insar_models.detectors.focus import focus
from insar_models.detectors.protocol import Detector
from insar_models.phase.codes import decode_phase
from insar_models.phase.window_patches import PATCH_ORIGINS, mask_water
from tasks.judge.air import corrected_cube, read_air
from tasks.judge.models import model_of
from tasks.judge.patches import find_water_mask, patches_of
from tasks.progress import report_progress
from tasks.records import BatchReport, FrameRequest

_LOGGER = logging.getLogger(__name__)

SCORING = 2
"""Raised by one whenever the same pair, mask and model would get another row: all are then scored
anew. 1 scored patches of mere noise, and counted pixels of patches without a score as scored."""

_COHERENT_SHARE = 0.5
_DIGITS = 6  # a tenth of a metre: the last bits of a degree are those of the file's own numbers
_PAIRS_AT_ONCE = 8  # what is computed between two signs of progress


def score_frame(request: FrameRequest, settings: Settings) -> BatchReport:
    """Return the pairs of the volcano's cube that were scored now.

    Those are the pairs without a score of all that it depends on: the model, the bytes of the
    pair, what air is taken from them (`tasks.judge.correct`), where water is, and the way of
    scoring (`ScoreRecipe`). Pairs outside the request's dates
    count too: the whole table is always of one model, and of one mask.

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
        recipe = ScoreRecipe(SCORING, mask.source, mask.sha256, settings.water_coherence)
        _note_other_mask(ledger, request, recipe)
        ledger.record_recipe(volcano, frame, recipe)
        place = {pair: index for index, pair in enumerate(pairs_of(cube))}
        air, known = (
            ledger.corrections(volcano, frame),
            read_air(home.cube(volcano, frame), cube, settings),
        )
        unseen = ledger.unscored_pairs(volcano, frame, identity)
        todo = [pair for pair in unseen if pair in place]
        for first in range(0, len(todo), _PAIRS_AT_ONCE):
            pairs = todo[first : first + _PAIRS_AT_ONCE]
            part = cube.isel(pair=[place[pair] for pair in pairs])
            part = corrected_cube(part, pairs, air, known)
            scores = score_cube(part, model, mask.water, settings.water_coherence)
            ledger.record_scores(volcano, frame, identity, list(zip(pairs, scores, strict=True)))
            report_progress(f"{frame}: scoring", first + len(pairs), len(todo))
    return BatchReport(tuple(todo))


score_task = task(name="score")(score_frame)


def _note_other_mask(ledger: Ledger, request: FrameRequest, recipe: ScoreRecipe) -> None:
    before = ledger.recipe(request.volcano.slug, request.frame)
    if before is not None and before != recipe:
        _LOGGER.info(
            "%s %s: what is water has changed (by %s, before by %s): all pairs are scored anew",
            request.volcano.slug, request.frame, recipe.water.value, before.water.value,
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
    logits = patches_of(cube, water).map_blocks(
        _patch_logits, model, dtype=np.float64, chunks=(1, len(PATCH_ORIGINS)), drop_axis=[2, 3]
    )
    # Threads: numpy and scipy let go of the interpreter where the time goes.
    per_pair, phase, coherence = dask.compute(
        logits, cube["phase"].data, cube["coherence"].data, scheduler="threads"
    )
    y, x = cube["y"].to_numpy(), cube["x"].to_numpy()
    found = []
    for pair_logits, codes, coherence_codes in zip(per_pair, phase, coherence, strict=True):
        masked = mask_water(codes, water)
        speaks = _speaking_patches(masked, coherence_codes, least_coherence)
        own_logits = np.where(speaks, pair_logits, np.nan)
        found.append(_pair_score(own_logits, masked, coherence_codes, model, (y, x)))
    return tuple(found)


def _patch_logits(codes: NDArray[np.uint8], model: Detector) -> NDArray[np.float64]:
    return model.logits_of_codes(codes[0])[np.newaxis]


def _pair_score(
    logits: NDArray[np.float64],
    codes: NDArray[np.uint8],
    coherence: NDArray[np.uint8],
    model: Detector,
    axes: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> PairScore:
    has_data = coherence > 0
    mean = float((coherence[has_data] * COHERENCE_SCALE).mean()) if has_data.any() else np.nan
    scored = np.isfinite(logits)
    latitude, longitude = np.nan, np.nan
    score = float(model.window_logits(logits[np.newaxis])[0])
    if scored.any():
        best = int(model.patch_shares(logits[np.newaxis])[0].argmax())
        latitude, longitude = _peak(codes, best, model, axes)
    return PairScore(
        valid_fraction=_share_scored(codes, scored),
        coherence_mean=mean,
        score=score,
        probability=float(model.probabilities(np.array([score]))[0]),
        positive=bool(score >= model.threshold),
        peak_latitude=latitude,
        peak_longitude=longitude,
        patches_scored=int(scored.sum()),
    )


def _speaking_patches(
    codes: NDArray[np.uint8], coherence: NDArray[np.uint8], least_coherence: float
) -> NDArray[np.bool_]:
    """Return which patches have enough coherent ground in a pair, (9,)."""
    has_data = codes != NO_DATA_CODE
    coherent = has_data & (coherence * COHERENCE_SCALE >= least_coherence)
    return np.array(
        [
            coherent[origin.slices].sum() >= _COHERENT_SHARE * has_data[origin.slices].sum()
            for origin in PATCH_ORIGINS
        ]
    )


def _share_scored(codes: NDArray[np.uint8], scored: NDArray[np.bool_]) -> float:
    """Return the share of the window's pixels that hold data and lie in a patch with a score."""
    seen = np.zeros(codes.shape, dtype=np.bool_)
    for origin in itertools.compress(PATCH_ORIGINS, scored):
        seen[origin.slices] = True
    return float((seen & (codes != NO_DATA_CODE)).mean())


def _peak(
    codes: NDArray[np.uint8],
    patch: int,
    model: Detector,
    axes: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> tuple[float, float]:
    """Latitude and longitude at which the model looks in the patch with the highest score."""
    origin = PATCH_ORIGINS[patch]
    rows, columns = origin.slices
    phase_rad = decode_phase(codes[rows, columns])
    activation = focus(model.activation(phase_rad), phase_rad)
    row, column = np.unravel_index(int(np.nanargmax(activation)), activation.shape)
    y, x = axes
    longitude = usual_longitude(float(x[origin.column + column]))
    return round(float(y[origin.row + row]), _DIGITS), round(longitude, _DIGITS)
