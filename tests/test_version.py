"""The version is the same wherever it stands, and one is cut by a command."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from fringewatch import __version__

ROOT = Path(__file__).parents[1]
FILES = (".ci/version", "CHANGELOG.md", "CITATION.cff", "fringewatch/__init__.py")


def versions(root: Path) -> set[str]:
    """The newest version of each of the three files."""
    code = re.search(r'^__version__ = "(.+)"$', (root / FILES[3]).read_text(), re.MULTILINE)
    changes = re.findall(r"^## (\d[\d.]*)", (root / FILES[1]).read_text(), re.MULTILINE)
    citation = yaml.safe_load((root / FILES[2]).read_text())
    assert code is not None
    return {code[1], changes[0], citation["version"]}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_the_version_is_the_same_everywhere() -> None:
    assert versions(ROOT) == {__version__}


def test_a_version_is_cut_in_all_places(copy: Path) -> None:
    unreleased = (copy / "CHANGELOG.md").read_text().partition("## Unreleased\n")[2]
    subprocess.run([copy / ".ci" / "version", "7.0.1"], check=True)
    assert versions(copy) == {"7.0.1"}
    rest = (copy / "CHANGELOG.md").read_text().partition("## 7.0.1, ")[2]
    assert rest.partition("\n")[2] == unreleased


@pytest.mark.parametrize("wrong", ["", "7.0", "v7.0.1", __version__])
def test_what_is_no_new_version_is_refused(wrong: str, copy: Path) -> None:
    done = subprocess.run(
        [copy / ".ci" / "version", wrong], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "VERSION=0.2.0" in done.stderr or __version__ in done.stderr
    assert versions(copy) == {__version__}
