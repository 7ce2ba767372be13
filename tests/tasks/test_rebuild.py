"""A cube is made anew and no pair is lost, though the source has one no more."""

import shutil

import pytest

from catalogs.cubes.cube import cube_pairs, read_cube
from catalogs.ledger.ledger import open_ledger
from catalogs.records import FrameId, Product
from fringewatch.errors import BadInputError
from tasks.rebuild import rebuild_frame
from tasks.records import Outcome
from tests.scenes import FRAME
from tests.tasks.kept_home import FERNANDINA, PAIRS, KeptHome, filled, kept

__all__ = ["filled", "kept"]


def test_what_the_source_has_no_more_is_carried_over(kept: KeptHome) -> None:
    with open_ledger(kept.home.ledger) as ledger:
        before = {row.pair: row.content_sha256 for row in ledger.tiles("fernandina", FRAME)}
    shutil.rmtree(kept.remote(PAIRS[1], Product.CC).parent)
    rebuilt = rebuild_frame(FERNANDINA, FRAME, kept.settings)
    assert (rebuilt.brought, rebuilt.carried_over, rebuilt.left_behind) == (4, (PAIRS[1],), ())
    assert (rebuilt.report.outcome, rebuilt.report.in_table) == (Outcome.DONE, 5)
    with open_ledger(kept.home.ledger) as ledger:
        after = {row.pair: row.content_sha256 for row in ledger.tiles("fernandina", FRAME)}
    assert after == before
    place = kept.home.cube("fernandina", FRAME)
    assert {*cube_pairs(place)} == {*PAIRS}
    assert read_cube(rebuilt.old).sizes["pair"] == 5
    assert not list(kept.settings.home.glob("rebuild-*"))


def test_a_frame_without_pairs_is_not_rebuilt(kept: KeptHome) -> None:
    with pytest.raises(BadInputError, match="nothing to rebuild"):
        rebuild_frame(FERNANDINA, FrameId.parse("106A_09048_000909"), kept.settings)
