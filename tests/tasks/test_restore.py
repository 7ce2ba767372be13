"""A home restored from what cannot be had again: its ledger and its settings. It goes on."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from catalogs.home.home import home_of
from catalogs.ledger.review_rows import ReviewVerdict, Statement
from catalogs.tables import DATES, INTERFEROGRAMS, read_table
from tasks.records import Outcome
from tasks.review.give import give_review
from tasks.verify.volcano import verify_volcano
from tasks.watch import watch_volcano
from tests.tasks.kept_home import FERNANDINA, PAIRS, REQUEST, KeptHome, filled, kept

pytestmark = pytest.mark.usefixtures("undrawn")

__all__ = ["filled", "kept"]  # pytest finds fixtures by their names here


def test_a_restored_home_says_what_the_old_one_said(kept: KeptHome, tmp_path: Path) -> None:
    said = Statement("2024-02-11", ReviewVerdict.ATMOSPHERE, "NS")
    give_review(FERNANDINA, said, kept.settings)
    before = [
        read_table(schema, kept.home.detections("fernandina")) for schema in (DATES, INTERFEROGRAMS)
    ]
    restored = tmp_path / "restored"
    restored.mkdir()
    with (
        closing(sqlite3.connect(kept.home.ledger)) as source,
        closing(sqlite3.connect(restored / "ledger.sqlite")) as target,
    ):
        source.backup(target)
    shutil.copy(kept.settings.home / "home.json", restored)
    shutil.rmtree(kept.settings.home)
    settings = kept.settings.model_copy(update={"home": restored})
    report = verify_volcano(FERNANDINA, (), settings, repair=True)
    assert report.outcome is Outcome.PARTIAL
    again = watch_volcano(REQUEST, settings)
    assert (again.outcome, again.fetched) == (Outcome.DONE, len(PAIRS))
    for schema, old in zip((DATES, INTERFEROGRAMS), before, strict=True):
        new = read_table(schema, home_of(settings).detections("fernandina"))
        pd.testing.assert_frame_equal(
            new.drop(columns="scored_at", errors="ignore"),
            old.drop(columns="scored_at", errors="ignore"),
        )
