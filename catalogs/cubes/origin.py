"""What the phase of a cube was made of: attributes, there where it is not LiCSAR's as it is.

``phase_product`` is LiCSAR's word for the product; without it, it is ``diff_pha``.
``resampled_from`` says for each pair that was resampled what grid its file has.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import zarr
from zarr.errors import GroupNotFoundError

from catalogs.cubes.reading import cube_is_there
from catalogs.records import DatePair, Product
from catalogs.storage.place import Place
from fringewatch.errors import BadInputError, StoreError

_PRODUCT: Final = "phase_product"
_RESAMPLED: Final = "resampled_from"
_LONG_NAMES: Final = MappingProxyType(
    {
        Product.UNW: "interferometric phase, unwrapped and wrapped again",
        Product.DIFF_UNFILTERED_PHA: "wrapped interferometric phase, unfiltered",
    }
)


def product_of(attributes: Mapping[str, Any]) -> str:
    """Return LiCSAR's word for the product that a cube of these attributes was made of."""
    return str(attributes.get(_PRODUCT, Product.DIFF_PHA.value))


def note_origin(group: zarr.Group, phase: Product, resampled_from: Mapping[DatePair, str]) -> None:
    """Write into a cube's group which product its phase is, and which pairs were resampled.

    `resampled_from` holds a pair's own grid in words; empty where it was cut as it is, which takes
    back what an earlier file of the pair had.
    """
    if phase is not Product.DIFF_PHA and group.attrs.get(_PRODUCT) != phase.value:
        group.attrs[_PRODUCT] = phase.value
        group["phase"].attrs["long_name"] = _LONG_NAMES[phase]
    before = group.attrs.get(_RESAMPLED, {})
    known = dict(before) if isinstance(before, dict) else {}
    known |= {str(pair): words for pair, words in resampled_from.items()}
    now = {pair: words for pair, words in sorted(known.items()) if words}
    if now != before:
        group.attrs[_RESAMPLED] = now


def refuse_other_phase(place: Place, phase: Product) -> None:
    """Refuse to mix two products in the cube at `place`; one that is not there takes any.

    Raises
    ------
    BadInputError
        If the cube was made of another product than `phase`.
    """
    try:
        if not cube_is_there(place):
            return
        group = zarr.open_group(place.zarr_store(), mode="r", use_consolidated=False)
    except (GroupNotFoundError, StoreError, ValueError, RuntimeError):
        return  # damaged: who opens it says so
    found = product_of(group.attrs)
    if found != phase.value:
        message = (
            f"the cube {place} was made of {found}, and the setting product says {phase.value}; "
            f"verdicts of both do not mix: give --product {found}, another --home, or build it "
            f"anew with `fringewatch rebuild VOLCANO --product {phase.value}`"
        )
        raise BadInputError(message)
