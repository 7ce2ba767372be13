"""How pairs become verdicts on dates."""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, field_validator

from catalogs.settings.kinds import EachOnce, SettingGroup
from catalogs.settings.volcano import PlaceSettings
from catalogs.world.volcanoes import find_volcano, is_slug, plain_spelling
from fringewatch.errors import BadInputError
from fringewatch.plugins import DATE_METHODS, plugin_names

DATE_METHOD_NAMES: Final = ("rule", "cumulative-sum", "deconvolution", "early", "quiet")
"""The methods and presets that come with Fringewatch; a test holds them against those there are."""


def _known_method(name: str) -> str:
    if name not in DATE_METHOD_NAMES:  # else no package is asked what it adds
        known = (*DATE_METHOD_NAMES, *plugin_names(DATE_METHODS))
        if name not in known:
            message = f"no such method: one of {', '.join(known)}"
            raise ValueError(message)
    return name


class JudgingSettings(SettingGroup):
    """What scores pairs, what judges dates by them, and what single volcanoes have of their own."""

    model: str = Field(default="simclr-compact-2", description="the detector, by name")
    method: Annotated[str, AfterValidator(_known_method)] = Field(
        default="deconvolution",
        description="how the scores of pairs become a verdict for each date: rule, "
        "cumulative-sum, deconvolution, the presets early and quiet, or one of another package",
    )
    method_options: dict[str, bool | int | float] = Field(
        default={}, description="the method's own settings, where its defaults will not do"
    )
    rate_days: int = Field(
        default=72,
        ge=0,
        le=1000,
        description="days before each date whose pairs tell how fast places move; 0 for not at all",
    )
    slow_deviations: float = Field(
        default=4.0,
        ge=0.0,
        le=1000.0,
        description="standard deviations of a place's rate that are slow motion on two dates in a "
        "row; 0: rates are told, and change no state",
    )
    air: EachOnce[Literal["heights", "gacos", "icams"]] = Field(
        default=("heights",),
        description="what layered air is taken from the phase along, before it is scored, the most "
        "trusted first: the frame's heights, and the delays that two weather models have of its "
        "dates; empty for nothing",
    )
    deforming_share: float | None = Field(
        default=None,
        ge=0.0001,
        le=0.9,
        description="share of windows that deform, as the observatory knows its volcanoes: what "
        "probabilities assume; moves neither scores nor verdicts. By default what the model's card "
        "states",
    )
    water_coherence: float = Field(
        default=0.1,
        ge=0.0,
        lt=1.0,
        description="what counts as coherent: where there is no landmask, pixels that reach it in "
        "no pair are water (over open sea it is under 0.08), and a patch of which less than half "
        "reaches it in a pair has no score",
    )
    volcano: dict[str, PlaceSettings] = Field(
        default={}, description="single volcanoes: places of one's own, and changes to known ones"
    )

    @field_validator("volcano")
    @classmethod
    def _by_slug(cls, given: dict[str, PlaceSettings]) -> dict[str, PlaceSettings]:
        """The entries by the slugs that they mean, each once."""
        found: dict[str, PlaceSettings] = {}
        for name, place in given.items():
            slug = _slug_of(name, place)
            if slug in found:
                message = f"[volcano.{name}]: there is another entry for {slug}: make them one"
                raise ValueError(message)
            if place.method is not None:
                try:
                    _known_method(place.method)
                except ValueError as error:
                    message = f"volcano.{name}.method = '{place.method}': {error}"
                    raise ValueError(message) from error
            found[slug] = place
        return found


_OVERVIEW: Final = "index"
"""The page that a volcano of this name would overwrite."""


def _slug_of(name: str, place: PlaceSettings) -> str:
    """Return the slug of an entry: the catalogue's where it knows the name, else its own."""
    try:
        return find_volcano(name).slug
    except BadInputError as error:
        if not place.is_placed:
            message = f"[volcano.{name}]: {error}; a place of your own needs latitude and longitude"
            raise ValueError(message) from error
    slug = plain_spelling(name)
    if slug == _OVERVIEW:
        message = f"[volcano.{name}]: the overview of all volcanoes is called so: take another name"
        raise ValueError(message)
    if is_slug(slug):
        return slug
    message = (
        f"[volcano.{name}]: call the entry by lower-case letters, digits and hyphens, such as "
        'laguna-azul, and give the full name as name = "..."'
    )
    raise ValueError(message)
