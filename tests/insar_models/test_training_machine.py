"""A training machine: the packages that docs/train.md names, a copy of two folders, and no more."""

import re
import subprocess
import sys
import venv
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

pytest.importorskip("torch")

from insar_models.compare import main as compare
from insar_models.encoders.files import save_encoder
from tests.insar_models.labelled_corpus import labelled_corpus as table_corpus
from tests.insar_models.small_tuning import labelled_corpus, tiny_encoder
from tests.insar_models.test_train import TOML

ROOT = Path(__file__).parents[2]
FOLDERS = ("insar_models", "fringewatch")
NOT_THERE = (
    "requests",
    "rasterio",
    "zarr",
    "pydantic",
    "prefect",
    "matplotlib",
    "pandas",
    "sklearn",
)


def packages_that_the_page_names() -> list[str]:
    page = (ROOT / "docs" / "train.md").read_text(encoding="utf-8")
    section = page[page.index("A training machine needs") :]
    found = re.search(r"^pip install (.+)$", section, flags=re.MULTILINE)
    assert found is not None
    return found[1].split()


def with_what_they_need(names: list[str]) -> Iterator[Distribution]:
    """What pip would install for these packages, as it is installed here."""
    seen: set[str] = set()
    while names:
        name = names.pop()
        if name.lower() in seen:
            continue
        seen.add(name.lower())
        found = distribution(name)
        yield found
        needs = map(Requirement, found.requires or ())
        names += [n.name for n in needs if n.marker is None or n.marker.evaluate({"extra": ""})]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an environment of its own, and the two folders of code."""
    machine = tmp_path_factory.mktemp("machine")
    venv.create(machine / "env", with_pip=False, symlinks=True)
    (site,) = (machine / "env" / "lib").glob("python*/site-packages")
    for found in with_what_they_need(packages_that_the_page_names()):
        for top in {file.parts[0] for file in found.files or () if file.parts[0] != ".."}:
            here = site / top
            if not here.exists() and top != "__pycache__":
                here.symlink_to(Path(str(found.locate_file(top))).resolve())
    for folder in FOLDERS:
        (machine / folder).symlink_to(ROOT / folder)
    return machine


def run(machine: Path, *words: str) -> subprocess.CompletedProcess[str]:
    # -E and an empty environment: nothing of this machine's packages is found by accident.
    environment = {"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [str(machine / "env" / "bin" / "python"), *words]
    return subprocess.run(
        command, cwd=machine, env=environment, capture_output=True, text=True, check=False
    )


def test_it_has_nothing_that_the_page_does_not_name(machine: Path) -> None:
    names = (*NOT_THERE, *FOLDERS, "torch")
    code = f"from importlib.util import find_spec as f; print([n for n in {names} if f(n)])"
    done = run(machine, "-c", code)
    assert done.stdout.strip() == str([*FOLDERS, "torch"]), done.stderr
    assert Path(sys.prefix) != machine / "env"


def test_every_module_can_be_imported(machine: Path) -> None:
    modules = sorted(
        path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*.py")
    )
    assert len(modules) > 50
    code = f"import importlib\nfor name in {modules!r}: importlib.import_module(name)\nprint('all')"
    done = run(machine, "-c", code)
    assert done.stdout.strip() == "all", done.stderr


def test_it_pretrains_and_tunes(machine: Path, tmp_path: Path) -> None:
    corpus = labelled_corpus(tmp_path)
    save_encoder(tmp_path / "encoder", tiny_encoder(), {})
    (tmp_path / "pretrain.toml").write_text(TOML)
    (tmp_path / "tune.toml").write_text("sources = 6\nbatch_size = 6\nheld_out = 0.25\n")
    given = (str(corpus.path), "--device", "cpu", "--steps", "2")
    for module, recipe, more in (
        ("insar_models.train", "pretrain.toml", ()),
        ("insar_models.tune", "tune.toml", ("--encoder", str(tmp_path / "encoder"))),
    ):
        words = ("--recipe", str(tmp_path / recipe), "--folder", str(tmp_path / module))
        done = run(machine, "-m", module, *given, *words, *more)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / module / "encoder" / "card.json").is_file(), done.stderr


def test_a_row_of_the_table_keeps_its_features_for_a_machine_that_can_judge(
    machine: Path, tmp_path: Path
) -> None:
    corpus = table_corpus(tmp_path / "corpus.safetensors")
    words = (str(corpus.path), "--folder", str(tmp_path / "table"), "--device", "cpu")
    done = run(machine, "-m", "insar_models.compare", *words, "--rows", "untrained-compact")
    assert done.returncode == 3, done.stderr
    assert "needs scikit-learn" in done.stdout
    rows = tmp_path / "table" / "rows" / "untrained-compact"
    assert list((rows / "features" / "corpus").glob("*.safetensors"))
    pytest.importorskip("sklearn")
    assert compare(["--probe-seeds", "1", *words, "--rows", "untrained-compact"]) == 0
    assert "cannot" not in (tmp_path / "table" / "table.csv").read_text("utf-8")
