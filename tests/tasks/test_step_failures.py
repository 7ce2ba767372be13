"""What fails in a step is one volcano's row: it names the step, the frame and the error."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

from catalogs.home.home import home_of, open_home
from catalogs.settings import Settings
from flows.screen import show_reports
from flows.steps import conclude, conclude_all
from fringewatch.errors import UnforeseenError
from fringewatch.plugins import DATE_METHODS, DETECTORS, PluginError
from insar_models.detectors.registry import load_model
from insar_models.model_folder import write_model_folder
from insar_models.onset.methods import find_method
from tasks.night import watch_night
from tasks.records import BatchReport, FrameRequest, Outcome
from tasks.watch import Steps
from tests.night_tree import PAIRS, Watched, twelve_volcanoes
from tests.plugins import install
from tests.portal.server import StandInPortal
from tests.storage import folder_of

pytestmark = pytest.mark.usefixtures("hurried", "undrawn")
VOTE = """
from dataclasses import dataclass
from insar_models.onset.rule import Rule

@dataclass(frozen=True)
class Vote(Rule):
    name = "vote"

    def judge(self, pairs, tried=()):
        if any(pair.frame == "{frame}" for pair in pairs):
            return 1 / 0
        return super().judge(pairs, tried)
"""
MOODY = """
from pathlib import Path
from insar_models.detectors.registry import SHIPPED_MODELS, load_model

class Moody:
    name, calls = "moody", 0

    def __init__(self, sha256):
        self.sha256, self.inner = sha256, load_model(SHIPPED_MODELS / "baseline-0")
        self.threshold = self.inner.threshold

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def logits_of_codes(self, codes):
        Moody.calls += 1
        if Moody.calls == 1:
            raise LookupError("no licence today")
        return self.inner.logits_of_codes(codes)


def read(folder, card, tensors):
    return Moody(card["sha256"])
"""


WRONG = """
from insar_models.detectors.registry import SHIPPED_MODELS, load_model

class Wrong:
    name = "wrong"

    def __init__(self, sha256):
        self.sha256, self.inner = sha256, load_model(SHIPPED_MODELS / "baseline-0")

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def {method}(self, given):
        return {answer}


def read(folder, card, tensors):
    return Wrong(card["sha256"])
