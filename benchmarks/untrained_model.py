"""The control of an encoder as a model of its own: random weights, probed as it was.

    python -m benchmarks.untrained_model CORPUS --like NAME --models DIR [--windows FILE]
        [--air FILE] [--pasted N] [--seed N]

Writes the model `untrained-NAME` into DIR, for `benchmarks.operating_curve --models DIR`. Net,
ground that counts as learned, probe and the way to its threshold are those of the model NAME; what
it lacks is what was learned.
"""

import argparse
import tempfile
from pathlib import Path

from insar_models.detectors.registry import SHIPPED_MODELS, load_encoder_detector
from insar_models.encoders.encoder import make_encoder
from insar_models.encoders.files import save_encoder
from insar_models.model_folder import read_card
from tasks.probes.encoder import train_encoder_probe
from tasks.probes.encoder_records import EncoderProbeRequest


def main() -> None:
    """Fit the probe and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.untrained_model")
    parser.add_argument("corpus", type=Path, help="patch file with labels")
    parser.add_argument("--like", required=True, help="model whose control it is")
    parser.add_argument("--models", type=Path, required=True, help="folder for the model")
    parser.add_argument("--windows", type=Path, help="file of quiet windows")
    parser.add_argument("--air", type=Path, help="file of relief and delays")
    parser.add_argument("--pasted", type=int, default=0, help="patches with simulated sources")
    parser.add_argument("--seed", type=int, default=0, help="of the weights")
    given = parser.parse_args()
    own = given.models / given.like
    like = own if own.is_dir() else SHIPPED_MODELS / given.like
    model, card = load_encoder_detector(like), read_card(like)
    training = card.get("encoder_training") or {}
    past = {key: training[key] for key in ("tuned",) if key in training}
    with tempfile.TemporaryDirectory() as folder:
        encoder = make_encoder(model.spec, seed=given.seed)
        save_encoder(Path(folder), encoder, past)
        request = EncoderProbeRequest(
            given.corpus,
            Path(folder),
            f"untrained-{given.like}",
            pasted=given.pasted,
            views=model.views,
            windows=given.windows,
            air=given.air,
        )
        print(train_encoder_probe(request, given.models))


if __name__ == "__main__":
    main()
