"""Training a probe from a folder of labelled pictures."""

import json
import logging
from pathlib import Path

import numpy as np
import pytest

from catalogs.pictures.s1_index import read_s1_index
from fringewatch.errors import BadInputError, ModelError
from insar_models.detectors.registry import find_model
from insar_models.model_folder import read_card
from tasks.probes.baseline import train_probe
from tasks.probes.samples import LeftOut, compute_samples, select_training
from tests.insar_models.fringes import closed_fringes, ramp
from tests.s1_folder import Picture, small_set, write_folder, write_index

FRAME = "001A_00001_111111"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small set of pictures that can be told apart."""
    folder = tmp_path_factory.mktemp("s1") / "data"
    write_folder(folder, small_set())
    return folder


@pytest.fixture(scope="module")
def models(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the model trained on it."""
    folder = tmp_path_factory.mktemp("models")
    train_probe(data, "small", folder)
    return folder


class TestTraining:
    def test_the_model_can_be_found_and_knows_its_trade(self, models: Path) -> None:
        model = find_model("small", models)
        patches = np.stack([closed_fringes(20.0, 10.0, side=64), ramp(0.05, 64)])
        deforming, quiet = model.logits(patches)
        assert deforming > model.threshold > quiet

    def test_the_same_command_gives_the_same_bytes(
        self, data: Path, models: Path, tmp_path: Path
    ) -> None:
        train_probe(data, "small", tmp_path)
        for name in ("weights.safetensors", "card.json"):
            expected = (models / "small" / name).read_bytes()
            assert (tmp_path / "small" / name).read_bytes() == expected

    def test_a_copy_of_the_data_elsewhere_gives_the_same_bytes(
        self, models: Path, tmp_path: Path
    ) -> None:
        write_folder(tmp_path / "another place", small_set())
        train_probe(tmp_path / "another place", "small", tmp_path)
        expected = (models / "small" / "card.json").read_text()
        assert (tmp_path / "small" / "card.json").read_text() == expected

    def test_the_report_agrees_with_the_card(self, data: Path, tmp_path: Path) -> None:
        report = train_probe(data, "again", tmp_path)
        card = read_card(Path(str(report.folder)))
        assert (report.deforming, report.quiet, report.left_out) == (12, 16, ())
        assert card["data"]["learned_from"]["areas_with_deformation"] == 3
        assert json.loads(json.dumps(report.metrics)) == card["metrics"]
        assert card["sha256"] == report.sha256
        assert "learned from 12 deforming and 16 quiet patches" in str(report)
        assert "published test: AUROC" in str(report)

    def test_the_card_tells_seen_areas_of_the_test_from_unseen(self, models: Path) -> None:
        test = read_card(models / "small")["metrics"]["test"]
        assert test["areas_seen_in_training"] == 2
        assert test["as_published"]["deforming"] == 2
        held_out = read_card(models / "small")["metrics"]["held_out"]
        assert [fold["deforming"] for fold in held_out["by_fold"]] == [4, 4, 4]
        assert [row["frame"][:3] for row in held_out["by_frame_with_deformation"]] == [
            "001",
            "002",
            "003",
        ]

    def test_no_test_patches_is_no_reason_to_stop(self, tmp_path: Path) -> None:
        write_folder(tmp_path / "s1", [p for p in small_set() if p.split == "S1/Train"])
        report = train_probe(tmp_path / "s1", "m", tmp_path)
        assert report.metrics["test"] == {"deforming": 0, "quiet": 0}
        assert "published test" not in str(report)


