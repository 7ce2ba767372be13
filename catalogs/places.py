"""The volcanoes that a home knows: those of the catalogue, and an observatory's own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from catalogs.records import FrameId, Volcano
from catalogs.settings import Settings
from catalogs.settings.volcano import PlaceSettings
from catalogs.world.volcanoes import (
    VolcanoCatalogue,
    plain_spelling,
    select_frames,
    shipped_catalogue,
)
from fringewatch.errors import BadInputError

NO_GVP_NUMBER = 0
"""Of a place that the Smithsonian does not list, or nobody gave the number of."""


def catalogue_of(settings: Settings) -> VolcanoCatalogue:
    """Return the catalogue with the places of the settings in it, sorted by slug.

    Raises
    ------
    BadInputError
        If the name or the number of one of them means another volcano already.
    """
    shipped = shipped_catalogue()
    if not settings.volcano:
        return shipped
    known = {volcano.slug: volcano for volcano in shipped.volcanoes}
    own = {
        slug: own_volcano(slug, place, known.get(slug)) for slug, place in settings.volcano.items()
    }
    merged = {**known, **own}
    return VolcanoCatalogue(tuple(merged[slug] for slug in sorted(merged))).checked()


def own_volcano(slug: str, place: PlaceSettings, known: Volcano | None) -> Volcano:
    """Return the volcano that the settings describe.

    Frames are those that are given, or else the catalogue's; where the coordinates are its own,
    those whose outlines lie over its window. Whatever is added or left out comes on top.

    Parameters
    ----------
    slug
        Its own.
    place
        What the settings say; with coordinates where the catalogue does not know it.
    known
        The catalogue's; None where it has none.
    """
    if place.latitude is not None and place.longitude is not None:
        # With numpy, which a home without places of its own need not wait for.
        from catalogs.world.frames_near import frames_over  # noqa: PLC0415

        base = Volcano(
            name=known.name if known else slug.replace("-", " ").title(),
            slug=slug,
            gvp_number=known.gvp_number if known else NO_GVP_NUMBER,
            latitude=place.latitude,
            longitude=place.longitude,
            region=known.region if known else "own",
            frames=() if place.frames else frames_over(place.latitude, place.longitude),
        )
    elif known is not None:
        base = known
    else:  # the settings refuse it
        message = f"volcano.{slug} has neither coordinates nor a place in the catalogue"
        raise BadInputError(message)
    given = [FrameId(text) for text in place.frames] or list(base.frames)
    frames = dict.fromkeys([*given, *map(FrameId, place.frames_added)])
    return replace(
        base,
        name=place.name or base.name,
        gvp_number=place.gvp_number or base.gvp_number,
        region=place.region or base.region,
        frames=tuple(frame for frame in frames if str(frame) not in place.frames_left_out),
    )


def place_notes(settings: Settings, volcano: Volcano) -> tuple[str, ...]:
    """Return what a person should know of a volcano's own settings, a fact a line.

    A frame that is left out and was never there is no error: a later catalogue may have lost it.
    """
    place = settings.volcano.get(volcano.slug)
    if place is None:
        return ()
    catalogue = {known.slug: known for known in shipped_catalogue().volcanoes}
    known = catalogue.get(volcano.slug)
    listed = {
        str(frame)
        for frame in own_volcano(
            volcano.slug, place.model_copy(update={"frames_left_out": ()}), known
        ).frames
    }
    said = [
        f"{volcano.slug}: frames_left_out names {frame}, which is none of its frames"
        for frame in place.frames_left_out
        if frame not in listed
    ]
    said += [
        f"{volcano.slug}: bad_pairs names {key}, whose frame is none of its frames"
        for key in place.bad_pairs
        if "/" in key and key.partition("/")[0] not in listed
    ]
    if isinstance(place.threshold, dict) and settings.model not in place.threshold:
        said.append(
            f"{volcano.slug}: threshold has no entry for {settings.model}: the model's own counts"
        )
    return tuple(said)


@dataclass(frozen=True)
class WatchList:
    """What a list of names means: volcanoes that can be watched, and what is wrong with others."""

    volcanoes: tuple[Volcano, ...] = ()
    """Each once, in the order of the list."""
    faults: Mapping[str, str] = field(default_factory=dict)
    """Why nothing can be watched, by slug, or by the plain spelling of a name that is none."""

    def check(self) -> Self:
        """Return the list itself.

        Raises
        ------
        BadInputError
            If there is nothing to watch in it.
        """
        if self.volcanoes:
            return self
        if self.faults:
            raise BadInputError(*self.faults.values())
        message = (
            "the watch list is empty: name volcanoes, or set watch = [...] in fringewatch.toml"
        )
        raise BadInputError(message)


def watch_list(settings: Settings, names: Sequence[str] | None = None) -> WatchList:
    """Return what the names mean: those of the settings' watch list, if none are given.

    A name that is none, and a volcano over which no frame is known, are faults of their own.

    Raises
    ------
    BadInputError
        If the settings' own places contradict each other.
    """
    catalogue = catalogue_of(settings)
    found: dict[str, Volcano] = {}
    faults: dict[str, str] = {}
    for name in settings.watch if names is None else names:
        slug = plain_spelling(name) or "(no name)"
        try:
            volcano = catalogue.find(name)
            slug = volcano.slug
            select_frames(volcano, ())
        except BadInputError as error:
            faults[slug] = str(error)
        else:
            found[volcano.slug] = volcano
    return WatchList(tuple(found.values()), faults)
