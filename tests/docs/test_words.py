"""What is documented exists: commands and options, settings, recipes, modules, deployments."""

import importlib.util
import inspect
import re
import shlex
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from apprise import Apprise
from cyclopts import CycloptsError

from catalogs.corpora.recipe_file import load_recipe
from catalogs.places import catalogue_of
from catalogs.settings import Settings, load_settings
from catalogs.settings.volcano import PlaceSettings
from flows import cli  # noqa: F401 - registers the commands
from flows.cli.common import app
from insar_models.pretraining.recipe import find_pretrain_recipe
from tests.docs.blocks import ROOT, Block, blocks, inline_commands
from tests.flows.test_prefect_yaml import DEPLOYMENTS, flow_of

BLOCKS = blocks()
MARKS = re.compile(r"|synopsis|picture|not run: \S.*|terminal: \w+|in: \S+")
SHELL = [block for block in BLOCKS if not block.language and block.mark != "picture"]
LINES = [(block.name, line) for block in SHELL for line in block.commands()] + inline_commands()
OURS = re.compile(r"(\.venv/bin/)?fringewatch (?!\.\.\.|\w+ \.\.\. )")
FRINGEWATCH = [(name, line) for name, line in LINES if OURS.match(line)]


def filled_in(line: str) -> list[str]:
    """The words of a synopsis with something in the place of what stands for something."""
    line = re.sub(r"\s*\.\.\.(?=[\s\]]|$)", "", line).replace("[", "").replace("]", "")
    stands_for = {"YYYY-MM-DD": "2020-01-01", "N": "2", "I": "0", "KIND": "compact"}
    words = [word.split("|")[0] for word in shlex.split(re.sub(r" \| (--\S+ )", r" \1", line))]
    return [stands_for.get(word, word) for word in words]


def test_every_block_says_what_it_is() -> None:
    assert len(BLOCKS) > 15
    wrong = [f"{block.name}: {block.mark}" for block in BLOCKS if not MARKS.fullmatch(block.mark)]
    assert not wrong


def test_what_is_not_run_is_listed_with_its_reason(
    record_property: Callable[[str, object], None],
) -> None:
    reasons = {
        b.name: b.mark.removeprefix("not run: ") for b in SHELL if b.mark.startswith("not run")
    }
    record_property("documented commands that no test runs", str(reasons))
    assert reasons
    assert all(len(reason) > 5 for reason in reasons.values())


@pytest.mark.parametrize(("where", "line"), FRINGEWATCH, ids=lambda words: str(words)[:60])
def test_the_command_takes_these_words(where: str, line: str) -> None:
    words = filled_in(line)
    if len(words) == 2:  # the name of a command alone
        assert app[words[1]] is not None
        return
    try:
        command, bound, _ = app.parse_args(words[1:], exit_on_error=False, print_error=False)
    except CycloptsError as error:
        pytest.fail(f"{where}: {line}\n{error}")
    inspect.signature(command).bind_partial(*bound.args, **bound.kwargs)


@pytest.mark.parametrize(
    ("where", "line"), [each for each in LINES if "prefect deployment run" in each[1]]
)
def test_the_deployment_has_these_parameters(where: str, line: str) -> None:
    words = shlex.split(line)
    flow, _, deployment = words[3].partition("/")
    assert flow == deployment
    given = [words[at + 1].split("=")[0] for at, word in enumerate(words) if word == "--param"]
    known = flow_of(DEPLOYMENTS[deployment]).parameters
    assert set(given) <= set(known.properties), where
    assert set(known.required or ()) <= set(given), where


@pytest.mark.parametrize(
    ("where", "module"),
    [
        (where, found[1])
        for where, line in LINES
        if (found := re.search(r"(?:python|torchrun).* -m (\w+[.\w]*)", line))
    ],
)
def test_the_module_is_there(where: str, module: str) -> None:
    assert importlib.util.find_spec(module) is not None, where


def toml_of(page: str) -> Block:
    (block,) = (each for each in BLOCKS if each.language == "toml" and each.page == page)
    return block


def test_every_setting_is_documented_and_is_taken(tmp_path: Path) -> None:
    said = tomllib.loads(toml_of("docs/operate.md").text)
    assert set(said) <= set(Settings.model_fields)
    # The model and the home are options of every command; the rest is in the list.
    assert set(Settings.model_fields) - set(said) <= {"home", "model"}
    (tmp_path / "fringewatch.toml").write_text(
        toml_of("docs/operate.md").text.replace("https://...", "https://example.org")
    )
    load_settings(home=tmp_path)


def test_the_places_are_taken(tmp_path: Path) -> None:
    (tmp_path / "fringewatch.toml").write_text(toml_of("docs/places.md").text, "utf-8")
    settings = load_settings(home=tmp_path)
    catalogue = catalogue_of(settings)
    assert [catalogue.find(name).slug for name in settings.watch] == list(settings.watch)
    assert {key for place in settings.volcano.values() for key in place.model_fields_set} <= set(
        PlaceSettings.model_fields
    )


def test_the_exports_are_taken(tmp_path: Path) -> None:
    (tmp_path / "fringewatch.toml").write_text(toml_of("docs/standards.md").text, "utf-8")
    assert len(load_settings(home=tmp_path).exports) == 7


def test_the_channels_of_the_page_are_taken(tmp_path: Path) -> None:
    (tmp_path / "fringewatch.toml").write_text(toml_of("docs/messages.md").text)
    settings = load_settings(home=tmp_path)
    known = [Apprise.instantiate(url.get_secret_value()) for url in settings.notify]
    assert len(known) == 3
    assert all(known)


def test_the_recipes_are_taken(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(toml_of("docs/corpora.md").text, "utf-8")
    (tmp_path / "S1").mkdir()
    assert len(load_recipe(recipe, ()).sources) == 2
    recipe.write_text(toml_of("docs/train.md").text, "utf-8")
    assert find_pretrain_recipe(str(recipe)).batch_size == 128


def test_the_units_name_what_is_there() -> None:
    units = sorted((ROOT / "docs" / "systemd").glob("fringewatch-*"))
    assert len(units) == 5
    for unit in units:
        text = unit.read_text("utf-8")
        if unit.suffix == ".service":
            assert "\nUser=fringewatch\n" in text
            assert "ProtectSystem=strict" in text
    assert yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))["name"] == "fringewatch"
