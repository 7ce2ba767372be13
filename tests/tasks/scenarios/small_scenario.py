"""A scenario that takes a fraction of a second: few dates, pixels ten times as large."""

from pathlib import Path

from tasks.scenarios.scenario import Scenario
from tasks.scenarios.scenario_file import read_scenario

SMALL = """
summary = "small"
volcano = "fagradalsfjall"
seed = 7

[pairs]
spans = [1, 2]

[area]
west = -22.6205
north = 64.2051667
step_degrees = 0.01
width = 70
height = 62

[[frames]]
id = "155D_02579_100800"
heading_degrees = -167.83
incidence_degrees = 39
passes = [{ first = 2021-02-17, last = 2021-03-01, step_days = 6 }]

[[frames]]
id = "016A_02562_091313"
heading_degrees = -12.2
incidence_degrees = 36.5
dates = [2021-02-19, 2021-02-25]

[[episodes]]
name = "dyke"
source = { type = "dyke", longitude = -22.229, latitude = 63.909, top_m = 1000, bottom_m = 5000, \
strike_degrees = 37, length_m = 9000, opening_m = 0.95 }
course = { type = "exponential", start = 2021-02-24, stop = 2021-03-19, decay_days = 9 }

[[ground.lava]]
longitude = -22.27
latitude = 63.889
area_km2 = 5
start = 2021-02-25
stop = 2021-09-18
"""


def small_file(folder: Path, text: str = SMALL, name: str = "small") -> Path:
    path = folder / f"{name}.toml"
    path.write_text(text, "utf-8")
    return path


def small_scenario(folder: Path, old: str = "", new: str = "") -> Scenario:
    """The small scenario with `old` replaced by `new`, read from a file."""
    assert old in SMALL
    return read_scenario(small_file(folder, SMALL.replace(old, new) if old else SMALL))
