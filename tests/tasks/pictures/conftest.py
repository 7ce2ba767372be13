"""Where the pictures of a test go."""

from pathlib import Path

import pytest

from catalogs.storage.place import Folder, Place


@pytest.fixture
def here(tmp_path: Path) -> Place:
    return Folder(tmp_path)
