"""STAC: an item for the newest pair of each volcano, and a catalogue of them."""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from fringewatch.errors import BadInputError
from tasks.standards.newest_pair import CRS, PlacedPair
from tasks.standards.summary import VolcanoSummary


def stac_item(placed: PlacedPair, summary: VolcanoSummary, assets: Mapping[str, str]) -> bytes:
    """Return the item of a pair, JSON.

    Parameters
    ----------
    placed, summary
        The pair, and what is said of its volcano.
    assets
        File names beside the item, by their media types.

    Raises
    ------
    BadInputError
        If pystac is not installed.
    """
    stac = _pystac()
    from pystac.extensions.projection import ProjectionExtension  # noqa: PLC0415 - an extra
    from pystac.extensions.sar import FrequencyBand, Polarization, SarExtension  # noqa: PLC0415
    from pystac.extensions.sat import OrbitState, SatExtension  # noqa: PLC0415

    west, south, east, north = placed.bounds
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    start, end = (
        dt.datetime.combine(day, dt.time(), dt.UTC)
        for day in (placed.pair.primary, placed.pair.secondary)
    )
    item = stac.Item(
        id=f"{summary.slug}-{placed.name}",
        geometry={"type": "Polygon", "coordinates": [ring]},
        bbox=[west, south, east, north],
        datetime=end,
        start_datetime=start,
        end_datetime=end,
        properties={
            "title": summary.headline,
            "description": summary.because,
            "platform": "sentinel-1",
            "constellation": "sentinel-1",
            "instruments": ["c-sar"],
            "fringewatch:state": summary.state,
            "fringewatch:since": summary.since,
            "fringewatch:positive": placed.positive,
            "fringewatch:left_out": placed.left_out,
            "fringewatch:model": summary.model,
        },
    )
    item.properties["created"] = summary.said_at
    height, width = placed.phase_rad.shape
    projection = ProjectionExtension.ext(item, add_if_missing=True)
    projection.apply(code=CRS, shape=[height, width], transform=list(placed.transform)[:6])
    sar = SarExtension.ext(item, add_if_missing=True)
    sar.apply("IW", FrequencyBand.C, [Polarization.VV], "INSAR", center_frequency=5.405)
    sat = SatExtension.ext(item, add_if_missing=True)
    sat.apply(OrbitState(placed.frame.direction.value), relative_orbit=placed.frame.track)
    for media_type, name in assets.items():
        roles = ["data"] if media_type.startswith("image/tiff") else ["visual"]
        item.add_asset(
            name.rpartition(".")[2], stac.Asset(name, media_type=media_type, roles=roles)
        )
    return _json(item.to_dict(include_self_link=False))


def stac_catalogue(items: Mapping[str, str]) -> bytes:
    """Return a catalogue that links to items, JSON; `items` has titles by their relative paths."""
    stac = _pystac()
    catalogue = stac.Catalog("fringewatch", "The newest interferogram of each watched volcano")
    found = catalogue.to_dict(include_self_link=False)
    found["links"] = [
        {"rel": "root", "href": "./catalog.json", "type": "application/json"},
        *(
            {"rel": "item", "href": f"./{path}", "type": "application/geo+json", "title": title}
            for path, title in items.items()
        ),
    ]
    return _json(found)


def stac_problem() -> str | None:
    """Return why no item can be made at all, and what to do; None if nothing is lacking."""
    try:
        _pystac()
    except BadInputError as error:
        return str(error)
    return None


def _pystac() -> Any:
    try:
        import pystac as found  # noqa: PLC0415 - an extra
    except ImportError as error:
        message = (
            "exports has 'stac': pip install 'fringewatch[standards]' (pystac), or leave it out"
        )
        raise BadInputError(message) from error
    return found


def _json(found: dict[str, Any]) -> bytes:
    return (json.dumps(found, indent=1, ensure_ascii=False) + "\n").encode()
