"""Rows from their recipes to their figures, at tiny sizes."""

import csv
import io
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("sklearn")

import torch
import torchvision.models

from insar_models.comparison.beginnings import beginning_of, weights_of
from insar_models.comparison.learning import without_labels_of
from insar_models.comparison.making import (
    CANNOT,
    MADE,
    UNFINISHED,
    RowRecord,
    make_rows,
    read_record,
)
from insar_models.comparison.rows import IMAGENET, RANDOM, Row, find_rows
from insar_models.comparison.set_features import weights_sha256
from insar_models.comparison.sets import JudgingSets
from insar_models.comparison.table import as_csv, as_markdown
from insar_models.encoders.spec import EncoderSpec
from insar_models.model_folder import read_card
from insar_models.tuning.recipe import TuneRecipe
from tests.insar_models.comparison.small_table import SIMCLR, UNTRAINED, request_in, small_sets
from tests.insar_models.small_pretraining import TINY

pytestmark = pytest.mark.usefixtures("one_thread")

REYKJANES_AREA = 5

SUPERVISED = Row(
    name="supervised-tiny",
    title="tiny, supervised",
    encoder=TINY,
    tune=TuneRecipe(
        pasted=0.0, labelled=0.5, still=0.0, relief=0.0, held_out=0.0, augmentation=None,
        batch_size=4, steps=3,
    ),
)  # fmt: skip


@pytest.fixture
def sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JudgingSets:
    return small_sets(tmp_path, monkeypatch)


def test_an_untrained_row_has_figures_of_every_set(sets: JudgingSets, tmp_path: Path) -> None:
    (record,) = make_rows([UNTRAINED], sets, request_in(tmp_path / "table"))
    assert (record.state, record.hours, record.learned) == (MADE, 0.0, {})
    figures = record.figures
    positives = figures["s1-test.true_positives"] + figures["s1-test.false_negatives"]
    assert positives == 4
    assert figures["windows.quiet"] >= figures["windows.moving"] > 0
    for name in ("s1-areas.auroc", "s1-test.accuracy", "synthetic.f1", "windows.recall"):
        assert 0 <= figures[name] <= 1
        assert figures[f"{name}.low"] <= figures[f"{name}.high"]


def test_fast_fringes_are_told_from_slow_ones(sets: JudgingSets, tmp_path: Path) -> None:
    """The probes are fitted to the right labels: on this corpus any net tells them apart."""
    (record,) = make_rows([UNTRAINED], sets, request_in(tmp_path / "table"))
    assert record.figures["s1-areas.auroc"] > 0.9
    assert record.figures["s1-test.auroc"] > 0.9


def test_baseline_0_is_judged_as_nets_are(sets: JudgingSets, tmp_path: Path) -> None:
    (baseline,) = find_rows(["baseline-0"])
    (record,) = make_rows([baseline], sets, request_in(tmp_path / "table"))
    assert (record.state, record.learned, record.encoder) == (MADE, {}, "")
    assert record.figures["s1-areas.auroc"] > 0.9
    assert set(record.figures) >= {"s1-test.auroc", "windows.recall"}
    line = next(csv.DictReader(io.StringIO(as_csv([baseline], {record.name: record}))))
    assert (line["state"], line["encoder"], line["pixels"]) == (MADE, "", "")


def test_a_shipped_encoder_is_not_judged_by_areas_of_which_it_saw_labels(
    sets: JudgingSets, tmp_path: Path
) -> None:
    (shipped,) = find_rows(["shipped-simclr-compact-1"])
    encoder = beginning_of(shipped, {}, {})
    assert encoder.spec == shipped.encoder
    untrained = beginning_of(replace(shipped, begins=RANDOM), {}, {})
    assert weights_sha256(encoder) != weights_sha256(untrained)
    (record,) = make_rows([shipped], sets, request_in(tmp_path / "table"))
    assert record.state == MADE
    assert "s1-test.auroc" in record.figures
    assert not [name for name in record.figures if name.startswith("s1-areas")]


def test_a_row_that_was_stopped_goes_on_to_the_same_figures(
    sets: JudgingSets, tmp_path: Path
) -> None:
    over = request_in(tmp_path / "table", until=time.monotonic() - 1)
    (stopped,) = make_rows([SIMCLR], sets, over)
    assert stopped.state == UNFINISHED
    assert "the same command goes on" in stopped.reason
    stops = iter([False] * 6 + [True] * 99)
    some = replace(over, limits=replace(over.limits, until=None, asked_to_stop=lambda: next(stops)))
    (stopped,) = make_rows([SIMCLR], sets, some)
    assert stopped.state == UNFINISHED
    assert "stands at step" in stopped.reason
    (gone_on,) = make_rows([SIMCLR], sets, request_in(tmp_path / "table"))
    (at_once,) = make_rows([SIMCLR], sets, request_in(tmp_path / "other"))
    assert gone_on.state == at_once.state == MADE
    assert gone_on.figures == at_once.figures
    assert gone_on.learned["step"] == gone_on.learned["steps"] == 9
    assert gone_on.learned["views"] == 2 * 9 * 6
    assert not list((tmp_path / "table").rglob("*-rate"))


