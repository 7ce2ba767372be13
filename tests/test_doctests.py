"""Examples in docstrings are true."""

import doctest
import importlib
import re

import pytest

from tests.test_house import MAY_IMPORT, ROOT, modules

_EXAMPLE = re.compile(r"^\s*>>> ", flags=re.MULTILINE)
WITH_EXAMPLES = [
    path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
    for folder in MAY_IMPORT
    for path in modules(folder)
    if _EXAMPLE.search(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_of_a_module(name: str) -> None:
    done = doctest.testmod(importlib.import_module(name))
    assert done.attempted > 0
    assert done.failed == 0


def test_examples_are_found() -> None:
    assert "fringewatch.plain_text" in WITH_EXAMPLES
    assert len(WITH_EXAMPLES) >= 10
