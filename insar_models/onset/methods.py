"""The ways from pair scores to dates, by name."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, Final, Protocol

from fringewatch.errors import BadInputError
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
            Of one volcano, all its frames, in any order; each pair of a frame once.
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
    """Return the method called `name`: one of `METHOD_NAMES`, or of `PRESETS`.

    Parameters
    ----------
    name
        Of a method or a preset.
    options
        Values of the method's fields; the others keep the preset's, or their defaults.

    Raises
    ------
    BadInputError
        If there is no such method or option, or a value is of no use.
    """
    base, given = PRESETS.get(name, (name, {}))
    kind = _METHODS.get(base)
    if kind is None:
        known_names = ", ".join((*METHOD_NAMES, *PRESETS))
        message = f"unknown method '{name}' for dates: one of {known_names}"
        raise BadInputError(message)
    known = {field.name for field in fields(kind)}
    unknown = sorted(set(options or {}) - known)
    if unknown:
        message = f"method '{name}' has no option '{unknown[0]}': one of {', '.join(sorted(known))}"
        raise BadInputError(message)
    return kind(**{**given, **(options or {})})
