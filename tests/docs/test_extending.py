"""The examples of docs/extending.md and docs/python.md, run as they stand on the page."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

from tests.docs.blocks import blocks
from tests.docs.sandbox import Sandbox, write_tree
from tests.end_to_end.commands import clean_environment, fringewatch
from tests.plugins import install
from tests.portal.server import StandInPortal
from tests.scenes import FRAME, FRINGES, QUIET, write_frame

EXAMPLES = {
    block.text.partition("\n")[0].removeprefix("# "): block.text
    for block in blocks()
    if block.page == "docs/extending.md" and block.language in {"python", "toml"}
}
KINDS = {"20240106_20240118": QUIET, "20240118_20240130": FRINGES, "20240130_20240211": FRINGES}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of installed packages that holds the page's package and its other programs."""
    site = tmp_path_factory.mktemp("site")
    project = tomllib.loads(EXAMPLES["pyproject.toml"])["project"]
    modules = {name: text for name, text in EXAMPLES.items() if name.endswith(".py")}
    install(site, project["name"], project["entry-points"], modules)
    return site


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The list of an archive of three pairs of Fernandina."""
    tree = write_frame(tmp_path_factory.mktemp("archive"), KINDS)
    rows = ["frame,pair,phase,coherence"]
    for pair in KINDS:
        (phase,) = tree.rglob(f"{pair}.geo.diff_pha.tif")
        coherence = phase.with_name(f"{pair}.geo.cc.tif")
        rows.append(f"{FRAME},{pair},{phase.relative_to(tree)},{coherence.relative_to(tree)}")
    (tree / "index.csv").write_text("\n".join(rows) + "\n")
    return tree / "index.csv"


def python(site: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words], capture_output=True, text=True, check=False,
        env=clean_environment() | {"PYTHONPATH": str(site)}, cwd=site, timeout=280,
    )  # fmt: skip


def test_a_package_of_ones_own_watches_from_the_command_line(
    site: Path, archive: Path, prefect_server: str, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    made = python(site, str(site / "steepness.py"), str(home / "models" / "steep-1"))
    assert made.returncode == 0, made.stderr
    environment = {"PYTHONPATH": str(site), "FRINGEWATCH_METHOD": "two-in-a-row"}
    environment["PREFECT_API_URL"] = prefect_server
    words = ["fernandina", "--start", "2024-01-01", "--end", "2024-03-01", "--frame", FRAME.text]
    words += ["--portal", f"archive:{archive}", "--model", "steep-1", "--home", str(home)]
    done = fringewatch("backfill", *words, cwd=tmp_path, environment=environment)
    assert done.returncode == 0, done.stdout + done.stderr
    output = tmp_path / "unrest.geojson"
    code = (
        "import sys; from pathlib import Path\nfrom unrest_geojson import write_unrest\n"
        f"from flows.api import open_home\nhome = Path({str(home)!r})\n"
        "dates = open_home(home).dates('fernandina')\n"
        "print(*dates['state'], *dates['method'].unique(), *dates['model'].unique())\n"
        f"print(write_unrest(home, 'fernandina', Path({str(output)!r})))\n"
    )
    read = python(site, "-c", code)
    assert read.returncode == 0, read.stderr
    assert read.stdout.splitlines() == ["quiet watch unrest two-in-a-row steep-1", "1"]
    (point,) = json.loads(output.read_text())["features"]
    assert point["properties"]["date"] == "2024-02-11"
    longitude, latitude = point["geometry"]["coordinates"]
    assert abs(longitude - -91.55) < 0.3
    assert abs(latitude - -0.37) < 0.3


def test_about_lists_the_parts_of_a_package(site: Path, tmp_path: Path) -> None:
    done = fringewatch("about", cwd=tmp_path, environment={"PYTHONPATH": str(site)})
    assert done.returncode == 0, done.stderr
    for name in ("archive", "two-in-a-row", "steepness"):
        assert f"plug-in {name} (" in done.stdout
    assert done.stdout.count("of observatory-parts 1.0") == 3


def test_the_patch_source_of_the_page_reads_what_it_surveyed(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import numpy as np, sys; from pathlib import Path\n"
        "from saved_patches import SavedPatches\n"
        "from tasks.corpora.patch_source import PatchKey\n"
        "from insar_models.phase.symmetries import patch_sha256\n"
        "source = SavedPatches(0, Path(sys.argv[1]))\n"
        "found = [c for item in source.items() for c in source.survey(item)]\n"
        "print(*('bad' if c.problem else 'good' for c in found))\n"
        "good = [c for c in found if not c.problem]\n"
        "read = source.read([PatchKey.of(c) for c in good])\n"
        "print(all(patch_sha256(p) == c.sha256 for p, c in zip(read, good, strict=True)))\n"
    )
    generator = np.random.default_rng(5)
    for name in ("a", "b"):
        patch = generator.integers(0, 256, (224, 224), dtype=np.uint8)
        np.save(tmp_path / f"{name}.npy", patch)
    np.save(tmp_path / "c.npy", np.zeros((3, 3), np.uint8))
    done = python(site, "-c", code, str(tmp_path))
    assert done.stdout.splitlines() == ["good good bad", "True"], done.stderr


def test_the_page_on_python_runs_as_written(tmp_path_factory: pytest.TempPathFactory) -> None:
    with StandInPortal(write_tree(tmp_path_factory.mktemp("tree"))) as portal:
        sandbox = Sandbox(tmp_path_factory.mktemp("sandbox"), portal.url)
        page = [block.text for block in blocks() if block.page == "docs/python.md"]
        done = subprocess.run(
            [sys.executable, "-c", "\n".join(page)], capture_output=True, text=True, check=False,
            cwd=sandbox.folder, env=sandbox.environment(), timeout=280,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "DONE 0 fetched, 3 in the table" in done.stdout
    assert "no volcano" in done.stdout
