"""Own settings of a volcano and its verdicts: masked dates, bad pairs, thresholds, methods."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from catalogs.places import catalogue_of
from catalogs.settings import Settings
from catalogs.settings.volcano import PlaceSettings
from catalogs.tables import DATES, INTERFEROGRAMS, read_table
from fringewatch.errors import BadInputError
from tasks.judge.standing import standing_of
from tasks.publish import publish_volcano
from tasks.records import Outcome
from tasks.watch import parse_request, watch_volcano
from tests.scenes import FRAME
from tests.storage import folder_of
from tests.tasks.kept_home import FERNANDINA, PAIRS, KeptHome
from tests.tasks.test_watch import digests

pytestmark = pytest.mark.usefixtures("undrawn")


LAST = dt.date(2024, 2, 11)


def with_own(kept: KeptHome, **own: Any) -> Settings:
    return kept.settings.model_copy(update={"volcano": {"fernandina": PlaceSettings(**own)}})


def dates(kept: KeptHome, settings: Settings) -> pd.DataFrame:
    assert publish_volcano(FERNANDINA, (FRAME,), settings) is not None
    return read_table(DATES, kept.home.detections("fernandina")).set_index("date")


def test_dates_under_snow_read_masked_and_no_pair_with_snow_counts(kept: KeptHome) -> None:
    table = dates(kept, with_own(kept, masked_months=(2,), masked_dates=("2024-01-30",)))
    assert table["state"].tolist() == ["quiet", "masked", "masked"]
    because = table["because"].tolist()
    assert because[1].startswith("masked (2024-01-30); no pair for 12 days")
    assert because[2].startswith("masked (every February); ")
    assert table["pairs"].tolist() == [1, 0, 0]
    pairs = read_table(INTERFEROGRAMS, kept.home.detections("fernandina"))
    assert pairs["left_out"].fillna("").tolist()[:2] == ["", "masked (2024-01-30)"]
    standing = standing_of(table.reset_index(), LAST + dt.timedelta(days=20), 48)
    assert standing.state == "masked"
    assert standing_of(table.reset_index(), LAST + dt.timedelta(days=49), 48).state == "unknown"


def test_a_pair_that_begins_under_snow_says_nothing_of_a_date_without(kept: KeptHome) -> None:
    table = dates(kept, with_own(kept, masked_dates=("2024-01-10/2024-01-31",)))
    assert table["state"].tolist() == ["masked", "masked", "no data"]
    assert (
        table["because"]
        .iloc[-1]
        .startswith("2 of 2 pairs left out: masked (2024-01-10 to 2024-01-31); ")
    )


def test_a_bad_pair_is_left_out_with_its_reason(kept: KeptHome) -> None:
    key = f"{FRAME}/{PAIRS[4]}"
    table = dates(kept, with_own(kept, bad_pairs={key: "a ramp of the orbit"}))
    assert table["state"].tolist() == ["quiet", "quiet", "watch"]
    assert "1 of 2 pairs left out: bad (a ramp of the orbit)" in table["because"].iloc[-1]
    other = {f"106A_09048_000909/{PAIRS[4]}": "of another frame"}
    assert dates(kept, with_own(kept, bad_pairs=other))["state"].iloc[-1] == "unrest"


def test_a_frame_that_is_left_out_is_no_evidence_any_more(kept: KeptHome) -> None:
    table = dates(kept, with_own(kept, frames_left_out=(str(FRAME),)))
    assert set(table["state"]) == {"no data"}
    assert (
        FRAME
        not in catalogue_of(with_own(kept, frames_left_out=(str(FRAME),))).find("fernandina").frames
    )


@pytest.mark.parametrize("of_model", [False, True])
def test_a_threshold_of_its_own(kept: KeptHome, of_model: bool) -> None:
    pairs = read_table(INTERFEROGRAMS, kept.home.detections("fernandina"))
    above = float(pairs["score"].max()) + 1.0
    threshold: Any = {kept.settings.model: above, "other": -9.0} if of_model else above
    table = dates(kept, with_own(kept, threshold=threshold))
    assert set(table["state"]) == {"quiet"}
    pairs = read_table(INTERFEROGRAMS, kept.home.detections("fernandina"))
    assert set(pairs["threshold"]) == {above}
    assert not pairs["positive"].any()
    other = dates(kept, with_own(kept, threshold={"other": above}))
    assert other["state"].iloc[-1] == "unrest"


def test_a_method_of_its_own(kept: KeptHome) -> None:
    assert set(dates(kept, with_own(kept, preset="early"))["method"]) == {"deconvolution"}
    slow = dates(kept, with_own(kept, method="rule", method_options={"dates": 2}))
    assert (slow["method"].iloc[0], slow["state"].iloc[-1]) == ("rule", "watch")
    with pytest.raises(BadInputError, match="no option 'datse'"):
        watch_volcano(
            parse_request("fernandina", LAST, LAST + dt.timedelta(1), [str(FRAME)]),
            with_own(kept, method_options={"datse": 2}),
        )


def test_what_was_used_is_in_its_settings_and_others_change_no_byte(kept: KeptHome) -> None:
    dates(kept, with_own(kept, notes="snow until May"))
    folder = folder_of(kept.home.detections("fernandina"))
    used = json.loads((folder / "settings.json").read_text())
    assert used["volcano"].keys() == {"fernandina"}
    assert used["volcano"]["fernandina"]["notes"] == "snow until May"
    before = digests(folder)
    both = with_own(kept, notes="snow until May")
    both.volcano["etna"] = PlaceSettings(masked_months=(1,))
    dates(kept, both)
    assert digests(folder) == before


def test_a_place_of_ones_own_is_watched_by_its_name(kept: KeptHome, tmp_path: Path) -> None:
    place = PlaceSettings(
        name="La Cumbre", latitude=-0.37, longitude=-91.55, frames=(str(FRAME),), gvp_number=999001
    )
    settings = kept.settings.model_copy(
        update={"home": tmp_path / "own", "volcano": {"la-cumbre": place}}
    )
    for name in ("la cumbre", "La Cumbre", "999001"):
        request = parse_request(name, dt.date(2024, 1, 1), dt.date(2024, 3, 31), (), settings)
        assert (request.volcano.slug, request.frames) == ("la-cumbre", (FRAME,))
    report = watch_volcano(request, settings)
    assert report.outcome is Outcome.DONE, report.lines()
    table = read_table(DATES, kept.home.detections("fernandina").parent / "la-cumbre")
    assert table.empty
    folder = tmp_path / "own" / "detections" / "la-cumbre"
    own = pd.read_csv(folder / "dates.csv")
    assert own["state"].tolist() == ["quiet", "quiet", "unrest"]
    assert set(own["gvp_number"]) == {999001}
