"""Episodes out of labels: when the ground must have moved, for the labels to be as they are.

A pair that shows deformation says that the ground moved somewhere between its two dates; one that
shows none, that it did not. A short pair cannot refute a long one: slow motion shows in long pairs
only. So a quiet pair clears the steps between acquisitions that it spans for all deforming pairs
that are no longer than itself. Deforming pairs are taken from the shortest on; one that spans a
step already found to move is explained by it, another adds its steps that nothing clears. Where
labels contradict each other, a pair of consecutive acquisitions is believed if at least half of
the pairs that span it say the same.
"""

import datetime as dt
from collections.abc import Mapping
from itertools import pairwise

from catalogs.records import DatePair
from tasks.assess.truth_records import DatedEpisode, EpisodeKind, PairLabel, joined_episodes

_A_DAY = dt.timedelta(days=1)
_KIND = {PairLabel.DEFORMING: EpisodeKind.VOLCANIC, PairLabel.TECTONIC: EpisodeKind.TECTONIC}


def episodes_of_pairs(labels: Mapping[DatePair, PairLabel]) -> tuple[DatedEpisode, ...]:
    """Return the episodes that explain the labels of a frame's pairs, in order of time.

    An episode starts on the day after the last acquisition that it may not have moved by, so that
    a verdict on the next acquisition is as early as can be, and ends on an acquisition.
    """
    dates = sorted({date for pair in labels for date in (pair.primary, pair.secondary)})
    found: list[DatedEpisode] = []
    for label, kind in _KIND.items():
        steps = _moving_steps(labels, label, list(pairwise(dates)))
        found += [DatedEpisode(before + _A_DAY, date, kind=kind) for before, date in sorted(steps)]
    return tuple(joined_episodes(found))


def episodes_of_dates(labels: Mapping[dt.date, bool]) -> tuple[DatedEpisode, ...]:
    """Return an episode for each run of deforming dates, from the day after the date before it.

    The first date has none before it: an episode that it shows starts on it.
    """
    found = []
    before: dt.date | None = None
    for date in sorted(labels):
        if labels[date]:
            found.append(DatedEpisode(before + _A_DAY if before else date, date))
        before = date
    return tuple(joined_episodes(found))


def _moving_steps(
    labels: Mapping[DatePair, PairLabel], wanted: PairLabel, steps: list[tuple[dt.date, dt.date]]
) -> set[tuple[dt.date, dt.date]]:
    """The steps between dates in which the ground moved, as far as labels tell."""
    # A pair of an earthquake neither shows nor refutes what a volcano did.
    quiet = [pair for pair, label in labels.items() if label is PairLabel.QUIET]
    moving: set[tuple[dt.date, dt.date]] = set()
    deforming = (pair for pair, label in labels.items() if label is wanted)
    for pair in sorted(deforming, key=lambda pair: (pair.days, pair)):
        spanned = [step for step in steps if _spans(pair, step)]
        if moving.intersection(spanned):
            continue
        refuting = [other for other in quiet if other.days >= pair.days]
        cleared = {step for step in spanned if any(_spans(other, step) for other in refuting)}
        if len(spanned) == 1 and _most_agree(labels, spanned[0], wanted):
            cleared.clear()
        moving.update(step for step in spanned if step not in cleared)
    return moving


def _most_agree(
    labels: Mapping[DatePair, PairLabel], step: tuple[dt.date, dt.date], wanted: PairLabel
) -> bool:
    said = [label for pair, label in labels.items() if _spans(pair, step)]
    return 2 * said.count(wanted) >= len(said)


def _spans(pair: DatePair, step: tuple[dt.date, dt.date]) -> bool:
    return pair.primary <= step[0] and step[1] <= pair.secondary
