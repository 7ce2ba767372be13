from pathlib import Path

import pytest

from fringewatch.errors import BadInputError, FringewatchError
from tasks.assess.detections import read_detections
from tests.tasks.assess.evidence import day, network, verdicts
from tests.tasks.assess.tables import write_dates, write_interferograms

SAID = verdicts("qquwu-qu")


def test_all_forms_say_the_same(tmp_path: Path) -> None:
    csv = write_dates(tmp_path, SAID)
    for path in (csv, tmp_path / "dates.parquet", tmp_path):
        found = read_detections(path)
        assert list(found.dates) == SAID
        assert (found.volcano, found.methods, found.pairs) == ("taal", ("rule",), ())


def test_what_was_first_said(tmp_path: Path) -> None:
    found = read_detections(write_dates(tmp_path, SAID), first_said=True)
    assert {item.state.value for item in found.dates} == {"quiet"}
    assert {item.since for item in found.dates} == {None}


def test_pairs_lie_beside_the_dates(tmp_path: Path) -> None:
    write_dates(tmp_path, SAID)
    pairs = network(8, [2])
    write_interferograms(tmp_path, pairs)
    found = read_detections(tmp_path).pairs
    positive = {(pair.primary, pair.secondary) for pair in pairs if pair.positive}
    assert {(pair.primary, pair.secondary) for pair in found if pair.positive} == positive
    assert {pair.secondary for pair in found} == {day(number) for number in range(1, 8)}
    write_interferograms(tmp_path, network(8))
    assert not any(pair.positive for pair in read_detections(tmp_path).pairs)


@pytest.mark.parametrize(
    ("wanted", "given", "message"),
    [
        ("unrest", "restless", "state is 'restless'"),
        ("2020-01-13", "2020-13-13", "'2020-13-13'"),
        ("first_state", "opinion", "differs in the columns first_state, opinion"),
        ("taal", "etna", "holds etna, taal"),
    ],
)
def test_a_spoilt_table_is_refused(tmp_path: Path, wanted: str, given: str, message: str) -> None:
    csv = write_dates(tmp_path, SAID)
    csv.write_text(csv.read_text().replace(wanted, given, 1))
    with pytest.raises(BadInputError, match=message):
        read_detections(csv)


def test_unrest_without_since_is_refused(tmp_path: Path) -> None:
    csv = write_dates(tmp_path, SAID)
    csv.write_text(csv.read_text().replace("unrest,x,,,2020-01-13", "unrest,x,,,", 1))
    with pytest.raises(BadInputError, match="2020-01-13 is state unrest, but its since is empty"):
        read_detections(csv)


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="run the backfill first"):
        read_detections(tmp_path)
    (tmp_path / "old.parquet").write_bytes(b"")
    with pytest.raises(BadInputError, match=r"name the file dates\.parquet"):
        read_detections(tmp_path / "old.parquet")
    (tmp_path / "dates.parquet").write_bytes(b"PAR1 but not really")
    with pytest.raises(FringewatchError, match="no Parquet table"):
        read_detections(tmp_path)
    csv = write_dates(tmp_path, SAID)
    csv.write_text(csv.read_text().splitlines()[0] + "\n")
    with pytest.raises(BadInputError, match="holds none"):
        read_detections(csv)
