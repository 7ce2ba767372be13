"""A ledger of its own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalogs.ledger.ledger import Ledger, open_ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(tmp_path / "ledger.sqlite") as ledger:
        yield ledger
