"""The command that says what is installed: version, extras, plug-ins, and what is broken."""

from importlib.util import find_spec
from pathlib import Path
from platform import python_version
from typing import Final

import fringewatch
from flows.cli.common import app
from fringewatch.installation import misplaced_packages, shared_packages
from fringewatch.plugins import GROUPS, PluginError, find_plugin, find_plugins

_BROKEN: Final = 2

_EXTRAS: Final = {"train": "torch", "comparison": "timm", "standards": "pystac"}
"""Extras, and a module that is there where one is installed."""


@app.command
def about() -> int:
    """Say what is installed: version, extra packages, plug-ins, and what is wrong with them.

    Plug-ins are imported for it, one by one. The exit code is 2 if one is broken, or if another
    package has put files into those of Fringewatch.
    """
    print(f"Fringewatch {fringewatch.__version__}, Python {python_version()}")
    print(f"installed in {Path(fringewatch.__file__).parents[1]}")
    for extra, module in _EXTRAS.items():
        there = "installed" if find_spec(module) else f"pip install 'fringewatch[{extra}]'"
        print(f"extra {extra}: {there}")
    problems = [*misplaced_packages(), *shared_packages()]
    for line in problems:
        print(f"broken: {line}")
    states = [_state_of(group, name) for group, name in _plugins()]
    for line, _ in states:
        print(line)
    if not states:
        print("no plug-ins")
    works = not problems and all(is_good for _, is_good in states)
    return 0 if works else _BROKEN


def _plugins() -> list[tuple[str, str]]:
    """Return group and name of every plug-in, each once."""
    found = [(group, plugin.name) for group in GROUPS for plugin in find_plugins(group)]
    return list(dict.fromkeys(found))


def _state_of(group: str, name: str) -> tuple[str, bool]:
    """Return a line on a plug-in, and whether it can be imported."""
    try:
        plugin = find_plugin(group, name)
        if plugin is None:  # uninstalled in this moment
            return f"plug-in {name} ({group}): gone", False
        plugin.load()
    except PluginError as error:
        return f"broken: {error}", False
    return f"plug-in {name} ({group}) of {plugin.package}", True
