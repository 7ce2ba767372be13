"""Options of date methods, and the model's name, looked at with the other settings.

What a method takes, and which models there are, is known to `insar_models` alone, which the
settings know nothing of. Who looks at a home hears of a mistake as who runs does.
"""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Final

import insar_models
from catalogs.settings import Settings, load_settings
from fringewatch.errors import BadInputError
from fringewatch.plugins import PluginError

SHIPPED: Final = Path(*insar_models.__path__) / "weights"
"""Folder of the models that come with the package; their registry takes a second to import."""


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


def watch_settings(**given: Any) -> Settings:
    """Return the settings as `checked_settings`, after a look whether there is such a model.

    Whoever makes a model needs none: `checked_settings` is enough for that.

    Raises
    ------
    BadInputError
        As `checked_settings`.
    ModelError
        If no model has that name; one that is damaged, or at a storage, is for runs to say.
    """
    settings = checked_settings(**given)
    _check_model(settings)
    return settings


def _check_model(settings: Settings) -> None:
    """Refuse a name that no model has; no model is read, and no storage asked."""
    name, in_bucket = settings.model, "://" in settings.storage
    own = Path(settings.storage or settings.home) / "models"
    there = {path.name for folder in (SHIPPED, own) for path in folder.glob("*/")}
    if in_bucket or name in there:
        return
    from insar_models.detectors.registry import find_model  # noqa: PLC0415 - takes a second

    find_model(name, own)  # which says what there is


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
