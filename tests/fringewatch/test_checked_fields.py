import math
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import numpy as np
import pytest

from fringewatch.checked_fields import Count, Limits, check_fields
from fringewatch.errors import BadInputError


@dataclass(frozen=True)
class Source:
    depth_m: Annotated[float, Limits(0.0, 100.0, "metres", above_low=True)] = 1.0
    dip_degrees: Annotated[float, Limits(0.0, 90.0)] = 0.0
    decay: Annotated[float, Limits(0.0, above_low=True)] = 1.0
    views: Count = 1
    most: Count | None = None
    widths_m: Annotated[tuple[float, float], Limits(0.0, 10.0, "metres")] = (1.0, 2.0)
    kind: Literal["mogi", "sill"] = "mogi"
    name: str = ""

    def __post_init__(self) -> None:
        check_fields(self)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("depth_m", value) for value in (1, 0.001, 100.0, np.float32(3), np.int64(7))),
        ("dip_degrees", 0),
        ("views", np.int64(3)),
        ("most", None),
        ("most", 2),
        ("widths_m", (0, 0)),
        ("kind", "sill"),
        ("name", 5),
    ],
)
def test_what_fits_passes(key: str, value: Any) -> None:
    assert getattr(replace(Source(), **{key: value}), key) == value


@pytest.mark.parametrize(
    "value", [-1e-9, 0, 100.1, math.nan, math.inf, -math.inf, "5", None, True, 5j, [5.0]]
)
def test_what_is_no_such_number_is_refused_with_its_name_and_value(value: Any) -> None:
    with pytest.raises(BadInputError) as caught:
        replace(Source(), depth_m=value)
    assert str(caught.value) == f"Source: depth_m={value!r}: give metres, above 0 up to 100"


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("dip_degrees", -1, "give a number, from 0 up to 90"),
        ("decay", math.inf, "give a number, above 0"),  # no upper end does not mean infinite
        ("views", 1.5, "give a whole number, from 1"),
        ("most", 0, "give a whole number, from 1"),
        ("widths_m", (2.0, 1.0), "give the least and the greatest value, each metres, from 0 up"),
        ("widths_m", (2.0, 11.0), "give the least and the greatest value"),
        ("widths_m", (2.0,), "give the least and the greatest value"),
        ("widths_m", 2.0, "give the least and the greatest value"),
        ("kind", "dyke", "give one of mogi, sill"),
    ],
)
def test_the_message_says_what_it_may_be(key: str, value: Any, words: str) -> None:
    with pytest.raises(BadInputError) as caught:
        replace(Source(), **{key: value})
    assert str(caught.value).startswith(f"Source: {key}={value!r}: {words}")


def test_the_owner_may_have_another_name() -> None:
    source = Source()
    object.__setattr__(source, "views", 0)
    with pytest.raises(BadInputError, match=r"^the third source: views=0: "):
        check_fields(source, "the third source")
