"""The ways from pair scores to dates, by name."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any, Final, Protocol, cast

from fringewatch.errors import BadInputError
from fringewatch.plugins import DATE_METHODS, Plugin, find_plugin, plugin_names
from insar_models.onset.added_method import AddedMethod
from insar_models.onset.cumulative_sum import CumulativeSum
from insar_models.onset.deconvolution import Deconvolution
from insar_models.onset.evidence import DateVerdict, PairEvidence
from insar_models.onset.rule import Rule


class OnsetMethod(Protocol):
    """A way from the scores of pairs to one verdict for each date.

    All are causal: the verdict of a date rests on pairs that end on it or earlier, so that a
    nightly run and a backfill say the same of it.
    """

    @property
    def name(self) -> str:
        """By which `find_method` knows it."""
        ...

    @property
    def silence_days(self) -> int:
        """Days without data after which its verdicts no longer stand."""
        ...

    def judge(
        self, pairs: Sequence[PairEvidence], tried: Iterable[dt.date] = ()
    ) -> tuple[DateVerdict, ...]:
        """Return a verdict for each date, in order of time.

        Parameters
        ----------
        pairs
            Of one volcano, all its frames, in any order; each pair of a frame once. Those that a
            person called atmosphere are given to our own methods alone (`knows_atmosphere`).
        tried
            Dates on which a pair ended that could not be had: they get a verdict too.

        Raises
        ------
        BadInputError
            If a pair of a frame is there twice.
        """
        ...


_METHODS: Final[dict[str, type[Rule] | type[CumulativeSum] | type[Deconvolution]]] = {
    kind.name: kind for kind in (Rule, CumulativeSum, Deconvolution)
}
METHOD_NAMES: Final = tuple(_METHODS)
PRESETS: Final[dict[str, tuple[str, dict[str, float | int]]]] = {
    "early": (Deconvolution.name, {"begin": 0.2}),
    "quiet": (Deconvolution.name, {"begin": 0.6}),
}
"""Methods with options, by names that say what they are for."""


def find_method(name: str, options: Mapping[str, Any] | None = None) -> OnsetMethod:
    """Return the method called `name`: one of ours, a preset, or one that another package adds.

    Parameters
    ----------
    name
        One of `METHOD_NAMES`, of `PRESETS`, or of the entry points
        `fringewatch.plugins.DATE_METHODS`.
    options
        Values of the method's fields; the others keep the preset's, or their defaults.

    Raises
    ------
    BadInputError
        If there is no such method or option, or a value is of no use.
    PluginError
        If the package that adds the method is broken; its `judge` raises the same later, also for
        verdicts that are none (`AddedMethod`).
    """
    base, given = PRESETS.get(name, (name, {}))
    own = _METHODS.get(base)
    plugin = None if own else _plugin_of(base)
    kind: Any = _kind_of_plugin(plugin) if plugin else own
    known = {field.name for field in fields(kind)}
    unknown = sorted(set(options or {}) - known)
    if unknown:
        message = f"method '{name}' has no option '{unknown[0]}': one of {', '.join(sorted(known))}"
        raise BadInputError(message)
    values = {**given, **(options or {})}
    if plugin is None:
        method: OnsetMethod = kind(**values)
        return method
    return cast("OnsetMethod", AddedMethod(plugin, plugin.call(kind, **values)))


def knows_atmosphere(method: OnsetMethod) -> bool:
    """Return whether a method takes pairs of `atmosphere` for what they are, as ours do."""
    return isinstance(method, tuple(_METHODS.values()))


def _plugin_of(name: str) -> Plugin:
    plugin = find_plugin(DATE_METHODS, name)
    if plugin is None:
        known = ", ".join((*METHOD_NAMES, *PRESETS, *plugin_names(DATE_METHODS)))
        message = f"unknown method '{name}' for dates: one of {known}"
        raise BadInputError(message)
    return plugin


def _kind_of_plugin(plugin: Plugin) -> object:
    """Return the class of a method that another package adds: a dataclass of its options."""
    kind, name = plugin.load(), plugin.name
    has_judge = is_dataclass(kind) and callable(getattr(kind, "judge", None))
    if not has_judge or getattr(kind, "name", None) != name:
        message = f"{plugin.entry.value} is no dataclass with a judge and the name '{name}'"
        raise plugin.broken(message)
    return kind
