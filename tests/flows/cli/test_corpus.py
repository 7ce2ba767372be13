"""The commands of corpora: words in, exit codes and messages out; the work itself is stood in."""

import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

from catalogs.corpora.plan import Plan, counts_by_reason, write_plan
from catalogs.corpora.recipe import CorpusRecipe, CubesSource, ImagesSource, SimulatedSource
from catalogs.corpora.shards import Receipt, shard_name, write_receipt
from catalogs.corpora.versions import Corpus, corpus_at
from catalogs.settings import Settings
from catalogs.storage.place import Folder
from flows.cli import run
from flows.cli.common import app
from fringewatch.errors import StoreError
from tasks.corpora.report import CorpusReport
from tasks.records import Outcome
from tests.tasks.corpora.small_version import SmallVersion, noise, plan_of, write_small


@dataclass
class Builders:
    """Stands in for `tasks.corpora.build`, and remembers what it was asked."""

    plan: Plan
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    missing: tuple[int, ...] = ()
    outcome: Outcome = Outcome.DONE

    def plan_corpus(self, name: str, recipe: CorpusRecipe, settings: Settings) -> Plan:
        self.asked.append((name, recipe, settings))
        return self.plan

    def build_corpus(self, name: str, recipe: CorpusRecipe, settings: Settings) -> CorpusReport:
        self.asked.append((name, recipe, settings))
        return self.report(Folder(settings.home) / "corpora" / name)

    def build_shards(self, plan: str, shards: range, settings: Settings) -> tuple[Receipt, ...]:
        self.asked.append((plan, tuple(shards), settings))
        corpus = Corpus(Folder(Path(plan).parent.parent))
        store = corpus.version(self.plan.version)
        there = [number for number in shards if number not in self.missing]
        for number in there:
            (store / "phase" / shard_name(number)).write(bytes(99))
            write_receipt(corpus, self.plan, Receipt(number, 5, 99, ""))
        if len(there) < len(shards):
            message = "a source has changed"
            raise StoreError(message)
        return ()

    def finish_corpus(self, plan: str) -> CorpusReport:
        self.asked.append((plan,))
        return self.report(Folder(Path(plan).parent.parent))

    def report(self, corpus: Folder) -> CorpusReport:
        return CorpusReport(
            name=self.plan.name,
            version=self.plan.version,
            place=corpus / f"{self.plan.version}.zarr",
            patches=len(self.plan.kept),
            shards=self.plan.shards,
            missing=self.missing,
            failures=tuple(f"shard {number}: a worker died" for number in self.missing),
            counts=counts_by_reason(self.plan),
            outcome=self.outcome,
        )


@pytest.fixture
def builders(monkeypatch: pytest.MonkeyPatch) -> Builders:
    """Twelve patches, of which one is left out, in three shards."""
    kept = np.arange(12) != 4
    index = np.where(kept, np.cumsum(kept) - 1, -1)
    reasons = np.where(kept, "", "blank")
    found = Builders(plan_of(noise(12), kept=kept, reason=reasons, index=index))
    module = ModuleType("tasks.corpora.build")
    for name in ("plan_corpus", "build_corpus", "build_shards", "finish_corpus"):
        setattr(module, name, getattr(found, name))
    monkeypatch.setitem(sys.modules, "tasks.corpora.build", module)
    return found


@pytest.fixture
def plan_file(builders: Builders, tmp_path: Path) -> str:
    corpus = corpus_at(Folder(tmp_path / "my home") / "corpora", "small")
    place = corpus.plan(builders.plan.version)
    write_plan(builders.plan, place)
    return str(place)


@pytest.fixture
def small(tmp_path: Path) -> SmallVersion:
    return write_small(tmp_path / "fringewatch-data", noise(7), label=[1, 0, -1, -1, -1, -1, -1])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["build", "new"], "no sources were given: name some with --from; the forms are cubes"),
        (["build", "new", "--from"], "the forms are cubes"),
        (["build", "--from", "cubes"], "NAME"),
        (["build", "New", "--from", "cubes"], "'New' cannot name a corpus"),
        (["build", "new", "--from", "cube:etna"], "no kind of source 'cube'"),
        (["build", "new", "--from", "cubes:etnaa"], "did you mean"),
        (["build", "new", "--from", "cubes", "--workers", "-1"], "workers"),
        (["build", "new", "--config", "none.toml"], "cannot read the recipe none.toml"),
        (["build", "new", "--volcano", "etna"], "--volcano"),
        (["shard", "x.parquet", "--index", "0"], "is no plan where one lies"),
        (["shard", "x.parquet"], "--index"),
        (["shard", "x.parquet", "--index", "0", "--count", "0"], "--count 0"),
        (["shard", "corpora/a/plans/0123456789ab.parquet", "--index", "0"], "there is no plan at"),
        (["show", "none"], "there is no finished corpus 'none'"),
        (["verify", "none"], "there is no finished corpus 'none'"),
        (["prune", "none", "--keep", "1"], "there is no finished corpus 'none'"),
        (["prune", "none"], "--keep"),
        (["export", "none", "x"], "there is no finished corpus 'none'"),
        (["show", "../x"], "cannot name a corpus"),
    ],
)
def test_wrong_words_end_with_2_and_say_which(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path,
    builders: Builders,
) -> None:  # fmt: skip
    assert run(["corpus", *words]) == 2
    said = capsys.readouterr()
    assert message in said.err
    assert not builders.asked
    assert not any(tmp_path.iterdir())


