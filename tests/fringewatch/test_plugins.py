"""What other packages add is found by name, and a broken one says whose fault it is."""

from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from catalogs.settings import load_settings
from flows import cli
from fringewatch.errors import BadInputError, ModelError
from fringewatch.plugins import (
    DATE_METHODS,
    DETECTORS,
    SOURCES,
    PluginError,
    find_plugin,
    plugin_names,
)
from insar_models.detectors.registry import load_model
from insar_models.model_folder import write_model_folder
from insar_models.onset.methods import find_method
from tests.plugins import install

FAILS = "raise RuntimeError('no licence')\n"
NO_JUDGE = "from dataclasses import dataclass\n@dataclass\nclass M:\n    name = 'nameless'\n"
READS_NOTHING = "def read(folder, card, tensors):\n    return object()\n"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    return site


def saved(folder: Path, architecture: str) -> Path:
    """Write a model of an architecture."""
    weights = safetensors.numpy.save({"a": np.zeros(1)})
    write_model_folder(folder, weights, {"name": "m", "architecture": architecture}, {})
    return folder


def test_a_broken_part_names_its_package_and_why(site: Path, tmp_path: Path) -> None:
    install(site, "broken-parts", {DATE_METHODS: {"vote": "broken_a:M"}}, {"broken_a.py": FAILS})
    assert load_settings(method="vote").method == "vote"
    with pytest.raises(PluginError, match=r"'vote'.*broken-parts 1\.0.*RuntimeError: no licence"):
        find_method("vote")
    assert find_method("rule").name == "rule"


def test_what_is_no_method_or_detector_is_refused(site: Path, tmp_path: Path) -> None:
    parts = {
        DATE_METHODS: {"nameless": "odd_b:M", "other-name": "odd_b:M", "gone": "odd_b:Missing"},
        DETECTORS: {"nothing": "odd_c:read", "number": "odd_c:__doc__"},
    }
    install(site, "odd-parts", parts, {"odd_b.py": NO_JUDGE, "odd_c.py": READS_NOTHING})
    for name in ("nameless", "other-name"):
        with pytest.raises(PluginError, match=f"no dataclass with a judge and the name '{name}'"):
            find_method(name)
    with pytest.raises(PluginError, match="AttributeError"):
        find_method("gone")
    with pytest.raises(PluginError, match="no detector: it has no activation"):
        load_model(saved(tmp_path / "m", "nothing"))
    with pytest.raises(PluginError, match="no class or function"):
        load_model(saved(tmp_path / "n", "number"))
    with pytest.raises(ModelError, match=r"unknown architecture 'magic'.*nothing, number"):
        load_model(saved(tmp_path / "o", "magic"))


def test_our_names_cannot_be_taken_and_two_packages_cannot_share_one(site: Path) -> None:
    install(
        site, "one", {DATE_METHODS: {"rule": "thief:M", "vote": "thief:M"}}, {"thief.py": FAILS}
    )
    assert find_method("rule").name == "rule"
    install(site, "two", {DATE_METHODS: {"vote": "thief:M"}}, {})
    with pytest.raises(PluginError, match=r"more than once, in one 1\.0 and two 1\.0"):
        find_plugin(DATE_METHODS, "vote")


def test_an_unknown_method_is_refused_with_all_that_there_are(site: Path) -> None:
    install(site, "one", {DATE_METHODS: {"vote": "nowhere:M"}}, {})
    for wrong in (lambda: load_settings(method="vot"), lambda: find_method("vot")):
        with pytest.raises(BadInputError, match="deconvolution, early, quiet, vote"):
            wrong()


def test_about_says_what_is_broken(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    modules = {"sound_d.py": "def source(text): ...\n", "broken_d.py": FAILS}
    install(site, "mixed", {SOURCES: {"a": "broken_d:S", "b": "sound_d:source"}}, modules)
    assert cli.run(["about"]) == 2
    said = capsys.readouterr().out
    assert "broken: the plug-in 'a' (fringewatch.sources) of mixed 1.0 is broken" in said
    assert "plug-in b (fringewatch.sources) of mixed 1.0\n" in said


def test_a_package_that_comes_later_is_found(site: Path) -> None:
    assert find_plugin(SOURCES, "late") is None
    install(site, "late-package", {SOURCES: {"late": "late:Late"}}, {"late.py": ""})
    assert find_plugin(SOURCES, "late") is not None
    assert "late" in plugin_names(SOURCES)
