"""What is asked of a probe of an encoder, and what came of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from catalogs.storage.place import Place
from insar_models.patchfile.splits import SplitBy
from insar_models.probes.linear_probe import LinearProbeSettings

_SETTINGS: Final = LinearProbeSettings()

DEFAULT_VIEWS: Final = 1
"""Of new models. With more, noise moves a logit half as far (`benchmarks.operating_curve --noise`),
and each costs as much again."""


@dataclass(frozen=True)
class EncoderProbeRequest:
    """What is to be probed, and how."""

    corpus: Path
    """Patch file with labels."""
    encoder: Path
    """Folder of the encoder."""
    name: str
    """Of the new model; one that is there already is replaced."""
    by: SplitBy = SplitBy.AREA
    settings: LinearProbeSettings = _SETTINGS
    pasted: int = 0
    """Patches that are learned from as well: quiet ones, half of them with simulated motion."""
    device: str = "cpu"
    windows: Path | None = None
    """File of real quiet windows. What is pasted is made as in tuning, of volcanoes that the
    encoder was tuned on; all others place the threshold, which then is a window's."""
    air: Path | None = None
    """File of relief and delays, where the encoder was tuned with one."""
    views: int = DEFAULT_VIEWS
    """Of each patch, turned and mirrored, whose mean the model's logit is."""
    graph: bool = True
    """Whether to write ``model.onnx`` as well, by which a watch scores without torch."""


@dataclass(frozen=True)
class EncoderProbeReport:
    """What was made, of what, and how well it does."""

    folder: Path | Place
    """Where the model lies now."""
    sha256: str
    by: SplitBy
    deforming: int
    quiet: int
    """Patches that were learned from."""
    left_out: dict[str, int]
    """Patches of the corpus that were not, by reason."""
    threshold: float
    metrics: dict[str, Any]
    """As in the card."""

    def __str__(self) -> str:
        """Return a few lines for a person."""
        overall = self.metrics["held_out"]["overall"]
        left_out = ", ".join(f"{count} {reason}" for reason, count in self.left_out.items())
        ranked, found = (
            ", ".join(f"{words} {overall[key]} ({_range(overall, key)})" for words, key in pairs)
            for pairs in (
                (("AUROC", "auroc"), ("AUPRC", "auprc")),
                (("recall", "recall"), ("precision", "precision")),
            )
        )
        return "\n".join(
            [
                f"model written to {self.folder} (sha256 {self.sha256[:12]}...)",
                f"learned from {self.deforming} deforming and {self.quiet} quiet patches; left "
                f"out: {left_out or 'none'}",
                f"{self.by}s held out, with 95 % intervals over them: {ranked}",
                f"from logit {self.threshold:.3f} on: {found}, {overall['false_positives']} false "
                "alarms",
            ]
        )


def _range(figures: dict[str, Any], name: str) -> str:
    low, high = figures[f"{name}_95_percent"]
    return f"{low} to {high}"
