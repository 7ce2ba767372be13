"""Several views of a patch: exact, the same each time, and told by both kinds of detector."""

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fringewatch.errors import BadInputError, ModelError
from insar_models.detectors.encoder import EncoderDetector
from insar_models.detectors.onnx import OnnxDetector
from insar_models.detectors.onnx_export import graph_of
from insar_models.detectors.registry import (
    find_model,
    load_encoder_detector,
    load_model,
    save_model,
)
from insar_models.detectors.views import MOST_VIEWS, VIEWS, mean_of_views, views_of
from insar_models.encoders.spec import EncoderSpec
from insar_models.phase.codes import decode_phase
from insar_models.phase.symmetries import FORMS, turned
from tests.insar_models.detectors.test_encoder_card import alter_card
from tests.insar_models.encoder_detectors import random_codes, small_detector

SPEC = EncoderSpec("compact", width=0.25, inputs="coherent", size=32)
CODES = random_codes(3)


@pytest.fixture(scope="module")
def with_torch() -> EncoderDetector:
    return small_detector(SPEC)


@pytest.fixture(scope="module")
def runs(with_torch: EncoderDetector) -> OnnxDetector:
    graph = graph_of(with_torch)
    return OnnxDetector("small", "", 0.25, with_torch.calibration, SPEC, graph)


def test_there_are_eight_and_the_first_is_the_patch_itself() -> None:
    assert VIEWS[0] == FORMS[0]
    assert sorted(VIEWS) == sorted(FORMS)
    assert len(VIEWS) == MOST_VIEWS


@pytest.mark.parametrize("views", [2, 4, 8])
def test_a_logit_is_the_mean_of_those_of_turned_patches(
    runs: OnnxDetector, with_torch: EncoderDetector, views: int
) -> None:
    forms = [
        np.ascontiguousarray(turned(CODES, turns, mirrored=mirrored))
        for turns, mirrored in VIEWS[:views]
    ]
    each = np.stack([with_torch.logits_of_codes(form) for form in forms])
    assert each.std(axis=0).min() > 1e-3  # the net does not see them alike
    for detector in (runs, with_torch):
        more = replace(detector, views=views)
        np.testing.assert_allclose(more.logits_of_codes(CODES), each.mean(axis=0), atol=1e-4)
        np.testing.assert_array_equal(more.logits_of_codes(CODES), more.logits_of_codes(CODES))


def test_all_eight_say_the_same_of_a_turned_patch(runs: OnnxDetector) -> None:
    model = replace(runs, views=8)
    expected = model.logits_of_codes(CODES)
    for turns, mirrored in FORMS:
        form = np.ascontiguousarray(turned(CODES, turns, mirrored=mirrored))
        np.testing.assert_allclose(model.logits_of_codes(form), expected, atol=1e-4)


@pytest.mark.parametrize("views", [1, 4])
def test_the_map_is_of_the_same_views_and_lies_where_the_patch_does(
    runs: OnnxDetector, with_torch: EncoderDetector, views: int
) -> None:
    patch = decode_phase(CODES[:1])[0]
    more = replace(with_torch, views=views)
    raw = more.raw_activation(patch) + more.bias
    assert raw.mean() == pytest.approx(more.logits_of_codes(CODES[:1])[0], abs=1e-4)
    lower = float(raw.min()) - 1.0
    found = replace(runs, views=views, threshold=lower).activation(patch)
    expected = replace(more, threshold=lower).activation(patch)
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_maps_are_turned_back() -> None:
    inputs = np.random.default_rng(1).normal(size=(2, 3, 8, 8)).astype(np.float32)
    logits, found = mean_of_views(lambda some: (some[:, 0, 0, 0], some[:, 0]), inputs, 8)
    np.testing.assert_allclose(found, inputs[:, 0], atol=1e-6)
    corners = inputs[:, 0][:, [0, 0, -1, -1], [0, -1, 0, -1]]  # each comes first in two views
    np.testing.assert_allclose(logits, corners.mean(axis=1), atol=1e-6)


def test_views_go_along_to_disk_and_to_other_processes(
    tmp_path: Path, with_torch: EncoderDetector
) -> None:
    more = replace(with_torch, views=4)
    save_model(tmp_path / "small", more, {}, graph_of(more))  # held against all four
    loaded = load_model(tmp_path / "small")
    assert isinstance(loaded, OnnxDetector)
    again = pickle.loads(pickle.dumps(loaded))  # noqa: S301 - our own, as Dask does
    for model in (loaded, again, load_encoder_detector(tmp_path / "small")):
        assert views_of(model) == 4
        np.testing.assert_allclose(
            model.logits_of_codes(CODES), more.logits_of_codes(CODES), atol=1e-3
        )
    assert loaded.__dask_tokenize__() != replace(loaded, views=1).__dask_tokenize__()


def test_a_card_without_them_means_one(tmp_path: Path, with_torch: EncoderDetector) -> None:
    save_model(tmp_path / "small", with_torch, {})
    assert "views" not in (tmp_path / "small" / "card.json").read_text()
    assert views_of(load_model(tmp_path / "small")) == 1
    assert views_of(find_model("baseline-0", None)) == 1


@pytest.mark.parametrize("views", [0, 9, 2.0, True, "4", None])
def test_a_number_that_cannot_be(tmp_path: Path, with_torch: EncoderDetector, views: Any) -> None:
    with pytest.raises(BadInputError, match=r"in .* views: give 1 to 8"):
        replace(with_torch, views=views)
    save_model(tmp_path / "small", with_torch, {})
    alter_card(tmp_path / "small", views=views)
    with pytest.raises(ModelError, match=r"card.json: .* views: give 1 to 8; correct it"):
        load_model(tmp_path / "small")
