"""How often model and method are wrong where nothing moves, as it was measured."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from catalogs.home.home import home_of
from catalogs.settings import Settings
from fringewatch.errors import ModelError
from insar_models.detectors.registry import SHIPPED_MODELS
from insar_models.model_folder import CARD_FILE, read_card

METHODS: Final = {
    "quiet": 0.03, "deconvolution": 0.18, "early": 0.74, "cumulative-sum": 0.65, "rule": 1.95,
}  # fmt: skip
"""False episodes in a volcano-year of simulated quiet, of methods and presets as they come."""

METHODS_COMMAND: Final = "python -m benchmarks.date_methods --quick --series 30 --noise 0.8,0.05"
"""Prints these figures; docs/assess.md has them, too."""


def false_alarm_words(settings: Settings) -> list[str]:
    """Return what was measured of the model (by its card) and of the method, a sentence each."""
    return [*_of_model(settings), *_of_method(settings)]


def card_of(settings: Settings) -> Mapping[str, Any]:
    """Return the card of the model that the settings name; empty if none can be read here."""
    home = home_of(settings)
    own = home.models.path
    places = [own] if own is not None else [home.model_copies]
    for place in (*places, SHIPPED_MODELS):
        folder: Path = place / settings.model
        if (folder / CARD_FILE).is_file():
            try:
                return read_card(folder)
            except ModelError:
                return {}
    return {}


def _of_model(settings: Settings) -> list[str]:
    windows = _entry(_entry(card_of(settings), "metrics"), "windows")
    share = windows.get("quiet_share_cross_fitted")
    if not isinstance(share, int | float):
        return [
            f"The card of {settings.model} has no measured rate of false alarms on whole windows."
        ]
    said = f"{settings.model} calls {share:.1%} of real quiet windows deforming"
    bounds = windows.get("quiet_share_cross_fitted_95_percent")
    if isinstance(bounds, list) and len(bounds) == 2:  # noqa: PLR2004 - low and high
        said += f" (95 %: {bounds[0]:.1%} to {bounds[1]:.1%}"
        said += f"; {windows.get('quiet_windows')} windows of volcanoes that it did not learn from)"
    found = _entry(windows, "pasted_found_by_peak_m")
    seen = [
        f"{_centimetres(span)}: {entry['found']:.0%} of {entry['windows']}"
        for span, entry in found.items()
        if isinstance(entry, Mapping) and {"found", "windows"} <= set(entry)
    ]
    sees = [f"Of simulated sources on quiet ground it sees, by their peak, {'; '.join(seen)}."]
    return [f"{said}.", *(sees if seen else [])]


def _of_method(settings: Settings) -> list[str]:
    rate = METHODS.get(settings.method)
    if rate is None or settings.method_options:
        return [
            f"How often {settings.method} with these options begins an episode where nothing moves "
            "was not measured: see docs/assess.md for how to."
        ]
    return [
        f"On simulated quiet volcanoes {settings.method} begins {rate:.2f} false episodes a year "
        f"({METHODS_COMMAND}). Real air is worse."
    ]


def _centimetres(span: str) -> str:
    """A span of the card in metres, such as ``0.04 to 0.08``, in centimetres."""
    try:
        low, high = (f"{100 * float(part):g}" for part in span.split(" to "))
    except ValueError:
        return span
    return f"{low} to {high} cm"


def _entry(entries: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = entries.get(name)
    return found if isinstance(found, Mapping) else {}
