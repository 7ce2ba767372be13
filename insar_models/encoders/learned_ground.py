"""Which ground an encoder has learned from with labels: what it says there proves nothing."""

from collections.abc import Mapping
from typing import Any

from fringewatch.errors import ModelError


def areas_learned(card: Mapping[str, Any], version: str) -> frozenset[int]:
    """Return the areas of a corpus that an encoder was tuned on; none if it never was.

    Parameters
    ----------
    card
        Of the encoder.
    version
        Of the corpus: areas of another one have other numbers.

    Raises
    ------
    ModelError
        If the card says that it was tuned, and not on what.
    """
    tuned = card.get("tuned")
    if tuned is None:
        return frozenset()
    try:
        learned_version, areas = tuned["corpus"]["version"], tuned["areas_learned"]
        found = frozenset(int(area) for area in areas)
    except (KeyError, TypeError, ValueError) as error:
        message = (
            f"the encoder's card does not say which areas it was tuned on ({error!r}): tune it "
            "again, or copy its folder again"
        )
        raise ModelError(message) from error
    return found if learned_version == version else frozenset()


def volcanoes_learned(card: Mapping[str, Any]) -> frozenset[str]:
    """Return the volcanoes whose whole windows an encoder was tuned on; none if it never was."""
    tuned = card.get("tuned") or {}
    names = tuned.get("volcanoes_learned", [])
    if not isinstance(names, list):
        message = (
            f"the encoder's card names {names!r} as volcanoes that it was tuned on: tune it again, "
            "or copy its folder again"
        )
        raise ModelError(message)
    return frozenset(str(name) for name in names)
