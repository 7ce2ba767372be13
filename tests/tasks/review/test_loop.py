"""The loop, closed: a false alarm, a review, labelled patches, a new probe, and it is gone."""

from pathlib import Path

import pandas as pd
import pytest

pytest.importorskip("torch")

from catalogs.ledger.review_rows import ReviewVerdict, Statement
from catalogs.settings import Settings
from catalogs.tables import DATES, INTERFEROGRAMS, read_table
from insar_models.encoders.files import save_encoder
from tasks.probes.encoder import train_encoder_probe
from tasks.probes.encoder_records import EncoderProbeRequest
from tasks.review.export import export_reviews
from tasks.review.give import give_review, take_back
from tasks.watch import watch_volcano
from tests.insar_models.encoder_detectors import seasoned_encoder
from tests.insar_models.labelled_corpus import labelled_corpus
from tests.tasks.kept_home import FERNANDINA, REQUEST, KeptHome

AIR = ReviewVerdict.ATMOSPHERE


def probe(kept: KeptHome, corpus: Path, encoder: Path, name: str) -> Settings:
    """Fit a probe on a corpus, into the home's models, and let it score the home."""
    request = EncoderProbeRequest(corpus, encoder, name, graph=False)
    train_encoder_probe(request, kept.settings.home / "models")
    settings = kept.settings.model_copy(update={"model": name})
    watch_volcano(REQUEST, settings)
    return settings


def pairs(kept: KeptHome) -> pd.DataFrame:
    return read_table(INTERFEROGRAMS, kept.home.detections("fernandina"))


@pytest.mark.long
def test_a_verdict_of_tonight_is_in_the_next_probe(kept: KeptHome, tmp_path: Path) -> None:
    labelled_corpus(tmp_path / "labelled.safetensors")
    save_encoder(tmp_path / "encoder", seasoned_encoder(), {"trained": {"step": 7}})
    first = probe(kept, tmp_path / "labelled.safetensors", tmp_path / "encoder", "first")
    alarms = pairs(kept)[lambda table: table["positive"].eq(True)]
    assert len(alarms), "the first probe must be wrong for this test"
    for date in sorted(set(alarms["secondary_date"])):
        give_review(FERNANDINA, Statement(str(date), AIR, "NS"), first)
    assert not (read_table(DATES, kept.home.detections("fernandina"))["state"] == "unrest").any()

    exported = export_reviews(None, first, tmp_path / "next.safetensors",
                              tmp_path / "labelled.safetensors")  # fmt: skip
    assert (exported.deforming, exported.added_to) == (0, 24)
    assert exported.quiet == 9 * exported.pairs
    probe(kept, tmp_path / "next.safetensors", tmp_path / "encoder", "second")
    again = pairs(kept).merge(alarms, on=["primary_date", "secondary_date"], suffixes=("", "_1"))
    assert set(again["model"]) == {"second"}
    assert not again["positive"].any()
    assert (again["left_out"] == "atmosphere (NS)").all()
    # Without the reviews the new model says so itself.
    for date in sorted(set(alarms["secondary_date"])):
        take_back(FERNANDINA, str(date), "NS", "", kept.settings.model_copy(update={
            "model": "second"}))  # fmt: skip
    table = read_table(DATES, kept.home.detections("fernandina"))
    assert table["review"].isna().all()
    reviewed = table[table["date"].isin(alarms["secondary_date"])]
    assert not reviewed["state"].isin(["unrest", "no data"]).any()