"""


@pytest.fixture
def two(tmp_path: Path) -> tuple[Watched, Watched]:
    first, second, *_ = twelve_volcanoes()
    for each in (first, second):
        for pair in PAIRS:
            each.write(tmp_path / "tree", pair)
    return first, second


@pytest.fixture
def settings(
    two: tuple[Watched, Watched], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    (tmp_path / "site").mkdir()
    monkeypatch.syspath_prepend(tmp_path / "site")
    with StandInPortal(tmp_path / "tree") as portal:
        yield Settings(
            home=tmp_path / "home", portal=(portal.url,), retries=0, requests_per_second=1000,
            model="baseline-0", air=(),
        )  # fmt: skip


def has_table(settings: Settings, each: Watched) -> bool:
    return (folder_of(home_of(settings).detections(each.volcano.slug)) / "dates.csv").is_file()


def test_a_date_method_of_another_package_that_raises_ends_one_volcano(
    two: tuple[Watched, Watched], settings: Settings, tmp_path: Path,
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    first = two[0]
    module = {"vote_e.py": VOTE.format(frame=first.frame)}
    install(tmp_path / "site", "votes", {DATE_METHODS: {"vote": "vote_e:Vote"}}, module)
    voted = Settings(**{**settings.model_dump(), "method": "vote"})
    reports = watch_night([each.request for each in two], voted)
    assert [report.outcome for report in reports] == [Outcome.REFUSED, Outcome.DONE]
    assert [has_table(voted, each) for each in two] == [False, True]
    (note,) = reports[0].notes
    assert "the plug-in 'vote' (fringewatch.date_methods) of votes 1.0 is broken" in note
    assert "ZeroDivisionError: division by zero" in note
    assert show_reports(reports) == Outcome.PARTIAL
    assert "Traceback" not in capsys.readouterr().out
    assert f"publish of {first.volcano.slug} failed in another package" in caplog.text
    assert "return 1 / 0" in caplog.text  # whoever mends the package needs to know where


def test_a_date_method_of_another_package_that_gives_no_verdicts_is_no_bug_of_ours(
    two: tuple[Watched, Watched], settings: Settings, tmp_path: Path
) -> None:
    module = {"vote_k.py": VOTE.format(frame=two[0].frame).replace("1 / 0", "()")}
    install(tmp_path / "site", "votes", {DATE_METHODS: {"vote": "vote_k:Vote"}}, module)
    voted = Settings(**{**settings.model_dump(), "method": "vote"})
    (report,) = watch_night([two[0].request], voted)
    assert report.outcome is Outcome.REFUSED
    assert "of votes 1.0 is broken: judge() gave 0 verdicts for 2 dates" in report.notes[0]
    assert not has_table(voted, two[0])


def test_a_detector_of_another_package_that_raises_ends_one_volcano(
    two: tuple[Watched, Watched], settings: Settings, tmp_path: Path
) -> None:
    part = {DETECTORS: {"moody": "moody_f:read"}}
    install(tmp_path / "site", "moods", part, {"moody_f.py": MOODY})
    models = folder_of(open_home(home_of(settings)).models)
    weights = safetensors.numpy.save({"a": np.zeros(1)})
    write_model_folder(models / "moody", weights, {"name": "moody", "architecture": "moody"}, {})
    moody = settings.model_copy(update={"model": "moody"})
    reports = watch_night([each.request for each in two], moody)
    assert [report.outcome for report in reports] == [Outcome.REFUSED, Outcome.DONE]
    assert "of moods 1.0 is broken: LookupError: no licence today" in reports[0].notes[0]
    # What it could not score then is scored by the next night.
    assert [r.outcome for r in watch_night([two[0].request], moody)] == [Outcome.DONE]


@pytest.mark.parametrize(
    ("method", "answer", "words"),
    [
        ("logits_of_codes", "[0.0] * 10", r"logits_of_codes() gave an array of shape (10,)"),
        ("logits_of_codes", "[float('nan')] * 9", "logits_of_codes() gave NaN for a patch"),
        ("probabilities", "given * 0 + 7", "probabilities() gave [7.], outside of 0 to 1"),
    ],
)
def test_a_detector_of_another_package_that_gives_no_scores_is_no_bug_of_ours(
    method: str, answer: str, words: str, two: tuple[Watched, Watched], settings: Settings,
    tmp_path: Path, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    module = {f"wrong_{tmp_path.name}.py": WRONG.format(method=method, answer=answer)}
    part = {DETECTORS: {"wrong": f"wrong_{tmp_path.name}:read"}}
    install(tmp_path / "site", "wrongs", part, module)
    models = folder_of(open_home(home_of(settings)).models)
    weights = safetensors.numpy.save({"a": np.zeros(1)})
    write_model_folder(models / "wrong", weights, {"name": "wrong", "architecture": "wrong"}, {})
    wrong = settings.model_copy(update={"model": "wrong"})
    (report,) = watch_night([two[0].request], wrong)
    assert report.outcome is Outcome.REFUSED
    assert f"of wrongs 1.0 is broken: {words}" in report.notes[0]
    assert not has_table(wrong, two[0])
    assert "nobody foresaw" not in caplog.text


def test_parts_of_other_packages_travel_and_say_what_they_lack(
    settings: Settings, tmp_path: Path
) -> None:
    import pickle  # noqa: PLC0415 - as workers do

    install(
        tmp_path / "site", "votes", {DATE_METHODS: {"vote": "vote_g:Vote"}},
        {"vote_g.py": VOTE.format(frame="none")},
    )  # fmt: skip
    method = find_method("vote", {"silence_days": 30})
    there = pickle.loads(pickle.dumps(method))  # noqa: S301 - made here
    for each in (method, there):
        assert (each.name, each.silence_days) == ("vote", 30)
        assert each.judge([]) == ()
        assert not hasattr(each, "colour")
    with pytest.raises(PluginError, match=r"votes 1\.0 is broken: TypeError"):
        method.judge(3)  # type: ignore[arg-type] # as a slip of that package would be


def failing_at(frame: object, error: Exception) -> Steps:
    """The steps, of which scoring fails for one frame."""
    score: Callable[[FrameRequest, Settings], BatchReport] = Steps().score

    def fail(request: FrameRequest, settings: Settings) -> BatchReport:
        if request.frame == frame:
            raise error
        return score(request, settings)

    return replace(Steps(), score=fail)


def test_a_bug_at_one_frame_leaves_the_others_and_is_said_in_the_row(
    two: tuple[Watched, Watched], settings: Settings, tmp_path: Path,
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    first, second = two
    beside = replace(second, volcano=first.volcano)  # a second frame of the first volcano
    for pair in PAIRS:
        beside.write(tmp_path / "tree", pair)
    request = replace(first.request, frames=(first.frame, second.frame))
    with caplog.at_level(logging.ERROR):
        (report,) = watch_night(
            [request], settings, failing_at(first.frame, ZeroDivisionError("a slip of ours"))
        )
    assert report.outcome is Outcome.FAILED
    (problem,) = report.problems
    assert (problem.frame, problem.pair) == (first.frame, None)
    where = f"score of {first.volcano.slug} {first.frame}"
    assert problem.reason == (
        f"{where} failed (ZeroDivisionError: a slip of ours): this is a bug, please report it with "
        "the traceback in the log"
    )
    assert report.in_table == len(PAIRS)  # of the other frame
    assert has_table(settings, first)
    assert show_reports([report]) == 1
    assert "Traceback" not in capsys.readouterr().out
    (record,) = [record for record in caplog.records if record.exc_info]
    assert record.name == "tasks.step_failures"
    assert f"{where} failed in a way that nobody foresaw" in caplog.text
    for end in (lambda: conclude(report), lambda: conclude_all([report])):
        with pytest.raises(UnforeseenError, match="please report it"):
            end()


def test_a_detector_is_refused_whose_reading_fails(settings: Settings, tmp_path: Path) -> None:
    text = "def read(folder, card, tensors):\n    return tensors['weights']\n"
    install(tmp_path / "site", "gaps", {DETECTORS: {"gap": "gap_h:read"}}, {"gap_h.py": text})
    weights = safetensors.numpy.save({"a": np.zeros(1)})
    write_model_folder(tmp_path / "gap", weights, {"name": "gap", "architecture": "gap"}, {})
    with pytest.raises(PluginError, match=r"gaps 1\.0 is broken: KeyError: 'weights'"):
        load_model(tmp_path / "gap")
