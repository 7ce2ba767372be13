"""The command that holds verdicts against the truth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from flows.cli.common import NO_NEGATIVE, HomeFolder, ModelName, app, check_output_file, load
from fringewatch.errors import BadInputError

if TYPE_CHECKING:
    from catalogs.settings import Settings
    from insar_models.onset.methods import OnsetMethod
    from insar_models.onset.slow_motion import SlowMotion
    from tasks.assess.rewrapped_trial import RewrappedTrial
    from tasks.assess.runs import Case, Summary
    from tasks.assess.truth_records import Truth

Methods = Annotated[
    tuple[str, ...], NO_NEGATIVE, Parameter(help="Of the dates; may be repeated, all by default.")
]


@app.command
def assess(  # noqa: PLR0913 - the command's options
    dates: str = "",
    /,
    *,
    truth: Path | None = None,
    scores: Path | None = None,
    scenario: str = "",
    rewrapped: Path | None = None,
    seeds: int | None = None,
    keep: Path | None = None,
    volcano: str | None = None,
    method: Methods = (),
    pictures: Path | None = None,
    threshold: float | None = None,
    grace: int = 48,
    first_said: Annotated[bool, NO_NEGATIVE] = False,
    curve: Annotated[bool, NO_NEGATIVE] = False,
    model: ModelName = None,
    home: HomeFolder = None,
    json: Path | None = None,
) -> int:
    """Say how late unrest is seen, what is missed, and how often it is false.

    Give one of: a table of dates with --truth, --scores with --truth, --rewrapped with --truth, or
    --scenario.

    Parameters
    ----------
    dates
        A dates table (dates.csv or dates.parquet), its folder, or a volcano of the home.
    truth
        Dated episodes, labels of pairs or of dates, as a file or a folder of files.
    scores
        CSV of scores, probabilities or labels of pairs: the methods judge dates by them.
    scenario
        Simulate, score and judge a shipped scenario, or a TOML file of your own.
    rewrapped
        Series of real displacement (.npz): score pairs that are made of it by wrapping it again.
    seeds
        How many trials of the scenario; 1 by default.
    keep
        Folder that keeps each trial's scores, to go on after a stop and to compare methods.
    volcano
        Whose scores, where the file holds several; which one a series of displacement shows.
    pictures
        Folder for a picture of each alarm and each episode of a series of displacement.
    threshold
        From which on a score or probability is positive, if not 0 or 0.5.
    grace
        Days after an episode in which an alarm is neither right nor false.
    first_said
        Take what was first said of each date, not what the table says now.
    curve
        Also move the model's threshold up and down.
    json
        Also write everything to this file; its folder is made.
    """
    kind = _kind(dates, scores, scenario, rewrapped)
    _refuse_others(
        kind,
        {
            "truth": (truth, ("dates", "--scores", "--rewrapped")),
            "seeds": (seeds, ("--scenario",)),
            "keep": (keep, ("--scenario",)),
            "model": (model, ("--scenario", "--rewrapped")),
            "threshold": (threshold, ("--scores",)),
            "volcano": (volcano, ("--scores", "--rewrapped")),
            "method": (method or None, ("--scores", "--scenario", "--rewrapped")),
            "pictures": (pictures, ("--rewrapped",)),
            "first-said": (first_said or None, ("dates",)),
        },
    )
    from flows.screen import progress_shown, start_logging

    check_output_file(json)
    start_logging()
    settings = load((), home, model)
    wanted = _Wanted(dates or str(scores or rewrapped or scenario), grace, curve=curve, json=json)
    with progress_shown():
        if kind == "dates":
            return _assess_table(settings, wanted, _given(truth, dates), first_said=first_said)
        methods = _methods(settings, method)
        if rewrapped is not None:
            trial = _rewrapped(settings, rewrapped, _given(truth, str(rewrapped)), volcano)
            return _assess_rewrapped(settings, trial, methods, wanted, pictures)
        if scores is not None:
            cases = _scored(scores, _given(truth, str(scores)), volcano, threshold)
        else:
            cases = _trials(settings, scenario, 1 if seeds is None else seeds, keep)
    return _report_methods(settings, cases, methods, wanted)


@dataclass(frozen=True)
class _Wanted:
    """What is assessed, and what is to be said of it."""

    what: str
    grace: int
    curve: bool
    json: Path | None


def _kind(dates: str, scores: Path | None, scenario: str, rewrapped: Path | None) -> str:
    """Which of the four things to assess was given; raises unless it is one."""
    given = {"dates": dates, "--scores": scores, "--scenario": scenario, "--rewrapped": rewrapped}
    named = [name for name, value in given.items() if value]
    if len(named) != 1:
        message = (
            "give one of: a table of dates (or a volcano of the home) with --truth, --scores with "
            "--truth, --rewrapped with --truth, or --scenario; "
            f"given: {', '.join(named) or 'none of them'}"
        )
        raise BadInputError(message)
    return named[0]


def _refuse_others(kind: str, options: Mapping[str, tuple[object, tuple[str, ...]]]) -> None:
    for name, (value, kinds) in options.items():
        if value is not None and kind not in kinds:
            message = f"--{name} is of no use with {kind}: it goes with {' or '.join(kinds)}"
            raise BadInputError(message)


def _given(truth: Path | None, what: str) -> "Truth":
    from tasks.assess.truth import read_truth

    if truth is None:
        message = f"--truth is missing: what should {what} be held against?"
        raise BadInputError(message)
    return read_truth(truth)


def _methods(settings: "Settings", names: Sequence[str]) -> "list[OnsetMethod]":
    """Return the methods of these names, all if there is none; the watch's own as the watch has it.

    The options of the settings are those of the method of the settings.
    """
    from insar_models.onset.methods import METHOD_NAMES, find_method

    return [
        find_method(name, settings.method_options if name == settings.method else None)
        for name in dict.fromkeys(names or METHOD_NAMES)
    ]


def _assess_table(
    settings: "Settings", wanted: _Wanted, truth: "Truth", *, first_said: bool
) -> int:
    """Hold the verdicts of a table or of a volcano in the home against truth."""
    from catalogs.home.home import home_of
    from catalogs.home.reading import find_home
    from catalogs.places import catalogue_of
    from tasks.assess.delays import assess as assess_dates
    from tasks.assess.detections import detections_of, read_detections
    from tasks.assess.runs import Case, Summary

    path = Path(wanted.what)
    if path.exists():
        said = read_detections(path, first_said=first_said)
    else:
        slug = catalogue_of(settings).find(wanted.what).slug
        folder = find_home(home_of(settings)).detections(slug)
        said = detections_of(folder, first_said=first_said)
    known = truth.at(said.volcano, said.frames)
    judged = assess_dates(said.volcano, said.dates, known, said.pairs, wanted.grace)
    cases = [Case(said.volcano, said.pairs, known)]
    methods = _methods(settings, said.methods) if wanted.curve else []
    return _report([Summary(", ".join(said.methods), (judged,))], cases, methods, wanted)


def _scored(
    path: Path, truth: "Truth", volcano: str | None, threshold: float | None
) -> "list[Case]":
    """A case for each place of a table of scores."""
    from tasks.assess.runs import Case
    from tasks.assess.scores_file import read_scores, scores_of

    chosen = scores_of(path, read_scores(path, threshold), volcano, truth)
    known = [truth.at(own.place, own.frames) for own in chosen]
    if len(chosen) > 1:  # else episodes of two places could be taken for one
        known = [one.named(own.place) for one, own in zip(known, chosen, strict=True)]
    return [Case(own.place, own.pairs, one) for own, one in zip(chosen, known, strict=True)]


def _trials(settings: "Settings", name: str, seeds: int, keep: Path | None) -> "list[Case]":
    """A case for each seed of a scenario, simulated and scored now."""
    from tasks.assess.runs import Case
    from tasks.assess.trials import TrialPlan, seeds_of, trial_of, trial_truth
    from tasks.judge.models import model_of
    from tasks.scenarios.scenario_file import read_scenario

    scenario = read_scenario(name)
    plan = TrialPlan(scenario, model_of(settings), settings.water_coherence, keep)
    trials = [trial_of(plan, seed) for seed in seeds_of(plan, seeds)]
    return [
        Case(
            f"seed {trial.seed}",
            trial.pairs,
            trial_truth(scenario, trial.seed),
            trial.rates(settings.rate_days),
        )
        for trial in trials
    ]


def _rewrapped(
    settings: "Settings", path: Path, truth: "Truth", volcano: str | None
) -> "RewrappedTrial":
    from tasks.assess.rewrapped_trial import rewrapped_trial
    from tasks.judge.models import model_of

    return rewrapped_trial(path, truth, model_of(settings), volcano, settings.rate_days)


def _assess_rewrapped(
    settings: "Settings",
    trial: "RewrappedTrial",
    methods: "Sequence[OnsetMethod]",
    wanted: _Wanted,
    pictures: Path | None,
) -> int:
    """Judge a real series by each method, and print what came of it; the exit code."""
    from tasks.assess.rewrapped_alarms import format_alarms
    from tasks.assess.rewrapped_pictures import draw_alarms, draw_episodes
    from tasks.judge.detect import slow_motion_of

    slow = slow_motion_of(settings)
    _report_methods(settings, [trial.case], methods, wanted)
    if pictures is not None:
        draw_episodes(trial, pictures)
    for method in methods:
        alarms = trial.alarms(method, wanted.grace, slow)
        print(f"\n{format_alarms(method.name, alarms)}")
        if pictures is not None:
            draw_alarms(trial, alarms, pictures)
    return 0


def _report_methods(
    settings: "Settings", cases: "Sequence[Case]", methods: "Sequence[OnsetMethod]", wanted: _Wanted
) -> int:
    """Judge cases by each method as the watch does, rates beside it, and report; the exit code."""
    from tasks.assess.runs import judge_cases, judge_rates
    from tasks.judge.detect import slow_motion_of

    slow = slow_motion_of(settings) if any(case.rates for case in cases) else None
    summaries = [judge_cases(cases, one, wanted.grace, slow) for one in methods]
    if slow is not None:
        summaries.append(judge_rates(cases, slow, wanted.grace))
    return _report(summaries, cases, methods, wanted, slow)


def _report(
    summaries: "Sequence[Summary]",
    cases: "Sequence[Case]",
    methods: "Sequence[OnsetMethod]",
    wanted: _Wanted,
    slow: "SlowMotion | None" = None,
) -> int:
    """Print the report and the curves, write them as JSON if asked for; the exit code."""
    from fringewatch.atomic import write_atomically
    from tasks.assess.curve import delay_curve
    from tasks.assess.rate_truth import rate_figures
    from tasks.assess.report import format_curve, format_rates, format_report, report_json

    print(format_report(summaries))
    figures = rate_figures(rate for case in cases for rate in case.rates)
    if figures is not None:
        print(f"\n{format_rates(figures)}")
    curves = {}
    if wanted.curve:
        curves = {one.name: delay_curve(cases, one, wanted.grace, slow) for one in methods}
    for name, points in curves.items():
        print(f"\n{format_curve(name, points)}")
    if wanted.json is not None:
        content = report_json(summaries, curves, {"assessed": wanted.what}, figures)
        write_atomically(wanted.json, content.encode())
    return 0
