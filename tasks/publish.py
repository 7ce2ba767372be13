"""Publish: the tables and the pictures of a volcano, made from what the ledger knows."""

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from prefect import task

from catalogs.home.home import home_of
from catalogs.ledger.ledger import Ledger, open_ledger
from catalogs.ledger.rows import FileState, ScoredPair
from catalogs.records import DatePair, FrameId, ModelId, Volcano
from catalogs.settings import Settings
from catalogs.storage.place import Place
from catalogs.tables import DATES, INTERFEROGRAMS, read_table, write_table
from fringewatch.errors import StoreError
from insar_models.detectors.deforming_share import deforming_share_of
from insar_models.detectors.protocol import Detector
from tasks.ingest.lost import wanted_back
from tasks.judge.air import rad_per_km, words_of
from tasks.judge.detect import (
    SaidOfDates,
    dates_table,
    judge_dates,
    method_of,
    to_remember,
    with_slow_motion,
)
from tasks.judge.displacements import measure_displacements
from tasks.judge.left_out import LeftOut, left_out_of
from tasks.judge.lost import in_doubt_from, with_lost
from tasks.judge.models import judging_model
from tasks.judge.opinions import Opinions
from tasks.judge.silence import silence_days_of
from tasks.judge.standing import standing_of
from tasks.messages.standing import news_of, today_utc
from tasks.pictures.contact_strip import draw_interferograms
from tasks.pictures.episode_strip import EpisodeStrip, draw_episodes, select_strips
from tasks.pictures.phase_windows import SeenPair, WindowReader
from tasks.pictures.rate_map import draw_rates, newest_rate_maps
from tasks.pictures.timeline import draw_timeline
from tasks.records import Published, Revisions

_PAIRS_DRAWN = 10
_NOT_SHOWN = ("scored_at", "first_judged_at", "source_url", "review", "reviewed_by")
"""Columns that no picture shows: when something was done, from where it came, who looked at it."""

_DRAWN_FROM = "drawn-from.sha256"
"""Holds the hash of what the pictures beside it show; written once all of them are there."""

_NOT_OF_THE_TABLES = {
    "home", "storage", "workers", "worker_memory_gb", "scheduler",
    "busy_wait_minutes", "retry_until", "retry_pause_minutes", "site",
    "exports", "cap_status", "cap_sender",
    "notify", "notify_watch", "notify_failed_nights", "notify_cooldown_days", "notify_rearm_days",
    "notify_digest", "stale_days", "night_hours", "disk_days", "site_url", "heartbeat_url",
    "metrics_file",
}  # fmt: skip
"""Settings that say where, when and with what help a run works, and change nothing that it says."""


