"""The same pairs end in the same tables: in any order, split and interruption of the runs.

Judged by the method and the model that ship. Apart are what is history by nature: when a pair was
scored, and what was first said of a date, on which `revised` rests.
"""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from catalogs.home.home import home_of
from catalogs.records import DatePair
from catalogs.settings import Settings
from catalogs.tables import DATES, INTERFEROGRAMS, read_table
from insar_models.phase.codes import wrap
from tasks.judge.score import score_frame
from tasks.records import BatchReport, FrameRequest, Published
from tasks.watch import Steps, parse_request, watch_volcano
from tests.portal.rasters import RasterForm, shifted, write_pair
from tests.portal.trees import pair_folder
from tests.relief import HEIGHTS, cones_m, put_raster
from tests.scenes import FRAME, FRINGES, QUIET, SIDE, TRANSFORM, scene_phase

pytestmark = pytest.mark.usefixtures("undrawn")

START, END = dt.date(2024, 1, 1), dt.date(2024, 3, 31)
HISTORY = {"scored_at", "revised"}
LAND, NOISE = 204, 15
AIR_RAD_PER_KM = (6.0, -7.0, 0.0, 8.0, 0.0)
ODD = shifted(TRANSFORM, 0.3, 0.2)
"""The oldest pair lies beside the frame's lattice."""
PAIRS = (
    "20240106_20240118", "20240106_20240130", "20240118_20240130",
    "20240118_20240211", "20240130_20240211",
)  # fmt: skip


def coherence_of(number: int) -> np.ndarray:
    """Coherent in half of the window, another in each pair: the mask grows with the pairs."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    ground = (columns < SIDE // 2, columns >= SIDE // 3, rows < SIDE // 2)[number % 3]
    return np.where(ground, LAND, NOISE).astype(np.uint8)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = tmp_path_factory.mktemp("source")
    for number, name in enumerate(PAIRS):
        pair = DatePair.parse(name)
        phase = scene_phase(FRINGES if name.endswith("0211") else QUIET, number)
        phase = wrap(phase + np.float32(AIR_RAD_PER_KM[number] / 1_000) * cones_m())
        form = RasterForm(ODD if number == 0 else TRANSFORM)
        write_pair(pair_folder(tree, FRAME, pair), pair, phase, coherence_of(number), form)
    put_raster(tree, cones_m(), HEIGHTS)
    return tree


class KilledError(BaseException):
    """The run ends here, as by a signal: no step makes a row of it."""


def dies_after_scoring(request: FrameRequest, settings: Settings) -> BatchReport:
    score_frame(request, settings)
    raise KilledError


def dies_before_scoring(_: FrameRequest, __: Settings) -> BatchReport:
    raise KilledError


def without_pictures(*_: object) -> Published | None:
    return None


STEPS = {
    "whole": Steps(publish=without_pictures),
    "killed before scoring": Steps(score=dies_before_scoring),
    "killed after scoring": Steps(score=dies_after_scoring),
}


def tables(
    folder: Path, source: Path, arrivals: Sequence[tuple[Sequence[str], str]]
) -> dict[str, pd.DataFrame]:
    """Run once for each group of pairs that arrive, and once more; return both tables."""
    tree = folder / "tree"
    settings = Settings(home=folder / "home", portal=(str(source),), pairs_per_batch=2, workers=1)
    request = parse_request("fernandina", START, END, [str(FRAME)])
    for names, fate in arrivals:
        metadata = tree / str(FRAME.track) / str(FRAME) / "metadata"
        metadata.mkdir(parents=True, exist_ok=True)
        if not (metadata / HEIGHTS).exists():
            (metadata / HEIGHTS).symlink_to(next(source.rglob(HEIGHTS)))
        for name in names:
            there = pair_folder(tree, FRAME, DatePair.parse(name))
            for file in pair_folder(source, FRAME, DatePair.parse(name)).iterdir():
                (there / file.name).symlink_to(file)
        own = settings.model_copy(update={"portal": (str(tree),)})
        try:
            watch_volcano(request, own, STEPS[fate])
        except KilledError:
            continue
    watch_volcano(request, settings)
    place = home_of(settings).detections("fernandina")
    return {
        schema.name: _without_history(read_table(schema, place))
        for schema in (INTERFEROGRAMS, DATES)
    }


def _without_history(table: pd.DataFrame) -> pd.DataFrame:
    kept = [name for name in table.columns if name not in HISTORY and name[:6] != "first_"]
    table = table[kept].copy()
    if "source_url" in table:  # a link of this test's tree
        table["source_url"] = table["source_url"].map(lambda url: url.rpartition("/")[2])
    return table


@pytest.fixture(scope="module")
def at_once(source: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    return tables(tmp_path_factory.mktemp("once"), source, [])


def test_the_verdicts_are_those_of_the_shipped_method(at_once: dict[str, pd.DataFrame]) -> None:
    dates = at_once["dates"]
    assert set(dates["method"]) == {"deconvolution"}
    assert "quiet" in set(dates["state"])
    factors = at_once["interferograms"]["air_rad_per_km"]
    assert (factors != 0).any()
    assert (factors == 0).any()
    assert (at_once["interferograms"]["positive"].dropna().astype(bool)).any()


@hypothesis_settings(
    max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    order=st.permutations(PAIRS),
    sizes=st.lists(st.integers(1, 3), min_size=2, max_size=3),
    fates=st.lists(st.sampled_from(sorted(STEPS)), min_size=3, max_size=3),
)
def test_any_order_split_or_interruption_ends_in_the_same_tables(
    order: list[str],
    sizes: list[int],
    fates: list[str],
    source: Path,
    at_once: dict[str, pd.DataFrame],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    left, arrivals = list(order), []
    for size, fate in zip(sizes, fates, strict=False):
        arrivals.append((left[:size], fate))
        left = left[size:]
    found = tables(tmp_path_factory.mktemp("split"), source, arrivals)
    for name, expected in at_once.items():
        assert found[name].to_csv(index=False) == expected.to_csv(index=False)