def test_sources_follow_one_from_or_several(builders: Builders, tmp_path: Path) -> None:
    words = ["cubes:etna,fernandina", "images:pictures?part=train", "simulated:10?seed=3"]
    expected = (
        CubesSource(volcanoes=("etna", "fernandina")),
        ImagesSource(folder=tmp_path / "pictures", part="train"),
        SimulatedSource(scenes=10, seed=3),
    )
    assert run(["corpus", "build", "new", "--from", *words, "--workers", "3"]) == 0
    assert run(["corpus", "build", "new", *(w for word in words for w in ("--from", word))]) == 0
    assert [recipe.sources for _, recipe, _ in builders.asked] == [expected, expected]
    assert [settings.workers for _, _, settings in builders.asked] == [3, 0]


def test_from_replaces_the_sources_of_the_file_and_nothing_else(builders: Builders) -> None:
    Path("recipe.toml").write_text(
        'patches_in_a_shard = 7\n[[sources]]\nkind = "cubes"\n[rules]\nmaximum_fringe_rate = 0.2\n'
    )
    assert run(["corpus", "build", "new", "--config", "recipe.toml"]) == 0
    words = ["corpus", "build", "new", "--config", "recipe.toml", "--from", "simulated:5"]
    assert run(words) == 0
    recipes = [recipe for _, recipe, _ in builders.asked]
    assert [recipe.sources[0].kind for recipe in recipes] == ["cubes", "simulated"]
    assert {(r.patches_in_a_shard, r.rules.maximum_fringe_rate) for r in recipes} == {(7, 0.2)}