def publish_volcano(
    volcano: Volcano, frames: tuple[FrameId, ...], settings: Settings
) -> Published | None:
    """Return where the volcano's tables are; None when the model has scored none of its pairs.

    What is said of each date goes into the ledger first, with the message that a change of state
    makes, and the tables are a function of the ledger alone: what has not changed is not written
    again, to the byte.

    Raises
    ------
    BadInputError
        If the settings give the method an option that it does not have.
    StoreError
        If a row breaks the tables' schema, or a cube is damaged.
    HomeError
        If the disk is full or cannot be written, or the storage gives no answer.
    """
    settings = settings.for_volcano(volcano.slug)
    home, model = home_of(settings), judging_model(settings, volcano.slug)
    judged = _judge(volcano, frames, settings, model)
    if judged is None:
        return None
    scored, dates, interferograms = judged.scored, judged.dates, judged.interferograms
    folder = home.detections(volcano.slug)
    shown = _shown(dates, interferograms, settings.footnote)
    # Tables are written before pictures: whoever died in between left pictures of older tables.
    is_drawn = _read_text(folder / _DRAWN_FROM) == shown
    drawn_before = _strips_of_tables(folder) if is_drawn else ()
    changed = [*write_table(INTERFEROGRAMS, interferograms, folder)]
    changed += write_table(DATES, dates, folder)
    used = settings.model_dump_json(indent=2, exclude=_NOT_OF_THE_TABLES) + "\n"
    (folder / "settings.json").write(used.encode())
    air = {(row.frame, row.pair): row.air for row in scored if row.air is not None}
    reader = WindowReader(home, volcano.slug, model, settings, air)
    pictures = (folder / "timeline.png", folder / "interferograms.png")
    if not is_drawn or not all(picture.is_file() for picture in pictures):
        title = f"{volcano.name}: is it deforming?"
        draw_timeline(dates, interferograms, pictures[0], title, settings.footnote, volcano)
        newest = sorted(scored, key=lambda row: (row.pair.secondary, row.pair))[-_PAIRS_DRAWN:]
        windows = reader.read_all([_seen(row, judged.left_out) for row in newest])
        title = f"{volcano.name}: the newest interferograms, as the model saw them"
        if windows:
            draw_interferograms(windows, pictures[1], title, settings.footnote)
        changed += pictures
        with open_ledger(home.ledger) as ledger:
            measures = ledger.measures(volcano.slug)
            rate_maps = newest_rate_maps(ledger, volcano.slug, measures, settings)
        if rate_maps:
            changed.append(draw_rates(rate_maps, folder / "rates.png", volcano, settings.footnote))
    strips = select_strips(dates, interferograms)
    words = (volcano.name, settings.footnote)
    changed += draw_episodes(strips, drawn_before, reader, folder, words)
    (folder / _DRAWN_FROM).write(shown.encode())
    today = today_utc()
    now = standing_of(dates, today, silence_days_of(settings)).words(today)
    return _published((folder, changed), scored, dates, judged.revised_now, now)


publish_task = task(name="publish")(publish_volcano)


@dataclass(frozen=True, eq=False)
class _Judged:
    """What is said of a volcano, as tables."""

    scored: tuple[ScoredPair, ...]
    dates: pd.DataFrame
    interferograms: pd.DataFrame
    revised_now: tuple[dt.date, ...]
    left_out: LeftOut


def _judge(
    volcano: Volcano, frames: tuple[FrameId, ...], settings: Settings, model: Detector
) -> _Judged | None:
    """Judge the volcano's dates, put that into the ledger, and return it; None without a score."""
    method, identity = method_of(settings), ModelId(model.name, model.sha256)
    with open_ledger(home_of(settings).ledger) as ledger:
        scored = ledger.scored_pairs(volcano.slug, identity)
        place = settings.volcano.get(volcano.slug)
        lost = wanted_back(ledger, volcano.slug, place)
        said_before = ledger.verdicts(volcano.slug)
        if not scored and not (lost and said_before):
            return None
        scored = tuple(_by_threshold(row, model) for row in scored)
        opinions = Opinions.of(ledger.reviews(volcano.slug))
        left_out = left_out_of(scored, opinions, place)
        # A date of which something was said keeps its row, whatever became of its pairs.
        tried = {*_dates_tried(ledger, volcano, frames), *said_before}
        verdicts = judge_dates(scored, model, method, tried, left_out)
        counting = [row for row in scored if left_out.why(row) is None]
        heard = {row.pair.secondary for row in counting}
        verdicts = with_slow_motion(verdicts, ledger.measures(volcano.slug), heard, settings)
        verdicts = with_lost(verdicts, lost, said_before)
        measure_displacements(ledger, volcano.slug, verdicts, settings)
        measures = ledger.measures(volcano.slug)
        now = to_remember(verdicts, method.name, identity)
        news = news_of(volcano, verdicts, counting, settings, in_doubt_from=in_doubt_from(lost))
        revised_now = ledger.record_verdicts(volcano.slug, now, news)
        said = SaidOfDates(ledger.verdicts(volcano.slug), opinions, left_out, measures)
    interferograms = _interferograms(volcano, scored, model, said)
    dates = dates_table(volcano, verdicts, scored, said, method.name, model.name)
    return _Judged(scored, dates, interferograms, revised_now, left_out)


