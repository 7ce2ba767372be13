"""Labelled patches of what was reviewed: their labels, their groups, and what has none."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from catalogs.ledger.ledger import open_ledger
from catalogs.ledger.review_rows import ReviewVerdict, Statement
from catalogs.settings.volcano import PlaceSettings
from fringewatch.errors import BadInputError
from insar_models.patchfile.file import open_patch_file
from insar_models.patchfile.splits import SplitBy
from insar_models.probes.labelled_rows import labelled_rows
from tasks.review.export import export_reviews
from tasks.review.give import give_review
from tasks.review.labelled import labels_of
from tests.insar_models.labelled_corpus import labelled_corpus
from tests.tasks.kept_home import FERNANDINA, PAIRS, KeptHome

AIR, CONFIRMED = ReviewVerdict.ATMOSPHERE, ReviewVerdict.CONFIRMED


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


def test_of_a_confirmed_date_those_pairs_deform_in_which_the_model_sees_something(
    kept: KeptHome, tmp_path: Path
) -> None:
    """Slow motion is real and in no single pair; of a pair by itself a person knows."""
    settings = kept.settings.model_copy(
        update={"volcano": {"fernandina": PlaceSettings(threshold=1e3)}}
    )
    give_review(FERNANDINA, Statement("2024-02-11", CONFIRMED, "NS"), settings)
    target = tmp_path / "reviewed.safetensors"
    with pytest.raises(BadInputError, match="2 pairs of a confirmed date in which the model sees"):
        export_reviews(None, settings, target)
    give_review(FERNANDINA, Statement(str(PAIRS[3]), CONFIRMED, "NS"), settings)
    exported = export_reviews(None, settings, target)
    assert exported.pairs == 1
    assert exported.deforming >= 1


def test_a_pair_without_a_score_has_no_label(kept: KeptHome) -> None:
    give_review(FERNANDINA, Statement("2024-02-11", AIR, "NS"), kept.settings)
    left_out: Counter[str] = Counter()
    with open_ledger(kept.home.ledger) as ledger:
        assert labels_of(ledger, "fernandina", {}, 0.0, left_out) == {}
    assert left_out == {"pairs that have no score": 2}


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
    assert open_patch_file(target).facts.name == "reviews"
