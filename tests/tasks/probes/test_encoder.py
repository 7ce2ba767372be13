"""A probe on an encoder: what is learned from, what is held out, what is said and kept."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fringewatch.errors import BadInputError, ModelError, StoreError
from insar_models.detectors.encoder import EncoderDetector
from insar_models.detectors.onnx import OnnxDetector
from insar_models.detectors.registry import find_model
from insar_models.encoders.features import features_of
from insar_models.encoders.files import save_encoder
from insar_models.judging.metrics import auroc
from insar_models.model_folder import read_card
from insar_models.patchfile.file import PatchFile, open_patch_file
from insar_models.patchfile.splits import SplitBy
from insar_models.probes.labelled_rows import apart, labelled_rows
from insar_models.probes.linear_probe import LinearProbeSettings, ProbeMethod
from insar_models.tuning.grounds import Grounds
from insar_models.tuning.pasted_features import PastedFeatures
from tasks.probes import encoder_pasted as encoder_probe_pasted
from tasks.probes.encoder import train_encoder_probe
from tasks.probes.encoder_pasted import pasted_samples
from tasks.probes.encoder_records import EncoderProbeRequest
from tests.insar_models.encoder_detectors import seasoned_encoder
from tests.insar_models.labelled_corpus import labelled_corpus

ENCODER = seasoned_encoder()
TRAINED = {"trained": {"corpus": {"name": "other"}, "step": 7}}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a corpus, an encoder, and a model made of them."""
    folder = tmp_path_factory.mktemp("probe")
    labelled_corpus(folder / "corpus.safetensors")
    save_encoder(folder / "encoder", ENCODER, TRAINED)
    train_encoder_probe(request_in(folder), folder / "models")
    return folder


@pytest.fixture(scope="module")
def corpus(place: Path) -> PatchFile:
    return open_patch_file(place / "corpus.safetensors")


def request_in(folder: Path) -> EncoderProbeRequest:
    corpus, encoder = folder / "corpus.safetensors", folder / "encoder"
    return EncoderProbeRequest(corpus, encoder, "small", graph=False)  # it takes seconds


class TestRows:
    def test_labelled_patches_but_for_excluded_volcanoes(self, corpus: PatchFile) -> None:
        learned = labelled_rows(corpus, SplitBy.AREA, ("reykjanes",))
        assert learned.rows.tolist() == list(range(20))
        assert learned.deforming == 4
        assert learned.left_out == {"without a label": 1, "of an excluded volcano": 3}
        assert learned.volcanoes[:5] == ("etna",) * 4 + ("fernandina",)
        assert len(labelled_rows(corpus, SplitBy.AREA, ()).rows) == 23

    def test_patches_that_could_not_be_scored_are_not_learned_from(self, corpus: PatchFile) -> None:
        valid = np.ones(24, np.float32)
        valid[[2, 23]] = 0.09
        cut = replace(corpus, columns={**corpus.columns, "valid_fraction": valid})
        learned = labelled_rows(cut, SplitBy.AREA, ())
        assert 2 not in learned.rows
        assert learned.left_out == {"without a label": 1, "too little valid phase": 1}

    def test_areas_and_frames(self, corpus: PatchFile) -> None:
        by_area = labelled_rows(corpus, SplitBy.AREA, ()).groups
        by_frame = labelled_rows(corpus, SplitBy.FRAME, ()).groups
        assert [len(set(groups)) for groups in (by_area, by_frame)] == [6, 12]
        assert len(set(by_area[:4])) == 1
        assert len(set(by_frame[:2])) == 1
        assert by_frame[1] != by_frame[2]

    def test_copies_in_two_frames_go_together(self, corpus: PatchFile) -> None:
        group = np.arange(24, dtype=np.int32)
        group[5] = group[0]
        tied = replace(corpus, columns={**corpus.columns, "group": group})
        groups = labelled_rows(tied, SplitBy.FRAME, ()).groups
        assert len({groups[k] for k in (0, 1, 4, 5)}) == 1
        assert groups[2] != groups[0]

    def test_patches_of_unknown_frames_are_not_one_frame(self, corpus: PatchFile) -> None:
        frames = ("",) * 12
        facts = replace(corpus.facts, words={**corpus.facts.words, "frame": frames})
        groups = labelled_rows(replace(corpus, facts=facts), SplitBy.FRAME, ()).groups
        assert len(set(groups)) == 23

    def test_a_corpus_without_labels(self, corpus: PatchFile) -> None:
        bare = replace(corpus, columns={**corpus.columns, "label": np.full(24, -1, np.int8)})
        with pytest.raises(BadInputError, match=r"no labelled patch .*24 without a label"):
            labelled_rows(bare, SplitBy.AREA, ())


