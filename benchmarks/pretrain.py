"""What augmentation adds to a training step, and the engine beside the published way.

    python -m benchmarks.pretrain [--architecture resnet18] [--device cuda] [--batch 256]

First, a step with its augmentation (`make_pairs`, then `learn`) against the bare step:
`learn` alone, on views that were made before. Then patches a second of an epoch: our engine,
patches in memory and views made batch by batch where the net learns, against torch's DataLoader
with one worker that reads PNG files and makes two views of each by the published augmentation
(`benchmarks.paper_loading`). Both train the same net on batches of the same size. "Reduced first"
does the published augmentation on pictures as small as the net sees, which theirs does not. The
DataLoader's clock starts at the first batch: no start of a worker counts. What the worker has
ahead by then is in its favour, so more batches give a closer figure.
"""

import argparse
import importlib.util
import itertools
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader

from benchmarks.clocks import Cost, machine, measure, timed, verdict
from benchmarks.corpus_batches import make_patches, write_pictures
from benchmarks.paper_loading import PaperPatches
from insar_models.augmentation import PaperRecipe
from insar_models.encoders.spec import EncoderSpec
from insar_models.patchfile.loader import Batch
from insar_models.patchfile.sampling import EachOnce, batches
from insar_models.pretraining.learner import Pairs, PretrainLearner, make_pairs
from insar_models.pretraining.recipe import PretrainRecipe
from insar_models.training.running import precision_of

STEP_AIM: Final = {"cpu": 1.25, "cuda": 1.15}
"""Times the bare step that one with augmentation may take."""

EPOCH_AIM: Final = 5.0
"""Times as quick as the published way that the engine is to be."""

_RATE: Final = 1e-4


@dataclass(frozen=True, eq=False)
class Bench:
    """What is trained, and on which patches."""

    recipe: PretrainRecipe
    codes: NDArray[np.uint8]
    device: torch.device
    learner: PretrainLearner
    resident: torch.Tensor
    """The patches on the device, as the loader keeps them there."""

    def batch(self, rows: NDArray[np.int64]) -> Batch:
        """Return some patches as the loader gives them."""
        if self.device.type == "cpu":
            return Batch(rows, torch.from_numpy(self.codes[rows]))
        return Batch(rows, self.resident[torch.from_numpy(rows).to(self.device)])

    def learn(self, pairs: Pairs) -> None:
        """Take one step."""
        self.learner.learn([pairs], _RATE)

    def learn_all(self, views: Iterable[Pairs]) -> None:
        """Take a step for each."""
        for pairs in views:
            self.learn(pairs)

    def epoch(self, number: int) -> Iterator[Batch]:
        """Give all batches in random order."""
        draw = EachOnce(len(self.codes), self.recipe.batch_size, self.recipe.seed)
        return (self.batch(rows) for rows in batches(draw, number))


def make_bench(words: argparse.Namespace, codes: NDArray[np.uint8], *, paper: bool) -> Bench:
    """Return what trains with our augmentation, or with the published one."""
    entries = {"architecture": words.architecture, "size": words.size}
    spec = EncoderSpec.parse({**entries, "inputs": "grey" if paper else words.inputs})
    recipe = PretrainRecipe(encoder=spec, batch_size=words.batch, seed=0)
    recipe = replace(recipe, augmentation=PaperRecipe()) if paper else recipe
    device = torch.device(words.device)
    learner = PretrainLearner(recipe, device, precision_of("auto", device), begin=True)
    return Bench(recipe, codes, device, learner, torch.from_numpy(codes).to(device))


def compare_steps(words: argparse.Namespace, benches: dict[str, Bench]) -> None:
    """Print what a step takes without and with augmentation."""
    print(f"\n{'':36}{'ms a step':>10}{'of the bare':>12}{'ms of processor':>17}{'':>12}")
    for name, bench in benches.items():
        batch = bench.batch(np.arange(words.batch))
        pairs = make_pairs(batch, None, 0, bench.recipe)
        costs = measure(
            {
                f"bare step, {name}": _call(bench.learn, pairs),
                f"augmentation alone, {name}": _call(make_pairs, batch, None, 1, bench.recipe),
                f"step with it, {name}": _step(bench, batch),
            },
            words.rounds,
            words.device,
        )
        bare, _, whole = costs.values()
        for way, cost in costs.items():
            _print_step(way, cost, bare)
        aim = STEP_AIM[bench.device.type]
        found = whole.wall_s / bare.wall_s
        print(verdict(f"step with augmentation, {name}, by the wall", found, aim, most=True))
        if bench.device.type == "cpu":
            found = whole.processor_s / bare.processor_s
            print(verdict(f"the same by the processor, {name}", found, aim, most=True))


