"""The loop, closed: a false alarm, a review, labelled patches, a new probe, and it is gone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("torch")

from catalogs.ledger.review_rows import ReviewVerdict, Statement
from catalogs.settings import Settings
from catalogs.tables import DATES, INTERFEROGRAMS, read_table
from fringewatch.errors import BadInputError
from insar_models.encoders.files import save_encoder
from insar_models.patchfile.file import open_patch_file
from insar_models.patchfile.splits import SplitBy
from insar_models.probes.labelled_rows import labelled_rows
from tasks.probes.encoder import EncoderProbeRequest, train_encoder_probe
from tasks.review.export import export_reviews
from tasks.review.give import give_review, take_back
from tasks.watch import watch_volcano
from tests.insar_models.encoder_detectors import seasoned_encoder
from tests.insar_models.labelled_corpus import labelled_corpus
from tests.tasks.kept_home import FERNANDINA, PAIRS, REQUEST, KeptHome, filled, kept

__all__ = ["filled", "kept"]  # pytest finds fixtures by their names here

AIR, CONFIRMED = ReviewVerdict.ATMOSPHERE, ReviewVerdict.CONFIRMED


def probe(kept: KeptHome, corpus: Path, encoder: Path, name: str) -> Settings:
    """Fit a probe on a corpus, into the home's models, and let it score the home."""
    request = EncoderProbeRequest(corpus, encoder, name, graph=False)
    train_encoder_probe(request, kept.settings.home / "models")
    settings = kept.settings.model_copy(update={"model": name})
    watch_volcano(REQUEST, settings)
    return settings


def pairs(kept: KeptHome) -> pd.DataFrame:
    return read_table(INTERFEROGRAMS, kept.home.detections("fernandina"))


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


def test_splits_of_the_exported_patches_are_honest(kept: KeptHome, tmp_path: Path) -> None:
    labelled_corpus(tmp_path / "labelled.safetensors")
    give_review(FERNANDINA, Statement("2024-01-30", AIR, "NS"), kept.settings)
    give_review(FERNANDINA, Statement("2024-02-11", CONFIRMED, "NS"), kept.settings)
    target = tmp_path / "next.safetensors"
    exported = export_reviews("fernandina", kept.settings, target,
                              tmp_path / "labelled.safetensors")  # fmt: skip
    assert (exported.quiet, exported.pairs) == (18, 4)
    assert 2 <= exported.deforming <= 8  # those in which the model looks
    file, base = open_patch_file(target), open_patch_file(tmp_path / "labelled.safetensors")
    file.verify()
    for name in ("label", "valid_fraction", "primary", "row", "sha256"):
        np.testing.assert_array_equal(file.columns[name][:24], base.columns[name])
    assert file.words("volcano")[:24].tolist() == base.words("volcano").tolist()
    assert set(file.words("volcano")[24:]) == {"fernandina"}
    own, area = file.columns["label"][24:], file.columns["area"]
    assert (int((own == 1).sum()), int((own == 0).sum())) == (exported.deforming, 18)
    of_fernandina = area[file.words("volcano") == "fernandina"]
    assert len(set(of_fernandina)) == 1
    assert not set(area[file.words("volcano") == "etna"]) & set(of_fernandina)
    groups = file.columns["group"]
    assert not set(groups[:24]) & set(groups[24:])
    assert len(set(groups[24:])) == 4  # a pair each
    held = labelled_rows(file, SplitBy.AREA, ("reykjanes",))
    assert len(held.rows) == 20 + len(own)


def test_an_export_alone_and_what_has_no_label(kept: KeptHome, tmp_path: Path) -> None:
    target = tmp_path / "reviewed.safetensors"
    with pytest.raises(BadInputError, match="no review of any volcano gives a label"):
        export_reviews(None, kept.settings, target)
    give_review(FERNANDINA, Statement(str(PAIRS[0]), AIR, "NS"), kept.settings)
    give_review(FERNANDINA, Statement("2024-02-11", AIR, "NS"), kept.settings)
    give_review(FERNANDINA, Statement(str(PAIRS[3]), CONFIRMED, "AB"), kept.settings)
    other = Statement("2024-01-30", ReviewVerdict.OTHER, "AB", "snow")
    give_review(FERNANDINA, other, kept.settings)
    exported = export_reviews(None, kept.settings, target)
    assert (exported.quiet, exported.deforming, exported.pairs) == (18, 0, 2)
    assert exported.left_out == {
        "pairs on which reviewers disagree": 1, "pairs that show something else": 2,
    }  # fmt: skip
    before = target.read_bytes()
    export_reviews(None, kept.settings, target)
    assert target.read_bytes() == before
    with pytest.raises(BadInputError, match="is the file to add to"):
        export_reviews(None, kept.settings, target, target)
    facts = open_patch_file(target).facts
    assert replace(facts, version="") == replace(facts, version="", name="reviews")
