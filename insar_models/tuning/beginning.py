"""What a tuning run begins with: files, an encoder, and what was learned before."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from insar_models.detectors.card_entries import ENCODER_ARCHITECTURE
from insar_models.detectors.registry import load_encoder_detector
from insar_models.encoders.encoder import Encoder
from insar_models.encoders.files import load_encoder
from insar_models.model_folder import read_card
from insar_models.patchfile.air_file import Air, read_air
from insar_models.patchfile.window_file import Windows, read_windows


@dataclass(frozen=True, eq=False)
class FieldData:
    """What a run learns from beside a corpus."""

    windows: Windows | None = None
    """Quiet ground."""
    air: Air | None = None

    def identity(self) -> dict[str, str]:
        """Return the hashes of the files, by what they hold."""
        parts = {"windows": self.windows, "air": self.air}
        return {name: part.sha256 for name, part in parts.items() if part is not None}


def encoder_to_tune(folder: Path) -> tuple[Encoder, dict[str, Any]]:
    """Return the encoder in `folder`, or of the detector that lies there, and how it was trained.

    Raises
    ------
    ModelError
        If there is no encoder, or it is damaged.
    """
    card = read_card(folder)
    if card.get("architecture") != ENCODER_ARCHITECTURE:
        return load_encoder(folder), card
    past = {key: told for key, told in card["encoder_training"].items() if key != "sha256"}
    return load_encoder_detector(folder).encoder.eval(), past


@dataclass(frozen=True)
class TuneFiles:
    """The files that a run learns from."""

    corpus: Path
    """Patches with labels."""
    windows: Path | None = None
    air: Path | None = None


def read_field(windows: Path | None, air: Path | None) -> FieldData:
    """Return what the files hold; what is not given is not there.

    Raises
    ------
    StoreError
        If a file cannot be read, or is of another kind.
    """
    return FieldData(
        None if windows is None else read_windows(windows), None if air is None else read_air(air)
    )
