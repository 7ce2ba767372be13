"""The rows of the table: which there are, and in which order."""

import pytest

pytest.importorskip("torch")

from fringewatch.errors import BadInputError
from insar_models.comparison.rows import IMAGENET, RANDOM, ROWS, SHIPPED, find_rows


def test_each_row_has_a_name_of_its_own_and_stands_after_what_it_goes_on_with() -> None:
    made: set[str] = {RANDOM, IMAGENET}
    for row in ROWS:
        assert row.name not in made
        assert row.begins in made or row.begins.startswith(SHIPPED)
        made.add(row.name)


def test_a_row_goes_on_with_a_net_of_its_own_kind() -> None:
    by_name = {row.name: row for row in ROWS}
    for row in ROWS:
        if row.begins in by_name:
            assert by_name[row.begins].encoder == row.encoder
        if row.pretrain is not None:
            assert row.pretrain.encoder == row.encoder


def test_rows_are_found_in_the_tables_order() -> None:
    assert find_rows([]) == ROWS
    found = [row.name for row in find_rows(["simclr-compact", "untrained-vit"])]
    assert found == ["untrained-vit", "simclr-compact"]
    with pytest.raises(
        BadInputError, match="no row 'simclr-vit': choose among baseline-0, untrained-compact"
    ):
        find_rows(["simclr-vit"])
