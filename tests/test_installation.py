"""What is installed: a wheel with all that it needs, and who else has packages of our names."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from fringewatch.installation import PACKAGES
from tests.plugins import install

ROOT = Path(__file__).parents[1]
DATA = (
    "catalogs/world/volcanoes.csv",
    "insar_models/weights/baseline-0/card.json",
    "insar_models/weights/baseline-0/weights.safetensors",
    "tasks/site/templates/land.path",
    "tasks/site/templates/volcano.html",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a copy of the repository, built without a network."""
    copy = tmp_path_factory.mktemp("copy")
    names = (*PACKAGES, "pyproject.toml", "README.md", "LICENSE")
    for name in names:
        # Links: setuptools writes beside them, not into them.
        (copy / name).symlink_to(ROOT / name)
    made = tmp_path_factory.mktemp("wheel")
    words = ("wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(made))
    pip(*words, str(copy))
    (file,) = made.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the wheel is installed."""
    site = tmp_path_factory.mktemp("site")
    pip("install", "--quiet", "--no-deps", "--no-index", "--target", str(site), str(wheel))
    return site


def pip(*words: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stdout + done.stderr


def command(*places: Path, words: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """Run the command as its script does, with folders before all others."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    paths = os.pathsep.join(map(str, places))
    code = "from fringewatch.command import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False,
        cwd=places[0], env=kept | {"PYTHONPATH": paths},
    )  # fmt: skip


def test_a_wheel_holds_the_packages_of_the_layout_their_types_and_their_data(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.partition("/")[0] for name in names if ".dist-info" not in name}
    assert tops == set(PACKAGES)
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(names)
    assert set(DATA) <= set(names)
    there = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
    }
    assert there <= set(names)


def test_an_installed_wheel_runs(site: Path) -> None:
    done = command(site, words=("about",))
    assert done.returncode == 0, done.stderr
    assert f"installed in {site}" in done.stdout
    found = command(site, words=("volcanoes", "taal"))
    assert "taal" in found.stdout.lower(), found.stderr


def test_a_package_of_somebody_else_by_one_of_our_names_is_named(
    site: Path, tmp_path: Path
) -> None:
    install(tmp_path, "todo-list", {}, {"tasks/__init__.py": "raise RuntimeError('not ours')\n"})
    done = command(tmp_path, site, words=("volcanoes",))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "the package 'tasks' that Python finds at" in done.stderr
    assert "belongs to fringewatch" in done.stderr
    assert "todo-list 1.0" in done.stderr


def test_about_names_a_package_that_shares_a_folder_with_ours(site: Path, tmp_path: Path) -> None:
    install(tmp_path, "flow-charts", {}, {"flows/chart.py": ""})
    done = command(site, tmp_path, words=("about",))
    assert done.returncode == 2
    assert "'flows' belongs to Fringewatch and to flow-charts 1.0" in done.stdout
