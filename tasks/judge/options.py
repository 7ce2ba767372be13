"""Options of date methods, looked at with the other settings: before anything is started.

What a method takes is known to `insar_models` alone, which the settings know nothing of.
"""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from catalogs.settings import Settings, load_settings
from fringewatch.errors import BadInputError
from fringewatch.plugins import PluginError


def checked_settings(**given: Any) -> Settings:
    """Return the settings, `given` first (None means not given), after a look at methods' options.

    Raises
    ------
    BadInputError
        If a name is unknown, a value out of range, or a method has no such option.
    """
    settings = load_settings(**given)
    check_options(settings)
    return settings


def check_options(settings: Settings) -> None:
    """Refuse options that the methods of the settings do not have, or values of no use.

    Without options there is nothing to look at, and no method is imported.

    Raises
    ------
    BadInputError
        If there is such an option; the message names the entry.
    """
    for where, method, options in _asked(settings):
        try:
            _check(method, options)
        except PluginError:
            continue  # the runs that need it say so, and `fringewatch about`
        except BadInputError as error:
            message = f"settings are wrong: {where}method_options: {error}"
            raise BadInputError(message) from error


def _check(method: str, options: Mapping[str, Any]) -> None:
    from insar_models.onset.methods import find_method  # noqa: PLC0415 - takes a second

    found: Any = find_method(method)
    known = {field.name for field in fields(found)} if is_dataclass(found) else set(options)
    unknown = [name for name in options if name not in known]
    if unknown:
        near = difflib.get_close_matches(unknown[0], known, n=1)
        question = f"; did you mean {near[0]}?" if near else ""
        names = ", ".join(sorted(known))
        message = f"method '{method}' has no option '{unknown[0]}'{question} (one of {names})"
        raise BadInputError(message)
    find_method(method, options)


def _asked(settings: Settings) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Give where options stand, the method that they are for, and them."""
    if settings.method_options:
        yield "", settings.method, settings.method_options
    for slug, place in settings.volcano.items():
        if place.method_options:
            own = settings.for_volcano(slug)
            yield f"volcano.{slug}.", own.method, own.method_options