class TestTraining:
    def test_the_model_can_be_found_and_knows_its_trade(
        self, place: Path, corpus: PatchFile
    ) -> None:
        model = find_model("small", place / "models")
        assert isinstance(model, EncoderDetector)
        logits = model.logits_of_codes(corpus.read(np.arange(20)))
        assert auroc(corpus.columns["label"][:20].astype(int), logits) > 0.9

    def test_a_watch_needs_no_torch_for_it(self, place: Path, tmp_path: Path) -> None:
        train_encoder_probe(replace(request_in(place), graph=True), tmp_path)
        model, same = find_model("small", tmp_path), find_model("small", place / "models")
        assert (type(model), type(same)) == (OnnxDetector, EncoderDetector)
        assert (model.sha256, model.threshold) == (same.sha256, same.threshold)

    def test_the_probe_fits_what_is_kept(self, place: Path, corpus: PatchFile) -> None:
        model = find_model("small", place / "models")
        assert isinstance(model, EncoderDetector)
        assert model.half
        rows = np.arange(20)
        features = features_of(model.encoder, corpus, rows).astype(np.float64)
        np.testing.assert_allclose(features.mean(axis=0), model.probe.mean, rtol=1e-3, atol=1e-5)

    @pytest.mark.parametrize("features_kept", [True, False])
    def test_the_same_request_gives_the_same_bytes(
        self, place: Path, tmp_path: Path, features_kept: bool
    ) -> None:
        save_encoder(tmp_path / "encoder", ENCODER, TRAINED)
        request = replace(
            request_in(place), encoder=(place if features_kept else tmp_path) / "encoder"
        )
        train_encoder_probe(request, tmp_path / "models")
        for name in ("weights.safetensors", "card.json"):
            expected = (place / "models" / "small" / name).read_bytes()
            assert (tmp_path / "models" / "small" / name).read_bytes() == expected

    def test_features_are_kept_beside_the_encoder(self, place: Path) -> None:
        # One file for each choice of patches; other tests choose others.
        kept = {path.suffix for path in (place / "encoder" / "features").iterdir()}
        assert kept == {".safetensors"}

    @pytest.mark.parametrize("by", [SplitBy.AREA, SplitBy.FRAME])
    @pytest.mark.parametrize("method", ProbeMethod)
    def test_the_report_agrees_with_the_card(
        self, place: Path, tmp_path: Path, by: SplitBy, method: ProbeMethod
    ) -> None:
        settings = LinearProbeSettings(method, seed=2)
        request = replace(request_in(place), by=by, settings=settings)
        report = train_encoder_probe(request, tmp_path)
        card = read_card(tmp_path / "small")
        assert (report.deforming, report.quiet) == (4, 16)
        assert json.loads(json.dumps(report.metrics)) == card["metrics"]
        assert (card["sha256"], card["threshold"]) == (report.sha256, report.threshold)
        overall = card["metrics"]["held_out"]["overall"]
        assert overall["deforming"] == 4
        low, high = overall["recall_95_percent"]
        assert 0 <= low <= overall["recall"] <= high <= 1
        assert len(card["metrics"]["held_out"]["by_group_with_deformation"]) == 4
        said = str(report)
        assert f"{by}s held out, with 95 % intervals" in said
        assert f"AUROC {overall['auroc']}" in said
        assert "1 without a label, 3 of an excluded volcano" in said

    def test_its_card_says_what_it_was_made_of(self, place: Path) -> None:
        card = read_card(place / "models" / "small")
        assert card["data"]["corpus"] == {"name": "tiny", "version": "0123456789ab"}
        assert card["data"]["learned_from"]["volcanoes_deforming"] == {
            "etna": 2,
            "fernandina": 1,
            "taal": 1,
        }
        assert card["encoder_training"]["trained"] == TRAINED["trained"]
        assert card["encoder_training"]["sha256"] == read_card(place / "encoder")["sha256"]
        assert "--by area --method logistic --seed 0" in card["recipe"]["command"]
        assert not re.search(r"""(^|[\s"'(=])(/\w|[A-Z]:\\)""", json.dumps(card))


class TestTuned:
    """Encoders that learned from quiet ground of the very corpus."""

    def test_known_ground_is_learned_from_and_does_not_judge(
        self, place: Path, corpus: PatchFile, tmp_path: Path
    ) -> None:
        tuned = {"corpus": {"version": corpus.facts.version}, "areas_learned": [4, 3]}
        save_encoder(tmp_path / "encoder", ENCODER, {"tuned": tuned})
        request = replace(request_in(place), encoder=tmp_path / "encoder")
        report = train_encoder_probe(request, tmp_path / "models")
        assert report.metrics["held_out"]["judged"] == 12  # three areas of four
        assert (report.deforming, report.quiet) == (4, 16)  # and area 3 is learned from
        other = {**tuned, "corpus": {"version": "another"}}
        save_encoder(tmp_path / "encoder", ENCODER, {"tuned": other})
        report = train_encoder_probe(request, tmp_path / "models")
        assert report.metrics["held_out"]["judged"] == 20

    def test_a_group_that_reaches_into_known_ground_is_known(self, corpus: PatchFile) -> None:
        learned = labelled_rows(corpus, SplitBy.FRAME, ())
        columns = {**corpus.columns, "area": np.zeros(24, np.int32)}
        columns["area"][1] = 9
        judged, known = apart(learned, replace(corpus, columns=columns), [9])
        assert known.rows.tolist() == [0, 1]
        assert 0 not in judged.rows