def _published(
    written: tuple[Place, list[Place]],
    scored: tuple[ScoredPair, ...],
    dates: pd.DataFrame,
    revised_now: tuple[dt.date, ...],
    now: str,
) -> Published:
    """What publishing came to: what was written, and what it says."""
    folder, changed = written
    unrest = dates.loc[dates["state"] == "unrest", "date"]
    last = dates.iloc[-1]
    others = dates.loc[dates["first_model"] != dates["model"], "first_model"]
    return Published(
        folder,
        tuple(changed),
        tuple((row.frame, row.pair) for row in scored),
        first_unrest=None if unrest.empty else unrest.iloc[0],
        last=(f"{last['date']}, {last['state']} ({last['because']})"),
        revisions=Revisions(
            dates=len(dates),
            revised=int(dates["revised"].sum()),
            now=revised_now,
            other_models=tuple(sorted(set(others))),
            by_other_models=len(others),
        ),
        now=now,
    )


def _dates_tried(ledger: Ledger, volcano: Volcano, frames: Iterable[FrameId]) -> Iterable[dt.date]:
    """Give the dates on which a pair ends that could not be had.

    A pair of which both files came was fetched for another volcano of the frame, or its run was cut
    short: nobody knows yet what it says of this one.
    """
    for frame in {*frames, *ledger.tiled_frames(volcano.slug)}:
        files: dict[DatePair, list[FileState]] = {}
        for (pair, _), row in ledger.files(frame).items():
            files.setdefault(pair, []).append(row.state)
        for pair, states in files.items():
            if any(state is not FileState.FETCHED for state in states):
                yield pair.secondary


def _shown(dates: pd.DataFrame, interferograms: pd.DataFrame, footnote: str) -> str:
    """A hash of all that the pictures show."""
    whole = hashlib.sha256(footnote.encode())
    for table in (dates, interferograms):
        shown = table.drop(columns=[name for name in _NOT_SHOWN if name in table])
        whole.update(shown.to_csv(index=False).encode())
    return whole.hexdigest()


def _read_text(place: Place) -> str:
    return place.read().decode(errors="replace") if place.is_file() else ""


def _strips_of_tables(folder: Place) -> tuple[EpisodeStrip, ...]:
    """Return what the pictures of episodes show that were drawn with the tables in `folder`."""
    try:
        return select_strips(read_table(DATES, folder), read_table(INTERFEROGRAMS, folder))
    except StoreError:  # of an older version, or damaged: written anew in a moment
        return ()


def _by_threshold(row: ScoredPair, model: Detector) -> ScoredPair:
    """Return the pair as it is at the threshold of this volcano; the ledger has the model's."""
    return replace(row, score=replace(row.score, positive=row.score.score >= model.threshold))


def _seen(row: ScoredPair, left_out: LeftOut) -> SeenPair:
    counts = left_out.why(row) is None
    positive = row.score.positive and counts
    return SeenPair(row.frame, row.pair, row.score.probability, positive, is_left_out=not counts)


def _interferograms(
    volcano: Volcano, scored: tuple[ScoredPair, ...], model: Detector, said: SaidOfDates
) -> pd.DataFrame:
    """The table of pairs, one row for each that was scored."""
    share = deforming_share_of(model)
    at_threshold = float(model.probabilities(np.array([model.threshold]))[0])
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
            "threshold": model.threshold,
            "probability": row.score.probability,
            "threshold_probability": at_threshold,
            "deforming_share": np.nan if share is None else share,
            "positive": None if np.isnan(row.score.score) else row.score.positive,
            "peak_latitude": row.score.peak_latitude,
            "peak_longitude": row.score.peak_longitude,
            "patches_scored": row.score.patches_scored,
            "water": row.recipe.water.value if row.recipe else None,
            "air": words_of(row.air),
            "air_rad_per_km": rad_per_km(row.air),
            "air_share": row.air.share if row.air else np.nan,
            "review": opinion.words if opinion else None,
            "left_out": said.left_out.why(row),
            "model": model.name,
            "model_sha256": model.sha256,
            "source_url": row.url,
            "source_sha256": row.sha256,
            "scored_at": row.scored_at,
        }
        for row in scored
        for opinion in (said.opinions.of_pair(row.frame, row.pair),)
    ]
    return pd.DataFrame(rows, columns=[column.name for column in INTERFEROGRAMS.columns])
