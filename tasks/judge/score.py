"""Score: let the model look at every pair of a cube that it has not seen."""

import dask
import numpy as np
import xarray as xr
from numpy.typing import NDArray
from prefect import task

from catalogs.cubes.cube import pairs_of, read_cube
from catalogs.home.home import home_of
from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.rows import PairScore
from catalogs.settings import Settings
from fringewatch.numbers import COHERENCE_SCALE, NO_DATA_CODE
from insar_models.detectors.focus import focus
from insar_models.detectors.protocol import Detector
from insar_models.phase.codes import decode_phase
from insar_models.phase.window_patches import PATCH_ORIGINS, mask_water
from tasks.judge.models import model_of
from tasks.judge.patches import patches_of, water_of
from tasks.progress import report_progress
from tasks.records import BatchReport, FrameRequest

_PAIRS_AT_ONCE = 8  # what is computed between two signs of progress


def score_frame(request: FrameRequest, settings: Settings) -> BatchReport:
    """Return the pairs of the volcano's cube that were scored now: those the model had not seen.

    Pairs outside the request's dates count too: after a change of model the whole table is the
    new model's.

    Raises
    ------
    ModelError
        If the model is unknown or damaged.
    StoreError
        If the cube is damaged.
    """
    home, volcano, frame = home_of(settings), request.volcano.slug, request.frame
    model = model_of(settings)
    identity = (model.name, model.sha256)
    with open_ledger(home.ledger) as ledger:
        unseen = ledger.unscored_pairs(volcano, frame, identity)
        if not unseen:
            return BatchReport()
        cube = read_cube(home.cube(volcano, frame))
        place = {pair: index for index, pair in enumerate(pairs_of(cube))}
        todo = [pair for pair in unseen if pair in place]
        water = water_of(cube, settings.water_coherence)
        for first in range(0, len(todo), _PAIRS_AT_ONCE):
            pairs = todo[first : first + _PAIRS_AT_ONCE]
            part = cube.isel(pair=[place[pair] for pair in pairs])
            scores = score_cube(part, model, water)
            ledger.record_scores(volcano, frame, identity, list(zip(pairs, scores, strict=True)))
            report_progress(f"{frame}: scoring", first + len(pairs), len(todo))
    return BatchReport(tuple(todo))


score_task = task(name="score")(score_frame)


def score_cube(
    cube: xr.Dataset, model: Detector, water: NDArray[np.bool_]
) -> tuple[PairScore, ...]:
    """What the model says of each pair of an open cube (bytes, one chunk a pair), in its order."""
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
        found.append(_pair_score(pair_logits, masked, coherence_codes, model, (y, x)))
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
        valid_fraction=float((codes != NO_DATA_CODE).mean()),
        coherence_mean=mean,
        score=score,
        probability=float(model.probabilities(np.array([score]))[0]),
        positive=bool(score >= model.threshold),
        peak_latitude=latitude,
        peak_longitude=longitude,
        patches_scored=int(scored.sum()),
    )


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
    return float(y[origin.row + row]), float(x[origin.column + column])
