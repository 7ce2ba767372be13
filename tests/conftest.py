"""Fixtures for all tests: where the real data lies, and a home that belongs to nobody."""

import os
from pathlib import Path

import pytest

_BESIDE_THE_CHECKOUT = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data: SHARED_DATA_FOLDER, or shared/data beside the checkout."""
    folder = Path(os.environ.get("SHARED_DATA_FOLDER", _BESIDE_THE_CHECKOUT))
    if not (folder / "README.md").is_file():
        pytest.skip(f"the shared data folder is not at {folder}")
    return folder