def _step(bench: Bench, batch: Batch) -> Callable[[], object]:
    epochs = itertools.count(2)

    def step() -> None:
        bench.learn(make_pairs(batch, None, next(epochs), bench.recipe))

    return step


def _call(way: Callable[..., object], *values: Any) -> Callable[[], object]:
    return lambda: way(*values)


def _print_step(name: str, cost: Cost, bare: Cost) -> None:
    print(
        f"{name:36}{1e3 * cost.wall_s:10.0f}{cost.wall_s / bare.wall_s:11.2f} "
        f"{1e3 * cost.processor_s:17.0f}{cost.processor_s / bare.processor_s:11.2f}"
    )


def engine_rate(bench: Bench) -> tuple[float, float]:
    """Patches a second of an epoch, and milliseconds of processor for one."""
    source = bench.epoch(0)
    bench.learn(make_pairs(next(source), None, 0, bench.recipe))
    rest = list(source)
    cost = timed(
        lambda: bench.learn_all(make_pairs(batch, None, 0, bench.recipe) for batch in rest),
        str(bench.device),
    )
    count = len(rest) * bench.recipe.batch_size
    return count / cost.wall_s, 1e3 * cost.processor_s / count


def paper_rate(bench: Bench, patches: PaperPatches) -> tuple[float, float]:
    """Patches a second with one worker, and milliseconds of processor for one, both processes."""
    size = bench.recipe.batch_size
    loader = DataLoader(patches, size, shuffle=True, drop_last=True, num_workers=1)
    source = iter(loader)
    bench.learn(_pairs(next(source), bench.device))
    steps = timed(
        lambda: bench.learn_all(_pairs(views, bench.device) for views in source), str(bench.device)
    )
    count = (len(loader) - 1) * size
    # A worker's processor time cannot be read from here: it does the same as this.
    few = min(8, len(patches))
    views = timed(lambda: [patches[place] for place in range(few)])
    return count / steps.wall_s, 1e3 * (steps.processor_s / count + views.processor_s / few)


def _pairs(views: list[torch.Tensor], device: torch.device) -> Pairs:
    one, other = (view.to(device) for view in views)
    return Pairs(one, other, None)


def compare_epochs(words: argparse.Namespace, benches: dict[str, Bench], folder: Path) -> None:
    """Print the patches a second of each way."""
    engine = {name: engine_rate(bench) for name, bench in benches.items()}
    trained = benches["paper's"]
    theirs = {
        "published way": paper_rate(trained, PaperPatches(folder, words.size, reduced_first=False)),
        "published way, reduced first": paper_rate(
            trained, PaperPatches(folder, words.size, reduced_first=True)
        ),
    }
    reference, reference_ms = theirs["published way"]
    print(f"\n{'':36}{'patches/s':>10}{'times':>8}{'ms of processor a patch':>25}{'times':>8}")
    ours = {f"engine, {name} augmentation": rate for name, rate in engine.items()}
    for name, (rate, processor_ms) in (ours | theirs).items():
        print(
            f"{name:36}{rate:10.1f}{rate / reference:8.2f}"
            f"{processor_ms:25.1f}{reference_ms / processor_ms:8.2f}"
        )
    for name, (rate, processor_ms) in engine.items():
        line = f"engine with {name} augmentation"
        print(verdict(f"{line}, times the published way", rate / reference, EPOCH_AIM))
        if words.device == "cpu":
            print(verdict(f"{line}, by the processor", reference_ms / processor_ms, EPOCH_AIM))
    there = importlib.util.find_spec("lightly") is not None
    print(f"lightly: {'installed' if there else 'not installed'}, not measured")


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--architecture", default="compact")
    parser.add_argument("--inputs", default="coherent", choices=["coherent", "phasor"])
    parser.add_argument("--size", type=int, default=112, help="pixels of what the net sees")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--batches", type=int, default=5, help="of an epoch")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--device", default="cpu")
    words = parser.parse_args()
    torch.set_num_threads(words.threads)
    codes = make_patches(words.batch * max(2, words.batches))
    print(machine(words.device))
    print(
        f"{words.architecture}, {words.size} pixels, batches of {words.batch}; the recipe's seed 0"
    )
    benches = {
        "our": make_bench(words, codes, paper=False),
        "paper's": make_bench(words, codes, paper=True),
    }
    compare_steps(words, benches)
    with tempfile.TemporaryDirectory() as place:
        write_pictures(Path(place) / "png", codes)
        compare_epochs(words, benches, Path(place) / "png")


if __name__ == "__main__":
    main()