class TestBadInput:
    def test_name_is_checked_before_the_work(self, tmp_path: Path) -> None:
        with pytest.raises(ModelError, match="not a model's name"):
            train_probe(tmp_path / "nowhere", "../x", tmp_path)

    def test_no_index(self, tmp_path: Path) -> None:
        with pytest.raises(BadInputError, match="cannot be read as the index"):
            train_probe(tmp_path, "m", tmp_path / "models")
        assert not (tmp_path / "models").exists()

    @pytest.mark.parametrize(("label", "meaning"), [(0, "deforming"), (1, "quiet")])
    def test_one_class_only(self, tmp_path: Path, label: int, meaning: str) -> None:
        write_folder(tmp_path / "s1", [p for p in small_set() if p.label == label])
        with pytest.raises(BadInputError, match=f"{meaning} patches come from 0"):
            train_probe(tmp_path / "s1", "m", tmp_path)

    def test_no_picture_at_all(self, tmp_path: Path) -> None:
        write_index(tmp_path, [picture.row() for picture in small_set()])
        with pytest.raises(BadInputError, match="deforming patches come from 0"):
            train_probe(tmp_path, "m", tmp_path / "models")

    def test_bad_pictures_are_left_out_with_a_reason_and_the_rest_goes_on(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        pictures = small_set()
        write_folder(tmp_path / "s1", pictures)
        folder = tmp_path / "s1" / "pictures"
        absent, cut, empty = (picture.file for picture in pictures[:3])
        (folder / absent).unlink()
        (folder / cut).write_bytes((folder / cut).read_bytes()[:300])
        (folder / empty).write_bytes(b"")
        with caplog.at_level(logging.INFO, "tasks.probes.baseline"):
            report = train_probe(tmp_path / "s1", "m", tmp_path)
        assert [item.file for item in report.left_out] == [absent, cut, empty]
        assert "no such file" in report.left_out[0].detail
        assert all(item.detail for item in report.left_out)
        assert "3 patches left out, cannot be read or judged" in caplog.text
        card = read_card(Path(str(report.folder)))
        assert card["data"]["left_out"] == {"cannot be read or judged": 3}
        assert str(tmp_path) not in json.dumps(card)


class TestSelection:
    def select(self, folder: Path, *pictures: Picture) -> tuple[list[int], tuple[LeftOut, ...]]:
        write_index(folder, [picture.row() for picture in pictures])
        chosen, left_out = select_training(read_s1_index(folder))
        files = [picture.file for picture in pictures]
        return [files.index(patch.file) for patch in chosen], left_out

    def test_all_that_deform_and_the_filtered_quiet_ones(self, tmp_path: Path) -> None:
        chosen, left_out = self.select(
            tmp_path,
            Picture(1, "a", FRAME, 0, kind="center"),
            Picture(1, "a", FRAME, 1),
            Picture(0, "a", FRAME, 2),
            Picture(0, "a", FRAME, 3, kind="center"),
            Picture(0, "a", FRAME, 4, transposed="1"),
            Picture(1, "a", FRAME, 5, split="S1/Test"),
        )
        assert chosen == [0, 1, 2]
        assert [item.reason for item in left_out] == [
            "unfiltered quiet centre crop",
            "transposed copy of another picture",
        ]

    def test_reykjanes_is_never_learned_from_by_default(self, tmp_path: Path) -> None:
        pictures = [*small_set(), *(Picture(1, "reykjanes", FRAME, 300 + k) for k in range(3))]
        write_folder(tmp_path / "s1", pictures)
        report = train_probe(tmp_path / "s1", "m", tmp_path)
        assert [item.reason for item in report.left_out] == ["of an excluded volcano"] * 3
        assert "reykjanes" in read_card(Path(str(report.folder)))["data"]["excluded_volcanoes"]
        assert report.deforming == 12

    def test_equal_pictures_count_once(self, tmp_path: Path) -> None:
        chosen, left_out = self.select(
            tmp_path, Picture(1, "a", FRAME, 7), Picture(1, "b", FRAME, 7)
        )
        assert chosen == [0]
        assert [item.reason for item in left_out] == ["equal to another picture"]

    def test_equal_pictures_with_opposite_labels_count_not_at_all(self, tmp_path: Path) -> None:
        rows = [Picture(label, "a", FRAME, 7).row() | {"md5_gray": "x"} for label in (0, 1)]
        write_index(tmp_path, rows)
        chosen, left_out = select_training(read_s1_index(tmp_path))
        assert chosen == ()
        assert {item.reason for item in left_out} == {"an equal picture has the opposite label"}

    def test_pictures_that_this_copy_lacks(self, tmp_path: Path) -> None:
        write_index(tmp_path, [Picture(1, "a", FRAME, 7).row() | {"packed": ""}])
        patches = read_s1_index(tmp_path)
        assert [item.reason for item in select_training(patches)[1]] == [
            "not in this copy of the dataset"
        ]
        samples, left_out = compute_samples(patches, "features")
        assert samples.features.shape == (0, 47)
        assert left_out[0].detail == "not in this copy of the dataset"
