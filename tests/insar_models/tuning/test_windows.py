"""Tuning on whole windows, with air, and with the layouts of other scenes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from fringewatch.errors import BadInputError
from fringewatch.numbers import PATCH_SIZE, PHASE_SCALE_RAD, WINDOW_SIZE
from insar_models.detectors.registry import SHIPPED_MODELS, load_encoder_detector
from insar_models.encoders.inputs import Phasors, signal_weight
from insar_models.patchfile.loader import Loading
from insar_models.training.journal import read_journal
from insar_models.training.running import TrainingSetup
from insar_models.tuning.beginning import FieldData, encoder_to_tune
from insar_models.tuning.examples import ExampleMaker, transplanted
from insar_models.tuning.grounds import held_out_by_name, sort_grounds, sort_windows
from insar_models.tuning.run import tune
from tests.insar_models.small_encoders import same_weights
from tests.insar_models.small_pretraining import one_thread
from tests.insar_models.small_tuning import labelled_corpus, recipe_with, tiny_encoder
from tests.insar_models.small_windows import hills_and_weather, quiet_windows

RUNNING = TrainingSetup(
    loading=Loading(device="cpu"), note_every=3, measure_every=4, checkpoint_every=2
)
FIELD: dict[str, Any] = {
    "windows": 0.6,
    "held_out_volcanoes": 0.5,
    "stratified": 0.5,
    "weather": 0.3,
    "cones": 0.3,
    "transplant": 0.5,
    "least_visible": 0.0,
    "steps": 4,
}
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _quick() -> object:
    with one_thread():
        yield


def test_a_run_on_windows_goes_on_exactly_and_names_its_ground(tmp_path: Path) -> None:
    corpus, recipe = labelled_corpus(tmp_path), recipe_with(**FIELD)
    field = FieldData(quiet_windows(), hills_and_weather())
    for folder, parts in (("whole", (None,)), ("parts", (1, None))):
        for steps in parts:
            report = tune(
                corpus,
                tiny_encoder(),
                recipe,
                tmp_path / folder,
                field=field,
                running=RUNNING,
                stop_after_steps=steps,
            )
    weights = "encoder/weights.safetensors"
    whole, part = ((tmp_path / folder / weights).read_bytes() for folder in ("whole", "parts"))
    assert whole == part
    learned = json.loads((report.encoder / "card.json").read_text())["tuned"]["volcanoes_learned"]
    assert learned == [name for name in "abcdef" if not held_out_by_name(name, 0.5)]
    assert 0 < len(learned) < 6
    measures = [
        n["measures"] for n in read_journal(tmp_path / "whole/journal.jsonl") if "measures" in n
    ]
    assert {"window_level", "seen_6_10_cm"} <= set(measures[-1])


def test_examples_come_from_windows_and_from_patches(tmp_path: Path) -> None:
    recipe = recipe_with(
        **{
            **FIELD,
            "windows": 1.0,
            "transplant": 0.0,
            "stratified": 0.0,
            "weather": 0.0,
            "cones": 0.0,
            "relief": 0.0,
            "still": 0.0,
            "augmentation": None,
            "pasted": 0.01,
            "batch_size": 8,
        }
    )
    corpus, encoder = labelled_corpus(tmp_path), tiny_encoder()
    windows = quiet_windows()
    windows.phase[:] = np.where(windows.phase != 0, 7, 0)  # all the same phase: no patch is
    grounds = sort_grounds(corpus, recipe, windows)
    maker = ExampleMaker(corpus, grounds, encoder.spec, recipe, None)
    inputs = maker.of_step(0, CPU).inputs
    there = inputs[:, 2] > 0
    assert float(inputs[:, 0][there].std()) < 1e-5
    other = ExampleMaker(
        corpus,
        sort_grounds(corpus, recipe_with()),
        encoder.spec,
        recipe_with(augmentation=None, relief=0.0, still=0.0),
        None,
    )
    assert float(other.of_step(0, CPU).inputs[:, 0].std()) > 0.1


def test_coarse_examples_have_larger_pixels(tmp_path: Path) -> None:
    plain = {"windows": 1.0, "augmentation": None, "pasted": 0.01, "still": 0.0, "relief": 0.0}
    corpus, encoder, windows = labelled_corpus(tmp_path), tiny_encoder(), quiet_windows()
    windows.phase[:] = (1 + np.arange(WINDOW_SIZE) % 254).astype(np.uint8)[None, :, None]
    rates: dict[float, set[int]] = {}
    for coarse in (0.0, 0.5):
        recipe = recipe_with(**plain, coarse=coarse, batch_size=24)
        maker = ExampleMaker(
            corpus, sort_grounds(corpus, recipe, windows), encoder.spec, recipe, None
        )
        inputs = maker.of_step(0, CPU).inputs
        column = torch.complex(inputs[:, 0], inputs[:, 1])[:, :4, 0]
        steps = (column[:, 1:] * column[:, :-1].conj()).angle().median(1).values / PHASE_SCALE_RAD
        rates[coarse] = set(steps.round().int().tolist())
    size = encoder.spec.size
    assert rates[0.0] == {PATCH_SIZE // size}
    sides = {rate * size for rate in rates[0.5]}
    assert len(sides) > 3
    assert min(sides) == PATCH_SIZE < max(sides) <= WINDOW_SIZE


def test_transplants_bring_layouts_and_no_fringes() -> None:
    generator = torch.Generator().manual_seed(0)
    noise = torch.rand((1, 1, 32, 32), generator=generator) * 6.28
    smooth = torch.linspace(0, 3, 32).view(1, 1, 1, 32).expand(1, 1, 32, 32)
    phase = torch.cat([smooth, smooth * 2])
    phase[1, :, :16] = noise[0, :, :16]  # the donor's upper half is noise
    valid = torch.ones((2, 1, 32, 32), dtype=torch.bool)
    valid[1, :, :, :8] = False
    field = torch.cat([phase.cos(), phase.sin()], 1) * valid
    chosen, donors = np.array([True, False]), np.array([1, 0])
    made, left = transplanted(Phasors(field, valid), chosen, donors)
    assert not bool(made.valid[0, :, :, :8].any())
    assert torch.equal(made.field[1], field[1])
    # Below, where the donor is coherent, the patch's own phase stays.
    assert torch.equal(made.field[0, :, 18:, 9:], field[0, :, 18:, 9:])
    before, after = (signal_weight(one)[0, 0, :14, 10:] for one in (Phasors(field, valid), made))
    assert float(after.mean()) < 0.5 * float(before.mean())
    assert 0.3 < float(left[0]) < 0.5
    assert float(left[1]) == pytest.approx(1.0)


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    corpus = labelled_corpus(tmp_path)
    with pytest.raises(BadInputError, match="give a file of them, or set windows to 0"):
        tune(corpus, tiny_encoder(), recipe_with(windows=0.5), tmp_path / "a", running=RUNNING)
    with pytest.raises(BadInputError, match="give a file of air with relief"):
        tune(corpus, tiny_encoder(), recipe_with(stratified=0.5), tmp_path / "b", running=RUNNING)
    with pytest.raises(BadInputError, match="all 6 volcanoes of the windows are held out"):
        sort_windows(quiet_windows(), recipe_with(held_out_volcanoes=0.9, windows=0.5))


def test_a_volcano_stays_on_its_side() -> None:
    held_out = [name for name in map(str, range(2000)) if held_out_by_name(name, 0.3)]
    assert 500 < len(held_out) < 700
    assert all(held_out_by_name(name, 0.5) for name in held_out)


def test_tuning_begins_with_the_encoder_of_a_detector() -> None:
    encoder, past = encoder_to_tune(SHIPPED_MODELS / "simclr-compact-1")
    detector = load_encoder_detector(SHIPPED_MODELS / "simclr-compact-1")
    assert same_weights(encoder, detector.encoder)
    assert {"trained", "tuned"} <= set(past)
