"""Looks at an encoder while it learns: whether it tells patches apart, and by what."""

from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from fringewatch.errors import TrainingError
from insar_models.encoders.encoder import Encoder
from insar_models.encoders.inputs import codes_to_inputs, phasors_of
from insar_models.patchfile.file import PatchFile
from insar_models.patchfile.sampling import epoch_order
from insar_models.pretraining.collapse import measure_collapse
from insar_models.pretraining.neighbours import judge_neighbours

_BATCH: Final = 64


class Measures:
    """Some patches of a corpus that an encoder is looked at with, the same at each look.

    Where patches have labels, those of each label are taken alike as far as there are as many.

    Parameters
    ----------
    corpus
        The patches and their labels.
    most
        Patches, at most.
    seed
        Of the choice.
    """

    def __init__(self, corpus: PatchFile, most: int, seed: int) -> None:
        self._corpus = corpus
        labels = corpus.columns["label"].astype(np.int64)
        order = epoch_order(len(corpus), seed, 0)
        known = np.unique(labels[labels >= 0])
        self._with_labels = known.size > 1
        if self._with_labels:
            each = max(1, most // known.size)
            chosen = [order[labels[order] == label][:each] for label in known]
            self.rows: NDArray[np.int64] = np.sort(np.concatenate(chosen))
        else:
            self.rows = np.sort(order[:most])
        self._labels = torch.from_numpy(labels[self.rows])
        # Other dates of the same ground resemble each other: as neighbours they would flatter.
        self._areas = torch.from_numpy(corpus.columns["area"][self.rows].astype(np.int64))

    def of(self, encoder: Encoder, context: torch.autocast, device: torch.device) -> dict[str, Any]:
        """Return the measures as JSON holds them; the encoder is as it was.

        ``spread`` and ``effective_rank`` of the features, and where there are labels the share of
        each label that neighbours from other areas tell rightly (``neighbours``) and their mean
        (``balanced``).

        Raises
        ------
        TrainingError
            If a feature is not finite.
        """
        features = features_of(self._corpus, self.rows, encoder, context, device)
        if not bool(features.isfinite().all()):
            message = (
                "the encoder's features are not finite: the run is stopped, its last checkpoint is "
                "good; begin again with a smaller learning rate"
            )
            raise TrainingError(message)
        collapse = measure_collapse(features)
        found: dict[str, Any] = {
            "spread": collapse.spread,
            "effective_rank": collapse.effective_rank,
        }
        if self._with_labels and int(self._areas.min()) != int(self._areas.max()):
            told = judge_neighbours(features, self._labels, self._areas)
            shares = told.accuracy_by_label
            found["neighbours"] = {str(label): share for label, share in shares.items()}
            found["balanced"] = told.balanced_accuracy
        return found


@torch.no_grad()
def features_of(
    corpus: PatchFile,
    rows: NDArray[np.int64],
    encoder: Encoder,
    context: torch.autocast,
    device: torch.device,
) -> Tensor:
    """Return features, float32 (n, dimension), of patches as they are; n may be 0.

    The encoder scores and does not learn; afterwards it is set as it was.
    """
    was_learning = encoder.training
    encoder.eval()
    parts = [torch.empty((0, encoder.dimension), device=device)]
    try:
        for first in range(0, len(rows), _BATCH):
            codes = torch.from_numpy(corpus.read(rows[first : first + _BATCH])).to(device)
            inputs = codes_to_inputs(phasors_of(codes), encoder.spec)
            with context:
                features = encoder(inputs.contiguous(memory_format=torch.channels_last))
            parts.append(features.float())
    finally:
        encoder.train(was_learning)
    return torch.cat(parts)
