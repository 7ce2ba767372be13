"""GeoJSON (RFC 7946): a point for each volcano with its state, and one for what the model sees."""

import json
from collections.abc import Sequence
from typing import Any

from tasks.standards.summary import VolcanoSummary

_NOT_SHOWN = {"latitude", "longitude", "peak", "changes"}


def geojson_of(summaries: Sequence[VolcanoSummary]) -> bytes:
    """Return the feature collection of volcanoes, and of places that a model looks at."""
    features = [feature for summary in summaries for feature in _features(summary)]
    whole = {"type": "FeatureCollection", "features": features}
    return (json.dumps(whole, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _features(summary: VolcanoSummary) -> list[dict[str, Any]]:
    told = {name: value for name, value in vars(summary).items() if name not in _NOT_SHOWN}
    found = [
        _point(summary.slug, (summary.latitude, summary.longitude), {"kind": "volcano", **told})
    ]
    if summary.peak is not None:
        words = {
            "kind": summary.peak_kind,
            "slug": summary.slug,
            "date": summary.as_of,
            "is_current": summary.is_current,
        }
        found.append(_point(f"{summary.slug}-peak", summary.peak, words))
    return found


def _point(name: str, place: tuple[float, float], told: dict[str, Any]) -> dict[str, Any]:
    latitude, longitude = place
    geometry = {"type": "Point", "coordinates": [longitude, latitude]}
    return {"type": "Feature", "id": name, "geometry": geometry, "properties": told}
