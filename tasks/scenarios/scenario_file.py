"""Scenario files: the shipped ones by name, a person's own by path."""

import difflib
import tomllib
from pathlib import Path
from typing import Any, Final

import catalogs
from fringewatch.errors import BadInputError
from tasks.scenarios.patch_scenario import PatchScenario
from tasks.scenarios.record_reading import read_record
from tasks.scenarios.scenario import Scenario

_SHIPPED: Final = Path(str(catalogs.__file__)).with_name("scenarios")
_ENDING: Final = ".toml"


def read_scenario(name: str | Path, *, seed: int | None = None) -> Scenario:
    """Return the scenario of a volcano that `name` means.

    Parameters
    ----------
    name
        A shipped scenario, or the path of a TOML file: it ends in ``.toml`` or has a slash.
    seed
        Instead of the file's own.

    Raises
    ------
    BadInputError
        If there is no such scenario, the file cannot be read, a key or a value in it is wrong (the
        message names it by its path, such as ``episodes[1].source.dip_degrees``), or it describes
        a set of patches.
    """
    found = read_any(name, seed=seed)
    if isinstance(found, Scenario):
        return found
    message = f"{found.name} is a set of patches, no volcano with dates: choose another scenario"
    raise BadInputError(message)


def read_any(name: str | Path, *, seed: int | None = None) -> Scenario | PatchScenario:
    """Return what `name` means: a scenario of a volcano, or one of a set of patches.

    Raises
    ------
    BadInputError
        As `read_scenario`, but for sets of patches, which are welcome.
    """
    path = _path_of(str(name))
    table = _read_toml(path)
    if seed is not None:
        table["seed"] = seed
    if "name" in table:
        message = f"{path}: name is no key of a scenario: its file has the name"
        raise BadInputError(message)
    kind: type[Scenario | PatchScenario] = PatchScenario if "patches" in table else Scenario
    try:
        return read_record(kind, {**table, "name": path.stem}, "")
    except BadInputError as error:
        message = f"{path}: {error}"
        raise BadInputError(message) from error


def shipped_scenarios() -> tuple[tuple[str, str], ...]:
    """Return name and summary of each scenario that comes with Fringewatch, sorted by name."""
    return tuple(
        (path.stem, str(_read_toml(path).get("summary", "")))
        for path in sorted(_SHIPPED.glob(f"*{_ENDING}"))
    )


def _path_of(name: str) -> Path:
    """The file that a scenario's name means: a path, or one of those that are shipped."""
    if name.endswith(_ENDING) or "/" in name:
        return Path(name).expanduser()
    path = _SHIPPED / f"{name}{_ENDING}"
    if path.is_file():
        return path
    known = [path.stem for path in sorted(_SHIPPED.glob(f"*{_ENDING}"))]
    near = difflib.get_close_matches(name, known)
    advice = f"did you mean {' or '.join(near)}?" if near else f"choose from {', '.join(known)}"
    message = f"no scenario '{name}': {advice} A file of your own ends in {_ENDING}"
    raise BadInputError(message)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"cannot read the scenario {path}: {error.strerror}"
        raise BadInputError(message) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"the scenario {path} is no TOML: {error}"
        raise BadInputError(message) from error
