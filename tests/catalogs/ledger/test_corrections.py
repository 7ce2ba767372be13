"""What is taken from a pair is part of what its score depends on."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from catalogs.ledger.ledger import Ledger, open_ledger
from catalogs.ledger.rows import FittedField, PairAir, PairScore, TileRow
from catalogs.records import DatePair, FrameId, ModelId

FRAME = FrameId.parse("128D_09016_110500")
PAIR, OTHER = DatePair.parse("20240106_20240118"), DatePair.parse("20240118_20240130")
MODEL = ModelId("model", "ff")
SCORE = PairScore(0.5, 0.7, 1.5, 0.8, True, -0.3, -91.5, 9)
REMOVED = FittedField("heights", "aa", "removed", 6.5, 0.1, "rad/km", is_removed=True)
LEFT = replace(REMOVED, outcome="the ground does not follow the field", is_removed=False)
AIR = PairAir("made", (REMOVED,), 0.4, ("gacos: no delay of 2024-01-18",))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path / "ledger.sqlite") as ledger:
        rows = [TileRow(pair, "http://x", "a", "b", f"content {pair}") for pair in (PAIR, OTHER)]
        ledger.record_tiles("wolf", FRAME, rows)
        ledger.record_scores("wolf", FRAME, MODEL, [(PAIR, SCORE), (OTHER, SCORE)])
        yield ledger


def test_a_score_counts_as_long_as_the_same_is_taken_from_its_pair(ledger: Ledger) -> None:
    assert ledger.unscored_pairs("wolf", FRAME, MODEL) == ()
    ledger.record_corrections("wolf", FRAME, [(PAIR, AIR), (OTHER, replace(AIR, fits=(LEFT,)))])
    assert ledger.unscored_pairs("wolf", FRAME, MODEL) == (PAIR,)
    assert [row.pair for row in ledger.scored_pairs("wolf", MODEL)] == [OTHER]
    ledger.record_scores("wolf", FRAME, MODEL, [(PAIR, SCORE)])
    first, second = ledger.scored_pairs("wolf", MODEL)
    assert first.air == AIR
    assert second.air is not None
    assert second.air.removed_sha256 == ""
    more = replace(AIR, fits=(replace(REMOVED, factor=6.6),))
    ledger.record_corrections("wolf", FRAME, [(PAIR, more)])
    assert ledger.unscored_pairs("wolf", FRAME, MODEL) == (PAIR,)
    ledger.forget_corrections("wolf", FRAME, [PAIR])
    assert ledger.corrections("wolf", FRAME).keys() == {OTHER}


def test_a_correction_of_other_bytes_does_not_count(ledger: Ledger) -> None:
    ledger.record_corrections("wolf", FRAME, [(PAIR, AIR)])
    ledger.record_tiles("wolf", FRAME, [TileRow(PAIR, "http://x", "a", "b", "republished")])
    assert ledger.corrections("wolf", FRAME) == {}
    ledger.record_scores("wolf", FRAME, MODEL, [(PAIR, SCORE)])
    assert all(row.air is None for row in ledger.scored_pairs("wolf", MODEL))
