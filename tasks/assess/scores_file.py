"""Scores of pairs from a CSV file, of this program or of any other, as evidence for the methods.

Known are the columns ``score`` (a logit), ``probability`` or ``max_prob``, and ``label`` or
``deformation`` (0 or 1: labels taken for scores show what the logic of dates can do at best).
"""

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scipy.special import expit, logit

from catalogs.csv_rows import CsvRow
from catalogs.records import DatePair
from fringewatch.errors import BadInputError
from insar_models.onset.evidence import PairEvidence
from tasks.assess.csv_tables import flag_of, number_of, pair_of, read_table_rows
from tasks.assess.truth_records import Truth, names_place

_PLACES: Final = ("volcano", "frame", "frameID")
_PROBABILITIES: Final = ("probability", "max_prob")
_LABELS: Final = ("deformation", "label")  # Hephaestus has both, the latter in words
_PAIR: Final = ("primary_date", "secondary_date")
_SUREST: Final = 0.999  # a score of exactly 0 or 1 is rounded, and no proof
_KNOWN: Final = (
    "volcano or frame or frameID, primary_date, secondary_date, and one of score (a logit), "
    "probability, max_prob, label, deformation"
)


@dataclass(frozen=True)
class PairScores:
    """The scored pairs of one place."""

    place: str
    """Volcano, or frame where the table names no volcano."""
    pairs: tuple[PairEvidence, ...]
    """In order of time; those without a score too, whose dates were tried."""

    @property
    def frames(self) -> frozenset[str]:
        """Frames that the pairs are of."""
        return frozenset(pair.frame for pair in self.pairs)


def read_scores(path: Path, threshold: float | None = None) -> tuple[PairScores, ...]:
    """Return the scores that a file holds, by place, sorted by name.

    In a table without frames, a pair that is there again is taken for another frame's.

    Parameters
    ----------
    path
        CSV, plain or ``.gz``.
    threshold
        From which on a pair is positive, in the unit of the scores. By default the table's own
        column ``threshold``, or else 0 for a score and 0.5 for a probability or a label.

    Raises
    ------
    BadInputError
        If the header is not known (the message names the columns that are), a value is wrong, or a
        pair is there twice.
    """
    header, rows = read_table_rows(path)
    reading = _reading(path, header, threshold)
    if not rows:
        message = f"{path} holds no pair below its header"
        raise BadInputError(message)
    frame = next((name for name in ("frame", "frameID") if name in header), None)
    place = next(name for name in _PLACES if name in header)
    found: dict[str, dict[tuple[str, DatePair], PairEvidence]] = {}
    for row in rows:
        own = found.setdefault(row.text(place), {})
        evidence = reading.evidence(row, row.text(frame) if frame else _unnamed(row, place, own))
        key = (evidence.frame, DatePair(evidence.primary, evidence.secondary))
        if key in own:
            message = (
                f"{path}, line {row.line}: pair {key[1]} of frame {evidence.frame} is there twice"
            )
            raise BadInputError(message)
        own[key] = evidence
    return tuple(PairScores(name, _ordered(own.values())) for name, own in sorted(found.items()))


def _unnamed(row: CsvRow, place: str, own: Mapping[tuple[str, DatePair], object]) -> str:
    """Name a frame that the table does not: of a pair that is there again, another frame's."""
    name, number, pair = row.text(place), 1, pair_of(row)
    while (name, pair) in own:
        number += 1
        name = f"{row.text(place)}, frame {number}"
    return name


def scores_of(
    path: Path, scores: Sequence[PairScores], volcano: str | None, truth: Truth
) -> tuple[PairScores, ...]:
    """Return the scores to assess: of one volcano, or of all places that the truth is of.

    Scores by frame are taken together for a volcano that is named.

    Raises
    ------
    BadInputError
        If there are none of that volcano, or the truth is of none of the places.
    """
    if volcano is None:
        found = tuple(own for own in scores if truth.knows(own.place, own.frames))
        if not found:
            truth.at(scores[0].place, scores[0].frames)  # says of which places it is
        return found
    own = [item for item in scores if names_place(item.place, volcano)]
    if not own:
        known = ", ".join(item.place for item in scores)
        message = f"{path} holds no scores of '{volcano}'; it holds those of {known}"
        raise BadInputError(message)
    return (PairScores(volcano, _ordered(pair for item in own for pair in item.pairs)),)


@dataclass(frozen=True)
class _Reading:
    """How a row's score becomes evidence."""

    column: str
    threshold: float | None
    columns: frozenset[str]

    def evidence(self, row: CsvRow, frame: str) -> PairEvidence:
        value = self._value(row)
        threshold = self._threshold(row)
        pair = pair_of(row)
        if math.isnan(value):
            return PairEvidence(frame, pair.primary, pair.secondary, math.nan, math.nan)
        if self.column == "score":
            above = value - threshold
            probability = self._given_probability(row, above)
        else:
            above = _logit(value) - _logit(threshold)
            # A value at the threshold is positive, whatever rounding does to it.
            above = max(above, 0.0) if value >= threshold else min(above, -1e-9)
            probability = value
        return PairEvidence(frame, pair.primary, pair.secondary, above, probability)

    def _value(self, row: CsvRow) -> float:
        if self.column in _LABELS:
            return float(flag_of(row, self.column)) if row.values[self.column] else math.nan
        value = number_of(row, self.column)
        if self.column in _PROBABILITIES and not (math.isnan(value) or 0 <= value <= 1):
            row.reject(self.column, "a probability from 0 to 1")
        return value

    def _threshold(self, row: CsvRow) -> float:
        if self.threshold is not None:
            return self.threshold
        if "threshold" in self.columns:
            return number_of(row, "threshold")
        return 0.0 if self.column == "score" else 0.5

    def _given_probability(self, row: CsvRow, above: float) -> float:
        if "probability" not in self.columns:
            return float(expit(above))
        probability = number_of(row, "probability")
        if not 0 <= probability <= 1:
            row.reject("probability", "0 to 1, wherever there is a score")
        return probability


def _reading(path: Path, header: tuple[str, ...], threshold: float | None) -> _Reading:
    columns = frozenset(header)
    column = next((n for n in ("score", *_PROBABILITIES, *_LABELS) if n in columns), None)
    if column is None or not columns.issuperset(_PAIR) or columns.isdisjoint(_PLACES):
        message = f"{path} has the header '{','.join(header)}'; known are tables with {_KNOWN}"
        raise BadInputError(message)
    if threshold is not None and column != "score" and not 0 < threshold < 1:
        message = f"--threshold is {threshold}: for the column '{column}' it lies between 0 and 1"
        raise BadInputError(message)
    return _Reading(column, threshold, columns)


def _logit(probability: float) -> float:
    return float(logit(min(max(probability, 1 - _SUREST), _SUREST)))


def _ordered(pairs: Iterable[PairEvidence]) -> tuple[PairEvidence, ...]:
    return tuple(sorted(pairs, key=lambda p: (p.secondary, p.primary, p.frame)))


def score_table(volcano: str, pairs: Iterable[PairEvidence]) -> str:
    """Return the table that `read_scores` reads back to the same evidence; 0 is its threshold."""
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("volcano", "frame", *_PAIR, "score", "probability"))
    for pair in pairs:
        said = (repr(pair.logit), repr(pair.probability)) if pair.scored else ("", "")
        table.writerow((volcano, pair.frame, pair.primary, pair.secondary, *said))
    return text.getvalue()
