"""How many labelled pictures a second `fringewatch evaluate` judges, by the processor.

    python -m benchmarks.pictures [--pictures 64]

Pictures are grey, 224 x 224, smooth fringes under noise, half of them labelled. They go through the
whole of an evaluation with the default model and baseline-0 beside it, as the command does, in a
quarter of the number and in all of it. The references in the same run: reading and decoding the
pictures, and the default model's scores of their patches.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from catalogs.pictures.images import read_picture
from catalogs.settings import Settings
from insar_models.detectors.registry import DEFAULT_MODEL, find_model
from insar_models.quicklook import decode_picture
from tasks.evaluation.evaluate import Judging
from tasks.evaluation.request import EvaluationRequest, evaluate_request
from tasks.judge.models import model_of

AIM: Final = 20.0
"""Pictures a second of the processor."""

_SIDE: Final = 224


def make_pictures(folder: Path, count: int) -> list[Path]:
    """Write so many pictures into the class folders 0 and 1."""
    generator = np.random.default_rng(4)
    paths = []
    for number in range(count):
        path = folder / str(number % 2) / f"{number:05d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        turns = 40 * gaussian_filter(generator.standard_normal((_SIDE, _SIDE)), 12)
        turns += 0.05 * generator.standard_normal((_SIDE, _SIDE))
        Image.fromarray((turns % 1 * 255).astype(np.uint8)).save(path)
        paths.append(path)
    return paths


def decoded(paths: Sequence[Path]) -> NDArray[np.float32]:
    """Return the phase of pictures of one size, float32 (n, H, W)."""
    return np.stack([decode_picture(read_picture(path)).phase_rad for path in paths])


def busy(work: Callable[[], object]) -> float:
    """Return the seconds of processor that a work takes."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def main() -> None:
    """Print rates and the aim."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pictures", type=int, default=64)
    words = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print(f"{'':34}{'pictures':>9}{'ms a picture':>14}{'a second':>10}")
    settings, rates = Settings(), []
    model, baseline = model_of(settings), find_model(DEFAULT_MODEL, None)
    with tempfile.TemporaryDirectory() as place:
        for count in (max(8, words.pictures // 4), words.pictures):
            folder = Path(place) / str(count)
            paths = make_pictures(folder, count)
            phase_rad = decoded(paths)
            model.logits(phase_rad[:1])  # what is imported or made once
            ways: dict[str, Callable[[], object]] = {
                "read and decode": partial(decoded, paths),
                f"scores of {model.name}": partial(model.logits, phase_rad),
                f"scores of {baseline.name}": partial(baseline.logits, phase_rad),
                "evaluate, all of it": partial(
                    evaluate_request, EvaluationRequest(images=folder), settings, Judging()
                ),
            }
            for name, way in ways.items():
                seconds = busy(way)
                print(
                    f"{name:34}{count:9}{1e3 * seconds / count:14.1f}{count / seconds:10.1f}",
                    flush=True,
                )
            rates.append(count / seconds)
    print(
        f"evaluate: {rates[-1]:.1f} pictures a second of the processor (aim: at least {AIM:.0f}), "
        f"{rates[-1] / rates[0]:.2f} of the rate of a quarter"
    )


if __name__ == "__main__":
    main()
