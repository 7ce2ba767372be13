"""Options of methods are looked at with the settings, before anything runs."""

from pathlib import Path

import pytest

from fringewatch.errors import BadInputError, ModelError
from insar_models.detectors.registry import SHIPPED_MODELS
from insar_models.onset.methods import METHOD_NAMES, PRESETS, find_method
from tasks.judge.options import SHIPPED, checked_settings, watch_settings
from tasks.judge.silence import SILENCE_DAYS, silence_days_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "method_options = { silence_day = 60 }",
            r"settings are wrong: method_options: method 'deconvolution' has no option "
            r"'silence_day'; did you mean silence_days\? \(one of ",
        ),
        ("method_options = { zzz = 1 }", r"has no option 'zzz' \(one of "),
        ("method_options = { silence_days = 0 }", "option silence_days is 0"),
        (
            '[volcano.taal]\npreset = "early"\nmethod_options = { silence_day = 60 }',
            r"volcano.taal.method_options: method 'early' has no option 'silence_day'; did you",
        ),
        (
            '[volcano.taal]\nmethod_options = { silence_day = 60 }',
            r"volcano.taal.method_options: method 'deconvolution' has no option 'silence_day'",
        ),
    ],
)  # fmt: skip
def test_an_option_that_there_is_not_is_refused_in_one_line(
    tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "fringewatch.toml").write_text(text)
    with pytest.raises(BadInputError, match=words) as caught:
        checked_settings(home=tmp_path)
    assert "\n" not in str(caught.value)


def test_good_options_pass(tmp_path: Path) -> None:
    (tmp_path / "fringewatch.toml").write_text(
        'method_options = { silence_days = 60 }\n[volcano.taal]\nmethod = "rule"\n'
    )
    settings = checked_settings(home=tmp_path)
    assert silence_days_of(settings) == 60
    assert silence_days_of(settings.for_volcano("taal")) == SILENCE_DAYS


def test_the_silence_is_that_of_every_method_of_ours() -> None:
    days = {find_method(name).silence_days for name in (*METHOD_NAMES, *PRESETS)}
    assert days == {SILENCE_DAYS}


@pytest.mark.parametrize("name", ["nobody", "", "..", "../weights", "simclr-compact-2/"])
def test_a_model_that_there_is_not_is_refused_where_settings_are_read(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / "fringewatch.toml").write_text(f'model = "{name}"\n')
    with pytest.raises(ModelError, match=f"'{name}'"):
        watch_settings(home=tmp_path)
    assert checked_settings(home=tmp_path).model == name  # whoever is about to make it


def test_models_that_are_there_pass_unread(tmp_path: Path) -> None:
    assert SHIPPED == SHIPPED_MODELS
    for card in SHIPPED.glob("*/card.json"):
        assert watch_settings(home=tmp_path, model=card.parent.name).model == card.parent.name
    (tmp_path / "models" / "mine").mkdir(parents=True)
    assert watch_settings(home=tmp_path, model="mine").model == "mine"


def test_a_storage_is_not_asked_for_a_model(tmp_path: Path) -> None:
    assert watch_settings(home=tmp_path, model="mine", storage="s3://nowhere/x").model == "mine"
    (tmp_path / "kept" / "models" / "mine").mkdir(parents=True)
    kept = str(tmp_path / "kept")
    assert watch_settings(home=tmp_path, model="mine", storage=kept).model == "mine"