class TestPasted:
    def test_each_is_held_out_with_the_ground_that_it_was_made_of(
        self, place: Path, corpus: PatchFile, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made: dict[int, list[int]] = {}

        def noted(
            encoder: object, file: object, ground: Grounds, count: int, seed: int, **_: object
        ) -> PastedFeatures:
            made[seed] = ground.quiet.tolist()
            features = np.full((count, ENCODER.dimension), seed, np.float32)
            return PastedFeatures(features, np.arange(count) % 2)

        monkeypatch.setattr(encoder_probe_pasted, "pasted_features", noted)
        learned = labelled_rows(corpus, SplitBy.AREA, ("reykjanes",))
        extra = pasted_samples(ENCODER, corpus, learned, 40, LinearProbeSettings())
        assert sorted(row for rows in made.values() for row in rows) == [
            row for row in range(20) if corpus.columns["label"][row] == 0
        ]
        assert len(extra.labels) == pytest.approx(40, abs=4)
        assert extra.groups is not None
        area_of = dict(zip(learned.groups, corpus.columns["area"][:20].tolist(), strict=True))
        for seed, group in zip(extra.features[:, 0].astype(int), extra.groups, strict=True):
            areas = set(corpus.columns["area"][made[seed]].tolist())
            assert area_of[group] in areas

    def test_a_model_is_made_with_them(self, place: Path, tmp_path: Path) -> None:
        train_encoder_probe(replace(request_in(place), pasted=12, views=2), tmp_path)
        with_them, without = (read_card(f / "small") for f in (tmp_path, place / "models"))
        assert with_them["recipe"]["pasted"] == 12
        assert "--pasted 12 --views 2" in with_them["recipe"]["command"]
        assert with_them["sha256"] != without["sha256"]
        judged = with_them["metrics"]["held_out"]["overall"]
        assert (judged["deforming"], judged["quiet"]) == (4, 16)

    def test_fewer_than_none(self, place: Path, tmp_path: Path) -> None:
        with pytest.raises(BadInputError, match="-1 patches cannot be pasted"):
            train_encoder_probe(replace(request_in(place), pasted=-1), tmp_path)


class TestBadInput:
    def test_a_name_that_is_none(self, place: Path, tmp_path: Path) -> None:
        with pytest.raises(ModelError, match="not a model's name"):
            train_encoder_probe(replace(request_in(place), name="../x"), tmp_path)

    def test_a_folder_without_an_encoder(self, place: Path, tmp_path: Path) -> None:
        with pytest.raises(ModelError, match=r"card\.json cannot be read"):
            train_encoder_probe(replace(request_in(place), encoder=tmp_path), tmp_path)

    def test_a_detector_in_place_of_an_encoder(self, place: Path, tmp_path: Path) -> None:
        request = replace(request_in(place), encoder=place / "models" / "small")
        with pytest.raises(BadInputError, match="holds a whole detector"):
            train_encoder_probe(request, tmp_path)

    def test_a_corpus_that_is_none(self, place: Path, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="cannot be read"):
            train_encoder_probe(replace(request_in(place), corpus=tmp_path / "no"), tmp_path)

    @pytest.mark.parametrize(("deforming", "said"), [(0, "from 0 group"), (1, "from 1 group")])
    def test_deformation_from_too_few_places(
        self, place: Path, tmp_path: Path, deforming: int, said: str
    ) -> None:
        labelled_corpus(tmp_path / "c.safetensors", deforming_areas=deforming)
        request = replace(request_in(place), corpus=tmp_path / "c.safetensors", pasted=4)
        with pytest.raises(BadInputError, match=f"deforming patches come {said}"):
            train_encoder_probe(request, tmp_path / "models")
        assert not (tmp_path / "models").exists()

    def test_a_device_that_is_none(self, place: Path, tmp_path: Path) -> None:
        save_encoder(tmp_path / "encoder", ENCODER, {})
        request = replace(request_in(place), encoder=tmp_path / "encoder", device="cuda:99")
        with pytest.raises(BadInputError, match="cannot be used"):
            train_encoder_probe(request, tmp_path / "models")
