"""The command that simulates a volcano, or a set of patches, from a scenario file."""

from pathlib import Path
from typing import Annotated

from flows.cli.common import NO_NEGATIVE, app
from fringewatch.errors import BadInputError


@app.command
def simulate(
    scenario: str = "",
    /,
    *,
    output: Path | None = None,
    seed: int | None = None,
    list_: Annotated[bool, NO_NEGATIVE] = False,
) -> int:
    """Write simulated interferograms with known truth, as a portal of LiCSAR's layout.

    What an earlier run of the same scenario wrote is kept: after a kill, run it again.

    Parameters
    ----------
    scenario
        A shipped scenario, by name, or a TOML file of your own.
    output
        Folder for the tree: interferograms, and truth/ with what is true of them.
    seed
        Other ground, weather and noise over the same episodes.
    list_
        Name the shipped scenarios, and write nothing.
    """
    from tasks.scenarios.scenario_file import read_any, shipped_scenarios

    if list_:
        for name, summary in shipped_scenarios():
            print(f"{name:<26} {summary}")
        return 0
    if not scenario or output is None:
        message = "give a scenario and --output FOLDER; `fringewatch simulate --list` lists them"
        raise BadInputError(message)
    found = read_any(scenario, seed=seed)
    from flows.screen import progress_shown, start_logging
    from tasks.scenarios.patch_scenario import PatchScenario
    from tasks.scenarios.patch_set import write_patches
    from tasks.scenarios.portal_tree import write_scenario

    start_logging()
    with progress_shown():
        if isinstance(found, PatchScenario):
            patches = write_patches(found, output)
            print(f"{patches.positives} patches with a source, {patches.negatives} without")
            print(f"{patches.written} are new; what is true of each: {output / 'truth.csv'}")
            return 0
        portal = write_scenario(found, output)
    for frame in portal.frames:
        print(f"{frame.frame}: {len(frame.pairs)} pairs")
    print(f"{portal.written} files are new; what is true of them: {output / 'truth'}")
    first, last = portal.pairs[0].primary, portal.pairs[-1].secondary
    print(
        f"fringewatch backfill {found.volcano.slug} --start {first} --end {last} "
        f"--portal {portal.root}"
    )
    return 0
