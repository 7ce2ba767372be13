"""Publish: the tables and the timeline of a volcano, made from what the ledger knows."""

import datetime as dt

import numpy as np
import pandas as pd
from prefect import task

from catalogs.cube import pairs_of, read_cube
from catalogs.home import Home, home_of
from catalogs.ledger import Ledger, open_ledger
from catalogs.ledger_rows import ScoredPair
from catalogs.records import FrameId, Volcano
from catalogs.settings import Settings
from catalogs.tables import DATES, INTERFEROGRAMS, write_table
from insar_models.patches import mask_water
from insar_models.phase import decode_phase
from tasks.contact_strip import PhaseWindow, draw_interferograms
from tasks.detect import daily_states
from tasks.models import model_of
from tasks.patches import water_of
from tasks.records import Published
from tasks.timeline import draw_timeline

_PAIRS_DRAWN = 10
_NOT_OF_THE_TABLES = {"home", "storage", "workers", "worker_memory_gb", "scheduler"}
"""Settings that say where and with what help a run works, and change nothing of what it says."""


def publish_volcano(
    volcano: Volcano, frames: tuple[FrameId, ...], settings: Settings
) -> Published | None:
    """Return where the volcano's tables are; None when the model has scored none of its pairs.

    The tables are a function of the ledger alone: what has not changed is not written again, to
    the byte.

    Raises
    ------
    StoreError
        If a row breaks the tables' schema.
    HomeError
        If the disk is full or cannot be written, or the storage gives no answer.
    """
    home, model = home_of(settings), model_of(settings)
    with open_ledger(home.ledger) as ledger:
        scored = ledger.scored_pairs(volcano.slug, (model.name, model.sha256))
        tried = _dates_tried(ledger, {*frames, *ledger.tiled_frames(volcano.slug)})
    if not scored:
        return None
    interferograms = _interferograms(volcano, scored, (model.name, model.sha256))
    dates = daily_states(interferograms, volcano, model.name, tried)
    folder = home.detections(volcano.slug)
    changed = [*write_table(INTERFEROGRAMS, interferograms, folder)]
    changed += write_table(DATES, dates, folder)
    used = settings.model_dump_json(indent=2, exclude=_NOT_OF_THE_TABLES) + "\n"
    (folder / "settings.json").write(used.encode())
    pictures = (folder / "timeline.png", folder / "interferograms.png")
    if changed or not all(picture.is_file() for picture in pictures):
        title = f"{volcano.name}: is it deforming? ({model.name})"
        draw_timeline(dates, interferograms, pictures[0], title, settings.footnote)
        newest = sorted(scored, key=lambda row: (row.pair.secondary, row.pair))[-_PAIRS_DRAWN:]
        windows = [_window(home, volcano, row, settings.water_coherence) for row in newest]
        title = f"{volcano.name}: the newest interferograms, as the model saw them"
        draw_interferograms(windows, pictures[1], title, settings.footnote)
        changed += pictures
    unrest = dates.loc[dates["state"] == "unrest", "date"]
    last = dates.iloc[-1]
    return Published(
        folder,
        tuple(changed),
        tuple((row.frame, row.pair) for row in scored),
        first_unrest=None if unrest.empty else unrest.iloc[0],
        last=(
            f"{last['date']}, {last['state']} "
            f"({last['pairs_positive']} of {last['pairs']} pairs positive)"
        ),
    )


publish_task = task(name="publish")(publish_volcano)


def _dates_tried(ledger: Ledger, frames: set[FrameId]) -> set[dt.date]:
    return {pair.secondary for frame in frames for pair, _ in ledger.files(frame)}


def _window(home: Home, volcano: Volcano, row: ScoredPair, water_coherence: float) -> PhaseWindow:
    cube = read_cube(home.cube(volcano.slug, row.frame))
    one = cube.isel(pair=pairs_of(cube).index(row.pair))
    codes = mask_water(one["phase"].to_numpy(), water_of(cube, water_coherence))
    return PhaseWindow(row.pair, decode_phase(codes), row.score.probability, row.score.positive)


def _interferograms(
    volcano: Volcano, scored: tuple[ScoredPair, ...], model: tuple[str, str]
) -> pd.DataFrame:
    name, sha256 = model
    rows = [
        {
            "volcano": volcano.slug,
            "gvp_number": volcano.gvp_number,
            "frame": str(row.frame),
            "direction": row.frame.direction.value,
            "primary_date": row.pair.primary,
            "secondary_date": row.pair.secondary,
            "days": row.pair.days,
            "valid_fraction": row.score.valid_fraction,
            "coherence_mean": row.score.coherence_mean,
            "score": row.score.score,
            "probability": row.score.probability,
            "positive": None if np.isnan(row.score.score) else row.score.positive,
            "peak_latitude": row.score.peak_latitude,
            "peak_longitude": row.score.peak_longitude,
            "patches_scored": row.score.patches_scored,
            "model": name,
            "model_sha256": sha256,
            "source_url": row.url,
            "source_sha256": row.sha256,
            "scored_at": row.scored_at,
        }
        for row in scored
    ]
    return pd.DataFrame(rows, columns=[column.name for column in INTERFEROGRAMS.columns])
