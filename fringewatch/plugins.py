"""What other packages add: detectors, date methods and sources, found by their entry points.

A package names what it adds in its own ``pyproject.toml``; nothing of it is imported before that
name is asked for, so that a broken one harms only those who ask for it.
"""

import functools
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Final, TypeVar

from typing_extensions import override

from fringewatch.errors import BadInputError, FringewatchError
from fringewatch.failures import foreseen
from fringewatch.plain_text import plain

T = TypeVar("T")

DETECTORS: Final = "fringewatch.detectors"
"""Readers of models' folders, by the architecture that the card names."""

DATE_METHODS: Final = "fringewatch.date_methods"
"""Ways from the scores of pairs to dates, by their names."""

SOURCES: Final = "fringewatch.sources"
"""Sources of interferograms, by the word before the colon of ``--portal word:...``."""

GROUPS: Final = (DETECTORS, DATE_METHODS, SOURCES)


class PluginError(BadInputError):
    """A plug-in cannot be used: two packages have its name, or it is broken."""


@dataclass(frozen=True)
class Plugin:
    """Something that another package adds; it is not imported yet."""

    group: str
    """One of `GROUPS`."""
    name: str
    package: str
    """Name and version of the distribution that brings it."""
    entry: EntryPoint

    def load(self) -> Callable[..., Any]:
        """Return what the plug-in is.

        Raises
        ------
        PluginError
            If it cannot be imported, for whatever reason, or is nothing that can be called.
        """
        try:
            found: object = self.entry.load()
        except Exception as error:  # whatever somebody else's module does when it is imported
            raise self.broken(error) from error
        if not callable(found):
            message = f"{self.entry.value} is no class or function"
            raise self.broken(message)
        return found

    def call(self, function: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Return what a function of the plug-in returns.

        Raises
        ------
        PluginError
            For whatever it raises but one of our own errors, a full disk and a lack of memory.
        """
        try:
            return function(*arguments, **named)
        except FringewatchError:
            raise
        except Exception as error:  # somebody else's code, of which nothing is known
            raise foreseen(error) or self.broken(error) from error

    def broken(self, reason: object) -> PluginError:
        """Return the error that says that the plug-in does not do what it has to."""
        words = reason
        if isinstance(reason, BaseException):
            words = f"{type(reason).__name__}: {reason}"
        return PluginError(
            f"the plug-in '{self.name}' ({self.group}) of {self.package} is broken: "
            f"{plain(words, 500)}; mend that package, or uninstall it"
        )


class Guarded:
    """A part of another package: what fails in it says whose it is, long after it was loaded.

    Whatever a subclass does not look at is handed through as it is.
    """

    def __init__(self, plugin: Plugin, part: object) -> None:
        self._plugin, self._part = plugin, part

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # the questions of pickle, copy and Dask: the answer is none
            raise AttributeError(name)
        plugin, found = self._plugin, self._plugin.call(_attribute, self._part, name)
        if found is _MISSING:
            message = f"{type(self._part).__name__} has no {name}"
            raise AttributeError(message)
        if not callable(found):
            return found
        return lambda *arguments, **named: plugin.call(found, *arguments, **named)

    @override
    def __repr__(self) -> str:
        return repr(self._part)

    @override
    def __reduce__(self) -> tuple[type, tuple[Plugin, object]]:
        return type(self), (self._plugin, self._part)


_MISSING: Final = object()


def _attribute(part: object, name: str) -> object:
    return getattr(part, name, _MISSING)


def find_plugins(group: str) -> tuple[Plugin, ...]:
    """Return what other packages add to a group, in order of names; none of it is imported."""
    return _plugins_on(group, tuple((folder, _changed(folder)) for folder in sys.path))


@functools.lru_cache(maxsize=16)
def _plugins_on(group: str, _path: tuple[tuple[str, int], ...]) -> tuple[Plugin, ...]:
    """Return the same; packages are looked for where one came or went, not at every question."""
    found = {
        Plugin(group, entry.name, _package_of(entry), entry) for entry in entry_points(group=group)
    }
    return tuple(sorted(found, key=lambda plugin: (plugin.name, plugin.package)))


def _changed(folder: str) -> int:
    """When a folder of Python's path changed, in nanoseconds; 0 where there is none."""
    try:
        return Path(folder).stat().st_mtime_ns
    except OSError:
        return 0


def plugin_names(group: str) -> tuple[str, ...]:
    """Return the names in a group, each once."""
    return tuple(dict.fromkeys(plugin.name for plugin in find_plugins(group)))


def find_plugin(group: str, name: str) -> Plugin | None:
    """Return the plug-in of a name; None if no package adds it.

    Raises
    ------
    PluginError
        If two packages do.
    """
    named = [plugin for plugin in find_plugins(group) if plugin.name == name]
    if len(named) > 1:
        owners = " and ".join(plugin.package for plugin in named)
        message = (
            f"the plug-in '{name}' ({group}) is there more than once, in {owners}: uninstall one"
        )
        raise PluginError(message)
    return named[0] if named else None


def _package_of(entry: EntryPoint) -> str:
    """Return name and version of the distribution that an entry point belongs to."""
    if entry.dist is None:
        return "a package without a name"
    return f"{entry.dist.name} {entry.dist.version}"
