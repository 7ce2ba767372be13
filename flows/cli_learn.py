"""Commands that learn without labels; they need the extra packages of ``fringewatch[train]``."""

import importlib.util
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from flows.cli_common import app
from fringewatch.errors import BadInputError

BAD_ARGUMENTS = 2

Corpus = Annotated[Path, Parameter(help="Corpus as `fringewatch corpus export` wrote it.")]


@app.command
def pretrain(
    corpus: Corpus,
    /,
    *,
    folder: Path,
    recipe: str = "default",
    steps: int | None = None,
    stop_after: int | None = None,
    device: str | None = None,
) -> int:
    """Learn an encoder from a corpus without labels; the same command goes on with a run.

    Ends with 0 when all steps were taken, and with 3 when it was stopped before. On a machine with
    nothing but torch, `python -m insar_models.train` is the same.

    Parameters
    ----------
    folder
        Of the run: checkpoints, journal, recipe, and the encoder.
    recipe
        TOML file, `default` or `paper`.
    steps
        Of the whole run, in place of the recipe's.
    stop_after
        Steps of this call; the rest later.
    device
        Such as cpu or cuda:1; by default a GPU where there is one.
    """
    _need_torch()
    from insar_models.train import main

    words = [str(corpus), "--folder", str(folder), "--recipe", recipe]
    for name, value in (("steps", steps), ("stop-after", stop_after), ("device", device)):
        if value is not None:
            words += [f"--{name}", str(value)]
    code = main(words)
    return BAD_ARGUMENTS if code == 1 else code


@app.command
def augmentations(
    corpus: Corpus,
    /,
    *,
    output: Path,
    recipe: str = "default",
    count: int = 8,
    seed: int = 0,
) -> int:
    """Draw what each step of the augmentation does to patches of a corpus.

    Parameters
    ----------
    output
        PNG file.
    recipe
        `default` or `paper`.
    count
        Patches, from the whole length of the corpus.
    seed
        Of the views.
    """
    _need_torch()
    from catalogs.bucket import open_place
    from insar_models.augmentation.recipe import find_recipe
    from insar_models.patch_file import open_patch_file
    from tasks.augmentation_sheet import draw_augmentations, sheet_rows

    file = open_patch_file(corpus)
    rows = sheet_rows(file, count)
    place = open_place(output)
    drawn = draw_augmentations(file.phase[rows], rows, find_recipe(recipe), place, seed=seed)
    print(f"sheet: {drawn}")
    return 0


def _need_torch() -> None:
    if importlib.util.find_spec("torch") is None or importlib.util.find_spec("torchvision") is None:
        message = "this command needs torch and torchvision: pip install 'fringewatch[train]'"
        raise BadInputError(message)