def test_a_dry_run_says_what_and_where_and_how(
    builders: Builders, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["build", "small", "--from", "cubes", "--dry-run", "--home", "my home"]
    assert run(["corpus", *words]) == 0
    said = capsys.readouterr().out
    address = f"my home/corpora/small/plans/{builders.plan.version}.parquet"
    for pattern in (
        r"cubes +12 candidates", r"blank +1\n", r"kept +11\n", f"plan: +{re.escape(address)}",
        r"shards: +3, 552 kB", f"corpus shard '{address}' --index 0 --count 3",
        f"corpus finish '{address}'",
    ):  # fmt: skip
        assert re.search(pattern, said), pattern


def test_the_line_that_looks_into_a_plan_works(
    plan_file: str, builders: Builders, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["corpus", "build", "small", "--from", "cubes", "--dry-run", "--home", "my home"])
    (line,) = re.findall(r"look: +(python .*)", capsys.readouterr().out)
    line = line.replace("python", sys.executable, 1)
    done = subprocess.run(line, shell=True, capture_output=True, text=True, check=True)  # noqa: S602
    assert re.search(r"cubes +11\s+blank +1", re.sub(r"\n +", "\n", done.stdout))


def test_a_plan_without_a_patch_ends_with_4(
    builders: Builders, capsys: pytest.CaptureFixture[str]
) -> None:
    builders.plan = plan_of(noise(2), kept=False, reason="blank", index=-1)
    assert run(["corpus", "build", "small", "--from", "cubes", "--dry-run"]) == 4
    assert "no patch is kept" in capsys.readouterr().out


@pytest.mark.parametrize(("index", "count", "shards"), [(0, 1, (0,)), (1, 9, (1, 2))])
def test_a_job_writes_its_shards_alone_and_those_beyond_the_last_are_none(
    plan_file: str, builders: Builders, index: int, count: int, shards: tuple[int, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("FRINGEWATCH_WORKERS", "8")
    monkeypatch.setenv("FRINGEWATCH_SCHEDULER", "tcp://10.0.0.1:8786")
    assert run(["corpus", "shard", plan_file, "--index", str(index), "--count", str(count)]) == 0
    ((address, asked, settings),) = builders.asked
    assert (address, asked) == (plan_file, shards)
    assert (settings.workers, settings.scheduler) == (1, "")
    assert Path(settings.storage) == Path(plan_file).parents[3]


@pytest.mark.parametrize("index", ["3", "-1"])
def test_a_job_for_no_shard_says_which_there_are(
    plan_file: str, builders: Builders, index: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["corpus", "shard", plan_file, f"--index={index}"]) == 2
    assert "has shards 0 to 2" in capsys.readouterr().err
    assert not builders.asked


@pytest.mark.parametrize(("missing", "code"), [((), 0), ((1,), 3), ((0, 1, 2), 4)])
def test_a_job_names_the_shards_that_it_could_not_write(
    plan_file: str, builders: Builders, missing: tuple[int, ...], code: int,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    builders.missing = missing
    assert run(["corpus", "shard", plan_file, "--index", "0", "--count", "3"]) == code
    said = capsys.readouterr().out
    assert len(re.findall(r"^shard \d: 5 patches, 99 bytes$", said, re.MULTILINE)) == 3 - len(
        missing
    )
    assert ("missing shards:" in said) is bool(missing)
    assert ("failed: a source has changed" in said) is bool(missing)


def test_what_is_missing_is_named_with_commands_that_are_accepted(
    plan_file: str, builders: Builders, capsys: pytest.CaptureFixture[str]
) -> None:
    builders.missing, builders.outcome = (0, 2), Outcome.PARTIAL
    assert run(["corpus", "finish", plan_file]) == 3
    said = capsys.readouterr().out
    assert "missing shards: 0,2\n" in said
    assert "shard 2: a worker died" in said
    commands = re.findall(r"^  fringewatch (corpus .*)$", said, re.MULTILINE)
    assert len(commands) == 3
    parsed = [app.parse_args(command.replace(plan_file, "PLAN")) for command in commands]
    assert [bound.arguments.get("index") for _, bound, _ in parsed] == [0, 2, None]


def test_list_names_corpora_and_an_empty_home_ends_with_4(
    small: SmallVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["corpus", "list", "--home", "none"]) == 4
    assert "no corpus at none/corpora" in capsys.readouterr().out
    (small.corpus.place.parent / "half" / "plans" / "x").write(b"x")
    (small.corpus.place.parent / "spoilt" / "current").write(b"rubbish")
    assert run(["corpus", "list"]) == 0
    half, whole, spoilt = capsys.readouterr().out.splitlines()
    assert whole == f"{'small':<24} current {small.plan.version}"
    assert half.split() == ["half", "never", "finished"]
    assert spoilt.split()[0] == "spoilt"


def test_show_counts_and_draws(small: SmallVersion, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["corpus", "show", "small", "--output", "pictures/sheet.png"]) == 0
    assert re.search(r"deforming +1\n", capsys.readouterr().out)
    with Image.open("pictures/sheet.png") as image:
        assert image.format == "PNG"
    assert run(["corpus", "show", "small", "--output", "pictures"]) == 2
    assert "cannot write pictures" in capsys.readouterr().err
    assert run(["corpus", "show", "small", "--version", "0" * 12]) == 2
    assert f"there are: {small.plan.version}" in capsys.readouterr().err


def test_verify_finds_a_spoilt_patch(
    small: SmallVersion, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["corpus", "verify", "small"]) == 0
    assert "7 of 7 patches in 2 shards are sound" in capsys.readouterr().out
    shard = small.place / "phase" / "c.0.0.0"
    shard.write(shard.read()[:1000] + b"spoilt" + shard.read()[1006:])
    assert run(["corpus", "verify", "small", "--version", small.plan.version]) == 3
    assert "6 of 7 patches" in capsys.readouterr().out


def test_prune_keeps_the_newest(small: SmallVersion, capsys: pytest.CaptureFixture[str]) -> None:
    newer = write_small(Path("fringewatch-data"), noise(3))
    assert run(["corpus", "prune", "small", "--keep", "2"]) == 0
    assert "removed: nothing" in capsys.readouterr().out
    assert run(["corpus", "prune", "small", "--keep", "1"]) == 0
    assert f"removed: {small.plan.version}" in capsys.readouterr().out
    assert Corpus(small.corpus.place).finished() == (newer.plan.version,)


def test_export_writes_a_file(small: SmallVersion, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["corpus", "export", "small", "small.safetensors"]) == 0
    assert "small.safetensors" in capsys.readouterr().out
    assert Path("small.safetensors").stat().st_size > 7 * 224 * 224
