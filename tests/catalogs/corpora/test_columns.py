import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from catalogs.corpora.columns import (
    PatchColumn,
    columns_of,
    licences_of,
    plain_recipe,
    source_words,
    statistics_of,
    words_of,
)
from catalogs.corpora.plan import Plan, make_plan
from catalogs.corpora.recipe import CorpusRecipe, CubesSource, ImagesSource, SimulatedSource
from fringewatch.numbers import NO_DATE
from tests.catalogs.corpora.plan_rows import RECIPE, five_rows, plan_row, table


def columns(plan: Plan) -> dict[str, PatchColumn]:
    return {column.name: column for column in columns_of(plan)}


def words(column: PatchColumn) -> list[object]:
    flags = xr.DataArray(column.values, dims=column.dimensions, attrs=column.attributes)
    return list(words_of(flags))


def planned(*rows: dict[str, Any]) -> Plan:
    return make_plan("some", RECIPE, table(*rows))


def test_columns_are_of_the_kept_patches_in_their_order() -> None:
    plan = make_plan("some", RECIPE, five_rows())
    found = columns(plan)
    assert words(found["volcano"]) == ["etna", "etna", ""]
    assert words(found["frame"]) == ["frame-0", "frame-1", ""]
    assert words(found["source"]) == ["cubes-0", "cubes-0", "simulated-1"]
    assert found["location"].values.tolist() == ["Ätna/ü", "etna/frame-1", "2"]
    days = [(day - dt.date(1970, 1, 1)).days for day in (dt.date(1968, 5, 4), dt.date(2020, 1, 6))]
    assert found["primary"].values.tolist() == [*days, NO_DATE]
    assert found["label"].values.tolist() == [-1, -1, 1]
    assert found["row"].values.tolist() == [-3, -3, -3]
    assert np.isnan(found["north"].values).tolist() == [False, False, True]
    for name in ("sha256", "source_sha256"):
        assert [row.tobytes().hex() for row in found[name].values] == plan.kept[name].tolist()


def test_types_of_the_columns() -> None:
    found = {c.name: (c.values.dtype.name, c.dimensions) for c in columns_of(planned(plan_row(0)))}
    floats = [
        "valid_fraction",
        "coherence_mean",
        "phasor_coherence",
        "fringe_rate",
        "north",
        "west",
    ]
    assert found == {
        **dict.fromkeys(["volcano", "frame", "source"], ("uint16", ("patch",))),
        "location": (found["location"][0], ("patch",)),
        **dict.fromkeys(["row", "column", "group", "area"], ("int32", ("patch",))),
        **dict.fromkeys(["primary", "secondary"], ("int32", ("patch",))),
        **dict.fromkeys(["rotation", "label"], ("int8", ("patch",))),
        **dict.fromkeys(floats, ("float32", ("patch",))),
        **dict.fromkeys(["sha256", "source_sha256"], ("uint8", ("patch", "byte"))),
    }


@given(
    st.lists(st.text().filter(lambda word: word != "unknown" and word.isprintable()), min_size=1)
)
def test_any_name_survives_as_a_flag(names: list[str]) -> None:
    rows = [plan_row(n, volcano=name) for n, name in enumerate(names)]
    column = columns(planned(*rows))["volcano"]
    assert words(column) == names
    assert len(column.attributes["flag_meanings"].split(" ")) == len(set(names))


def test_flags_of_more_names_than_two_bytes_count() -> None:
    rows = [plan_row(0, volcano=str(n), index=n, row=n) for n in range(66_000)]
    column = columns(planned(*rows))["volcano"]
    assert column.values.dtype == np.uint32
    assert words(column) == [str(n) for n in range(66_000)]


def test_without_any_date_all_are_missing() -> None:
    column = columns(planned(plan_row(0, primary=None, secondary=None)))["secondary"]
    assert column.values.tolist() == [NO_DATE]


def test_statistics_are_counts_and_quantiles() -> None:
    rows = [
        plan_row(0, valid_fraction=0.5, label=0, volcano="etna", group=4),
        plan_row(
            1, valid_fraction=1.0, label=1, volcano="", secondary=dt.date(2021, 3, 4), group=4
        ),
        plan_row(2, valid_fraction=0.75, label=-1, secondary=None, primary=None, area=9),
    ]
    for row in rows:
        row["coherence_mean"] = float("nan")
    found = json.loads(statistics_of(planned(*rows)))
    assert (found["patches"], found["groups"], found["areas"]) == (3, 2, 2)
    assert found["patches_by"] == {
        "source": {"cubes-0": 3},
        "volcano": {"etna": 2, "unknown": 1},
        "year": {"2020": 1, "2021": 1, "unknown": 1},
        "label": {"unlabelled": 1, "quiet": 1, "deforming": 1},
    }
    valid = [found["quantiles"][share]["valid_fraction"] for share in ("0.0", "0.5", "1.0")]
    assert valid == [0.5, 0.75, 1.0]
    assert found["quantiles"]["0.5"]["coherence_mean"] is None


def test_licences_and_recipe_name_a_folder_and_not_where_it_lies() -> None:
    recipe = CorpusRecipe(
        sources=(
            CubesSource(),
            ImagesSource(folder=Path("/home/somebody/pictures/s1")),
            SimulatedSource(scenes=2),
        )
    )
    assert source_words(recipe) == ("cubes-0", "images-1 (s1)", "simulated-2")
    licences = licences_of(recipe)
    assert "Copernicus" in licences["cubes-0"]
    assert "COMET" in licences["cubes-0"]
    assert licences["images-1 (s1)"] == "pictures of 's1': see the dataset's own licence"
    assert licences["simulated-2"].startswith("none")
    assert json.loads(plain_recipe(recipe))["sources"][1]["folder"] == "s1"
    assert "somebody" not in plain_recipe(recipe)
    again = CorpusRecipe.model_validate_json(plain_recipe(recipe))
    assert again.sources[2] == recipe.sources[2]


@pytest.mark.parametrize("values", [[0, 2], [1, 1]])
def test_flags_that_were_written_by_others_are_read(values: list[int]) -> None:
    flags = xr.DataArray(
        np.array(values, np.uint8), attrs={"flag_values": [0, 1, 2], "flag_meanings": "a unknown c"}
    )
    assert words_of(flags).tolist() == [["a", "", "c"][value] for value in values]
