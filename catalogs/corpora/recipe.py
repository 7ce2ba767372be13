"""The recipe of a corpus: where its patches come from, and which are good enough.

A recipe is a frozen model; the same recipe over the same sources gives the same corpus, to the
byte. It travels inside the plan and inside each version.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CubesSource(_Part):
    """Patches of volcanoes' cubes."""

    kind: Literal["cubes"] = "cubes"
    volcanoes: tuple[str, ...] = Field(
        default=(), description="by name, slug or GVP number; all that have a cube if empty"
    )
    regions: tuple[str, ...] = Field(
        default=(), description="regions of the catalogue, such as iceland; united with `volcanoes`"
    )


class ImagesSource(_Part):
    """Patches of a folder of pictures: grey wrapped phase, or LiCSAR quicklooks."""

    kind: Literal["images"] = "images"
    folder: Path = Field(description="pictures, class folders 0/ and 1/, or a folder with an index")
    part: Literal["all", "train"] = Field(
        default="all",
        description="train: leave out what its index publishes for testing, and what shares "
        "ground and dates with it",
    )


class SimulatedSource(_Part):
    """Patches of simulated scenes."""

    kind: Literal["simulated"] = "simulated"
    scenes: int = Field(ge=1, le=1_000_000, description="simulated interferograms")
    seed: int = Field(default=0, ge=0, description="other seeds give other scenes")


Source = Annotated[CubesSource | ImagesSource | SimulatedSource, Field(discriminator="kind")]


class Rules(_Part):
    """What a patch must be to be kept; the first rule that it breaks is its reason."""

    minimum_valid_fraction: float = Field(
        default=0.5, ge=0.0, le=1.0, description="least share of pixels with data"
    )
    minimum_phasor_coherence: float = Field(
        default=0.4,
        ge=0.0,
        le=1.0,
        description="least mean length of the mean phasor in 3 x 3 boxes; noise alone has 0.30",
    )
    maximum_equal_share: float = Field(
        default=0.5,
        gt=0.0,
        le=1.0,
        description="greatest share of valid pixels that hold one and the same byte: more is a "
        "blank picture",
    )
    maximum_fringe_rate: float = Field(
        default=0.33,
        gt=0.0,
        le=0.5,
        description="greatest median fringe rate, cycles per pixel; noise alone has 0.38, and the "
        "densest deformation of S1 0.32",
    )
    left_out_volcanoes: tuple[str, ...] = Field(
        default=(), description="slugs, kept back for a fair test"
    )


class CorpusRecipe(_Part):
    """Everything that decides what a corpus holds, besides the sources' own content."""

    sources: tuple[Source, ...] = Field(min_length=1)
    rules: Rules = Rules()
    water_coherence: float = Field(
        default=0.1, ge=0.0, lt=1.0, description="pixels that reach it in no pair are water"
    )
    patches_in_a_shard: int = Field(
        default=512, ge=1, le=4096, description="patches that one worker writes as one object"
    )