def test_hours_end_a_run_and_the_row_says_so(sets: JudgingSets, tmp_path: Path) -> None:
    row = replace(SIMCLR, pretrain=replace(SIMCLR.pretrain, steps=100_000))  # type: ignore[type-var]
    (record,) = make_rows([row], sets, request_in(tmp_path / "table", hours=0.5 / 3600))
    assert record.state == MADE
    assert 0 < record.learned["step"] <= record.learned["steps"] < 5_000
    (tmp_path / "table" / "rows" / row.name / "row.json").unlink()
    (again,) = make_rows([row], sets, request_in(tmp_path / "table", hours=0.5 / 3600))
    assert again.learned == record.learned
    assert again.figures == record.figures


def test_a_row_that_cannot_be_made_has_its_reason_and_ends_no_other(
    sets: JudgingSets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.hub.get_dir", lambda: str(tmp_path / "no hub"))
    spec = EncoderSpec("resnet18", inputs="grey", size=32)
    lacking = Row(name="imagenet-resnet18", title="ImageNet", encoder=spec, begins=IMAGENET)
    orphan = replace(UNTRAINED, name="orphan", begins="simclr-tiny")
    request = request_in(tmp_path / "table")
    first, second, third = make_rows([lacking, orphan, UNTRAINED], sets, request)
    assert first.state == second.state == CANNOT
    assert not first.figures
    assert "give --weights resnet18=FILE" in first.reason
    assert "simclr-tiny, which is not made" in second.reason
    assert third.state == MADE


def test_imagenet_weights_come_from_a_file(sets: JudgingSets, tmp_path: Path) -> None:
    spec = EncoderSpec("resnet18", inputs="grey", size=32)
    row = Row(name="imagenet-resnet18", title="ImageNet", encoder=spec, begins=IMAGENET)
    file = tmp_path / "resnet18-f37072fd.pth"
    torch.save(torchvision.models.resnet18(weights=None).state_dict(), file)
    request = replace(request_in(tmp_path / "table"), weights={"resnet18": file})
    (record,) = make_rows([row], sets, request)
    assert record.state == MADE
    assert weights_of(row, {"resnet18": file}) == str(file)
    assert weights_of(UNTRAINED, {"resnet18": file}) == "random"


def test_labels_of_held_out_areas_are_hidden_from_a_net(sets: JudgingSets, tmp_path: Path) -> None:
    (record,) = make_rows([SUPERVISED], sets, request_in(tmp_path / "table"))
    assert record.state == MADE
    assert 0 <= record.figures["s1-areas.auroc"] <= 1
    rows = tmp_path / "table" / "rows" / "supervised-tiny"
    whole = set(read_card(rows / "tune" / "encoder")["tuned"]["areas_learned"])
    parts = [
        set(read_card(rows / f"tune-without-{number}" / "encoder")["tuned"]["areas_learned"])
        for number in range(3)
    ]
    assert all(part < whole for part in parts)
    assert not set.intersection(*parts)
    assert REYKJANES_AREA not in whole
    hidden = without_labels_of(sets.corpus, np.array([0, 5]))
    assert hidden.columns["label"][[0, 5]].tolist() == [-1, -1]
    assert sets.corpus.columns["label"][0] == 1


def test_a_row_is_made_anew_when_its_recipe_or_its_judges_change(
    sets: JudgingSets, tmp_path: Path
) -> None:
    request = request_in(tmp_path / "table")
    (before,) = make_rows([UNTRAINED], sets, request)
    marked = tmp_path / "table" / "rows" / "untrained-tiny" / "row.json"
    marked.write_text(marked.read_text().replace('"machine": "', '"machine": "kept '))
    (kept,) = make_rows([UNTRAINED], sets, request)
    assert kept.machine == f"kept {before.machine}"
    (fewer,) = make_rows([UNTRAINED], replace(sets, windows=None), request)
    assert "windows.recall" not in fewer.figures
    assert not fewer.machine.startswith("kept")
    marked.write_text("{")
    assert read_record(tmp_path / "table", "untrained-tiny") is None


def test_the_table_has_all_rows_and_no_figure_that_was_not_made() -> None:
    records = {
        "untrained-tiny": RowRecord(
            "untrained-tiny", MADE, figures={"s1-test.accuracy": 0.75, "s1-test.f1": 0.5}
        ),
        "supervised-tiny": RowRecord("supervised-tiny", CANNOT, reason="no labels"),
    }
    rows = [UNTRAINED, SIMCLR, SUPERVISED]
    lines = list(csv.DictReader(io.StringIO(as_csv(rows, records))))
    assert [line["state"] for line in lines] == [MADE, "not yet run", CANNOT]
    assert [line["s1-test.accuracy"] for line in lines] == ["0.75", "", ""]
    assert lines[2]["reason"] == "no labels"
    page = as_markdown(rows, records).splitlines()
    assert len(page) == 5
    assert len({line.count("|") for line in page}) == 1
    assert "75.0%, 0.500, -" in page[2]
    assert "not yet run" in page[3]
    assert "cannot be made: no labels" in page[4]
