"""The house: who may import whom, and what a training machine must have."""

import ast
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "architecture.md"
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


def module_files() -> dict[str, Path]:
    """Every module of ours by the name that it is imported by, as a path of the repository."""
    paths = (path.relative_to(ROOT) for folder in MAY_IMPORT for path in modules(folder))
    return {".".join(path.with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


def arrows() -> dict[Path, set[Path]]:
    """Every file of ours with the files of ours that it imports, wherever the import stands."""
    files = module_files()
    found: dict[Path, set[Path]] = {}
    for path in files.values():
        names: list[str] = []
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names += [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                given = (f"{node.module}.{alias.name}" for alias in node.names)
                names += [name if name in files else str(node.module) for name in given]
        found[path] = {files[name] for name in names if name in files} - {path}
    return found


def rooms_of_the_page() -> list[tuple[str, ...]]:
    """The lines of the table of rooms, from the top of the house to its ground."""
    table = PAGE.read_text(encoding="utf-8").partition("| room |")[2].partition("\n\n")[0]
    cells = (line.split("|")[1] for line in table.splitlines() if line.startswith("| `"))
    return [tuple(re.findall(r"`([^`]+)`", cell)) for cell in cells]


def room_of(path: Path) -> str:
    """A room is a folder of a package, or a file beside its rooms; `fringewatch` is one room."""
    if path.parts[0] == "fringewatch":
        return "fringewatch/"
    return path.as_posix() if len(path.parts) == 2 else "/".join(path.parts[:2]) + "/"


def test_the_table_of_rooms_names_each_room_once() -> None:
    named = Counter(room for line in rooms_of_the_page() for room in line)
    there = {
        room_of(path)
        for path in module_files().values()
        if path.name != "__init__.py" or len(path.parts) > 2
    } | {"fringewatch/"}
    assert set(named) == there
    assert max(named.values()) == 1


def test_no_import_runs_up_the_house() -> None:
    line_of = {room: line for line, rooms in enumerate(rooms_of_the_page()) for room in rooms}
    up = [
        f"{path} imports {other}"
        for path, others in arrows().items()
        for other in others
        if len(other.parts) > 2 or other.name != "__init__.py"
        if room_of(path) != room_of(other) and line_of[room_of(other)] <= line_of[room_of(path)]
    ]
    assert not up


def test_no_file_imports_itself_by_way_of_others() -> None:
    graph = arrows()
    assert len(graph) > 100
    TopologicalSorter(graph).prepare()  # a CycleError names the files of the circle


def test_the_page_says_where_to_change_what() -> None:
    table = PAGE.read_text(encoding="utf-8").partition("| what | where |")[2].partition("\n\n")[0]
    answers = re.findall(r"\| `([^`]+)` \|", table)
    assert len(answers) >= 10
    rooms = {room for line in rooms_of_the_page() for room in line}
    for answer in answers:
        assert (ROOT / answer).is_file(), answer
        # One step on the page to the room, one in the room to the file.
        path = Path(answer)
        assert len(path.parts) == 1 or room_of(path) in rooms, answer


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
