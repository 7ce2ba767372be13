"""A model's folder: ``weights.safetensors`` and ``card.json``, whatever the model is.

The card says how the model was made and how its scores are to be read, and holds the hash of the
weights, so that the two cannot drift apart. Nothing is ever unpickled.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from fringewatch.atomic import write_atomically
from fringewatch.errors import BadInputError, ModelError

CARD_FORMAT: Final = 1
"""Raised by one whenever an older Fringewatch could no longer read what a newer one wrote."""

CARD_FILE: Final = "card.json"
"""Written last, and put last at a storage: it holds the hash of the weights."""

WEIGHTS_FILE: Final = "weights.safetensors"
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


def check_model_name(name: str) -> None:
    """Refuse a name that cannot be a model's, such as a path.

    Raises
    ------
    ModelError
        If it is anything but small letters, digits, dots, dashes and underscores.
    """
    if _NAME.fullmatch(name) is None:
        message = (
            f"'{name}' is not a model's name: use up to 64 small letters, digits, '.', '-' and "
            "'_', beginning with a letter or a digit"
        )
        raise ModelError(message)


def write_model_folder(
    folder: Path,
    weights: bytes,
    entries: Mapping[str, object],
    record: Mapping[str, object],
    beside: Mapping[str, bytes] | None = None,
) -> str:
    """Write weights and their card, and return the sha256 of the weights.

    The weights come first: a crash between the two files leaves a pair that `read_weights`
    refuses. The same weights, entries and record give the same bytes.

    Parameters
    ----------
    folder
        Made where it is missing; an older model in it is replaced.
    weights
        A safetensors file.
    entries
        What the card must say for the weights to be used.
    record
        How it was made (data, recipe, metrics...), anything that JSON can hold; goes to the card
        as it is.
    beside
        Further files by name, whose hashes are among the entries; written before the card.

    Raises
    ------
    BadInputError
        If `record` has a key that the card uses itself, or something that JSON cannot hold.
    HomeError
        If the folder cannot be written.
    """
    sha256 = hashlib.sha256(weights).hexdigest()
    own = {"format": CARD_FORMAT, "sha256": sha256, **entries}
    taken = sorted(own.keys() & record.keys())
    if taken:
        message = f"the record for {folder} uses the card's own keys: {', '.join(taken)}"
        raise BadInputError(message)
    card = _card_bytes(folder, {**own, **record})
    write_atomically(folder / WEIGHTS_FILE, weights)
    for name, content in (beside or {}).items():
        write_atomically(folder / name, content)
    write_atomically(folder / CARD_FILE, card)
    return sha256


def write_card(folder: Path, card: Mapping[str, object]) -> None:
    """Write a card anew.

    Raises
    ------
    BadInputError
        If it holds something that JSON cannot hold.
    HomeError
        If the folder cannot be written.
    """
    write_atomically(folder / CARD_FILE, _card_bytes(folder, card))


def _card_bytes(folder: Path, card: Mapping[str, object]) -> bytes:
    try:
        text = json.dumps(card, indent=2, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        message = f"the card for {folder} cannot be written as JSON ({error}): leave that out"
        raise BadInputError(message) from error
    return f"{text}\n".encode()


def read_card(folder: Path) -> dict[str, Any]:
    """Return the card of the model in `folder`, as it stands in the file.

    Raises
    ------
    ModelError
        If it is missing, no JSON object, or of another format.
    """
    path = folder / CARD_FILE
    try:
        card = json.loads(path.read_bytes())
    except OSError as error:
        message = f"the model card {path} cannot be read ({error.strerror}): is this a model?"
        raise ModelError(message) from error
    except ValueError as error:
        message = f"the model card {path} is no JSON ({error}): train or copy the model again"
        raise ModelError(message) from error
    card_format = card.get("format") if isinstance(card, dict) else None
    if card_format != CARD_FORMAT:
        message = (
            f"the model card {path} has the format {card_format!r}, this Fringewatch reads "
            f"{CARD_FORMAT}: update Fringewatch, or train the model again with this version"
        )
        raise ModelError(message)
    return dict(card)


def read_weights(folder: Path, card: Mapping[str, Any]) -> bytes:
    """Return the bytes of the weights in `folder`, which are those that its card names.

    Raises
    ------
    ModelError
        If the file is missing, cut or altered.
    """
    path = folder / WEIGHTS_FILE
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"the weights {path} cannot be read ({error.strerror}): train or copy them again"
        raise ModelError(message) from error
    found = hashlib.sha256(content).hexdigest()
    if found != card.get("sha256"):
        message = (
            f"the weights {path} are not those of their card (sha256 {found[:12]}..., the card "
            f"says {str(card.get('sha256'))[:12]}...): they are cut or altered; train or copy "
            "the model again"
        )
        raise ModelError(message)
    return content
