import math
from pathlib import Path

import pytest

from fringewatch.errors import BadInputError
from insar_models.onset.evidence import PairEvidence
from tasks.assess.scores_file import read_scores, score_table, scores_of
from tasks.assess.truth_records import PlaceTruth, Truth
from tests.tasks.assess.evidence import day, network

DAYS = "2020-01-01,20200107"


def written(folder: Path, header: str, *rows: str) -> Path:
    path = folder / "scores.csv"
    path.write_text("\n".join((header, *rows)) + "\n")
    return path


@pytest.mark.parametrize(
    ("column", "value", "threshold", "logit", "probability"),
    [
        ("score", "1.5", None, 1.5, 0.818),
        ("score", "1.5", 2.0, -0.5, 0.378),
        ("probability", "0.5", None, 0.0, 0.5),
        ("max_prob", "0.25", None, -math.log(3), 0.25),
        ("max_prob", "0.25", 0.2, math.log(4 / 3), 0.25),
        ("label", "1", None, math.log(999), 1.0),
        ("deformation", "0", None, -math.log(999), 0.0),
    ],
)
def test_every_kind_of_score_becomes_evidence(
    tmp_path: Path, column: str, value: str, threshold: float | None, logit: float,
    probability: float,
) -> None:  # fmt: skip
    path = written(
        tmp_path, f"volcano,primary_date,secondary_date,{column}", f"taal,{DAYS},{value}"
    )
    ((pair,),) = (own.pairs for own in read_scores(path, threshold))
    assert (pair.logit, pair.probability) == pytest.approx((logit, probability), abs=1e-3)
    assert pair.positive == (logit >= 0)
    assert (str(pair.primary), str(pair.secondary)) == ("2020-01-01", "2020-01-07")


def test_what_is_kept_comes_back_exactly(tmp_path: Path) -> None:
    pairs = [*network(6, [3]), PairEvidence("frame", day(0), day(9), math.nan, math.nan)]
    pairs[0] = PairEvidence("other", day(0), day(1), 0.1 + 0.2, 1 / 3)
    path = tmp_path / "kept.csv"
    path.write_text(score_table("taal", pairs))
    (kept,) = read_scores(path)
    assert kept.place == "taal"
    assert set(map(str, kept.pairs)) == set(map(str, pairs))  # NaN is not equal to itself
    assert [pair.secondary for pair in kept.pairs] == sorted(pair.secondary for pair in pairs)


def test_hephaestus_has_its_label_in_words_too(tmp_path: Path) -> None:
    header = "frameID,primary_date,secondary_date,label,deformation"
    (own,) = read_scores(written(tmp_path, header, f"f,{DAYS},Deformation,1"))
    assert own.pairs[0].positive


def test_an_unnamed_frame_is_told_by_its_repetition(tmp_path: Path) -> None:
    header = "volcano,primary_date,secondary_date,max_prob"
    (own,) = read_scores(written(tmp_path, header, f"etna,{DAYS},0.1", f"etna,{DAYS},0.9"))
    assert own.frames == {"etna", "etna, frame 2"}


def test_a_threshold_of_the_row(tmp_path: Path) -> None:
    header = "frame,primary_date,secondary_date,score,probability,threshold"
    (own,) = read_scores(written(tmp_path, header, f"f,{DAYS},1.0,0.9,0.25", f"f,{DAYS[:-2]}13,,,"))
    assert own.pairs[0].logit == 0.75
    assert own.pairs[0].probability == 0.9
    assert not own.pairs[1].scored


def test_scores_are_chosen_by_volcano_or_by_truth(tmp_path: Path) -> None:
    rows = (
        f"155D_02579_100800,{DAYS},1",
        f"155D_02484_191814,{DAYS},0",
        f"142A_07606_131313,{DAYS},0",
    )
    path = written(tmp_path, "frameID,primary_date,secondary_date,label", *rows)
    scores = read_scores(path)
    truth = Truth("truth.csv", {"155D_02579_100800": PlaceTruth()})
    assert [own.place for own in scores_of(path, scores, None, truth)] == ["155D_02579_100800"]
    (reykjanes,) = scores_of(path, scores, "Reykjanes", truth)
    assert (reykjanes.place, len(reykjanes.pairs)) == ("Reykjanes", 2)
    with pytest.raises(BadInputError, match=r"no scores of 'etna'.*142A_07606_131313"):
        scores_of(path, scores, "etna", truth)
    with pytest.raises(BadInputError, match="truth of elsewhere"):
        scores_of(path, scores, None, Truth("truth.csv", {"elsewhere": PlaceTruth()}))


@pytest.mark.parametrize(
    ("header", "row", "message"),
    [
        ("volcano,primary_date,secondary_date", f"taal,{DAYS}", "known are tables with volcano"),
        ("primary_date,secondary_date,score", f"{DAYS},1", "known are tables with volcano"),
        ("volcano,primary_date,secondary_date,score", f"taal,{DAYS},inf", "score is 'inf'"),
        ("volcano,primary_date,secondary_date,score", f"taal,{DAYS},high", "score is 'high'"),
        ("volcano,primary_date,secondary_date,max_prob", f"taal,{DAYS},1.1", "max_prob is '1.1'"),
        ("volcano,primary_date,secondary_date,label", f"taal,{DAYS},2", "label is '2'"),
        ("volcano,primary_date,secondary_date,score", "taal,2020-01-09,2020-01-07,1", "after the"),
        ("volcano,primary_date,secondary_date,score,probability", f"taal,{DAYS},1,", "wherever"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, header: str, row: str, message: str) -> None:
    with pytest.raises(BadInputError, match=message):
        read_scores(written(tmp_path, header, row))


def test_odd_tables_are_refused(tmp_path: Path) -> None:
    header = "frame,primary_date,secondary_date,label"
    with pytest.raises(BadInputError, match=r"line 3: pair 20200101_20200107 of frame f is there"):
        read_scores(written(tmp_path, header, f"f,{DAYS},1", f"f,{DAYS},1"))
    with pytest.raises(BadInputError, match="no pair"):
        read_scores(written(tmp_path, header))
    with pytest.raises(BadInputError, match=r"--threshold is 1\.5"):
        read_scores(written(tmp_path, header, f"f,{DAYS},1"), 1.5)
