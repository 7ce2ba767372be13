"""Strips of wrapped phase: the pairs behind each alarm and over each episode, with outlines."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from catalogs.storage.place import Folder, Place
from insar_models.detectors.protocol import Detector
from insar_models.phase.codes import decode_phase
from tasks.assess.rewrapped import LocatedPair, RewrappedPairs
from tasks.assess.rewrapped_alarms import Alarm, most_likely
from tasks.assess.rewrapped_trial import RewrappedTrial
from tasks.pictures.contact_strip import PhaseWindow, draw_interferograms
from tasks.pictures.phase_windows import window_activation


def draw_alarms(trial: RewrappedTrial, alarms: Sequence[Alarm], folder: Path) -> tuple[Place, ...]:
    """Return the pictures, one for each alarm behind which there is a scored pair.

    They show the part of the window that the series covers, and are named by model, method and
    date, so that two models can be compared in one folder.

    Raises
    ------
    HomeError
        If the folder cannot be written.
    """
    return tuple(
        _draw(
            trial,
            alarm.pairs,
            Folder(folder) / f"{trial.model.name}-{alarm.method}-{alarm.date}.png",
            f"{alarm.date} by {alarm.method}\n{alarm.words}",
        )
        for alarm in alarms
        if alarm.pairs
    )


def draw_episodes(trial: RewrappedTrial, folder: Path) -> tuple[Place, ...]:
    """Return the pictures, one for each true episode that scored pairs span, found or missed.

    Of these pairs the five with the highest scores are drawn: what there was to be seen.

    Raises
    ------
    HomeError
        If the folder cannot be written.
    """
    drawn = []
    for episode in trial.truth.episodes:
        best = most_likely(
            item
            for item in trial.scored
            if item.pair.primary < episode.end and episode.start <= item.pair.secondary
        )
        if best:
            place = Folder(folder) / f"{trial.model.name}-episode-{episode.start}.png"
            drawn.append(_draw(trial, best, place, f"pairs that span\n{episode}"))
    return tuple(drawn)


def _draw(trial: RewrappedTrial, found: Sequence[LocatedPair], place: Place, what: str) -> Place:
    ordered = sorted(found, key=lambda item: (item.pair.secondary, item.pair.primary))
    windows = [_window(item, trial.pairs, trial.model) for item in ordered]
    title = f"{trial.pairs.volcano.name}, {what}"
    footnote = f"re-wrapped displacement, not LiCSAR products; model {trial.model.name}"
    return draw_interferograms(windows, place, title, footnote)


def _window(item: LocatedPair, pairs: RewrappedPairs, model: Detector) -> PhaseWindow:
    phase_rad = decode_phase(pairs.phase(item.pair))
    covered = _covered(phase_rad)
    return PhaseWindow(
        item.pair,
        phase_rad[covered],
        item.evidence.probability,
        item.evidence.positive,
        pairs.series.frame.partition("_")[0],
        window_activation(phase_rad, model)[covered],
    )


def _covered(phase_rad: NDArray[np.float32]) -> tuple[slice, slice]:
    """Rows and columns from the first to the last with data; a scored pair has some."""
    valid = np.isfinite(phase_rad)
    rows, columns = np.flatnonzero(valid.any(axis=1)), np.flatnonzero(valid.any(axis=0))
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
