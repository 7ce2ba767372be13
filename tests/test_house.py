"""The house: who may import whom, and what a training machine must have."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OURS = ("fringewatch", "catalogs", "insar_models", "tasks", "flows", "tests", "benchmarks")
MAY_IMPORT = {
    "fringewatch": {"fringewatch"},
    "catalogs": {"fringewatch", "catalogs"},
    "insar_models": {"fringewatch", "insar_models"},
    "tasks": {"fringewatch", "catalogs", "insar_models", "tasks"},
    "flows": {"fringewatch", "catalogs", "insar_models", "tasks", "flows"},
}
NETWORK_AND_FLOWS = {"prefect", "requests", "urllib3", "httpx", "aiohttp", "boto3"}
FILES_OF_OTHERS = {"rasterio", "xarray", "zarr", "pandas", "pyarrow", "dask", "distributed", "PIL"}
FORBIDDEN = {
    "fringewatch": NETWORK_AND_FLOWS | FILES_OF_OTHERS | {"numpy", "scipy", "torch", "pydantic"},
    "catalogs": {"prefect", "torch", "torchvision", "sklearn", "dask", "distributed"},
    "insar_models": NETWORK_AND_FLOWS | FILES_OF_OTHERS | {"pydantic", "matplotlib"},
    "tasks": set(),
    "flows": {"requests", "rasterio", "xarray", "zarr", "torch", "sklearn", "dask"},
}


def modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def imported(path: Path) -> Iterator[str]:
    """Top-level names that a module imports, wherever the import stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield str(node.module).partition(".")[0]


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_imports_go_one_way(folder: str) -> None:
    assert modules(folder)
    for path in modules(folder):
        names = set(imported(path))
        of_ours = names & set(OURS)
        assert of_ours <= MAY_IMPORT[folder], f"{path}: {of_ours - MAY_IMPORT[folder]}"
        assert not names & FORBIDDEN[folder], f"{path}: {names & FORBIDDEN[folder]}"


def test_there_is_one_place_for_http_sessions() -> None:
    users = {
        path.relative_to(ROOT).as_posix()
        for folder in MAY_IMPORT
        for path in modules(folder)
        if "requests" in set(imported(path))
    }
    assert users
    assert all(path.startswith("catalogs/portal/") for path in users)
    for path in sorted(users):
        assert "requests.get(" not in (ROOT / path).read_text()


def test_no_step_forgets_the_storage_of_a_home() -> None:
    """Tasks and flows make a home of the settings by `home_of`, which knows of the storage."""
    for folder in ("tasks", "flows"):
        for path in modules(folder):
            assert "Home(settings" not in path.read_text(), path


def test_a_model_scores_with_numpy_and_scipy_alone() -> None:
    """Training and scoring machines have little else: the science imports nothing heavier."""
    code = (
        "import sys\n"
        "class Refuse:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.partition('.')[0] in {sorted(FORBIDDEN['insar_models'])!r}:\n"
        "            raise ImportError(name)\n"
        "sys.meta_path.insert(0, Refuse())\n"
        "import numpy as np\n"
        "from insar_models.detectors.registry import DEFAULT_MODEL, find_model\n"
        "import insar_models.simulation, insar_models.quicklook, insar_models.probes.probe\n"
        "model = find_model(DEFAULT_MODEL, None)\n"
        "print(model.logits(np.ones((1, 224, 224), np.float32)).shape)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert done.stdout.strip() == "(1,)", done.stderr


def test_every_package_is_in_the_distribution() -> None:
    """Packages are found by their ``__init__.py``: each folder with code has one."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["packages"]["find"]["include"]
    assert sorted(patterns) == sorted(f"{folder}*" for folder in MAY_IMPORT)
    for folder in MAY_IMPORT:
        for path in modules(folder):
            assert (path.parent / "__init__.py").is_file(), f"{path} is in no package"
