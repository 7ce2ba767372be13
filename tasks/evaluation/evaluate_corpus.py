"""Evaluate: what encoders are worth on a corpus with labels, by held-out places."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tasks.evaluation.candidates import own_names
from tasks.evaluation.evaluate import Judging, report_of
from tasks.evaluation.held_out import judge_held_out, unlearned
from tasks.evaluation.labelled_corpus import LabelledCorpus
from tasks.evaluation.probes import NamedEncoder, Probing
from tasks.evaluation.report import EvaluationReport
from tasks.evaluation.samples import Sample


def evaluate_corpus(
    corpus: LabelledCorpus, encoders: Sequence[NamedEncoder], probing: Probing, judging: Judging
) -> EvaluationReport:
    """Return what encoders are worth on the labelled patches of a corpus, by held-out places.

    Patches of areas whose labels an encoder has learned from train the probes, and are not judged.

    Raises
    ------
    BadInputError
        If places are too few to hold some out, or an encoder has learned from all of them.
    """
    fair = np.flatnonzero(unlearned(corpus, encoders))
    judged = judge_held_out(corpus, encoders, probing)
    named = [
        replace(
            one, name=name, scores=one.scores[:, fair], probabilities=one.probabilities[:, fair]
        )
        for one, name in zip(judged, own_names([one.name for one in judged]), strict=True)
    ]
    rows, labels, places = corpus.patches.rows, corpus.patches.labels, corpus.places()
    samples = [Sample(f"patch {rows[at]}", int(labels[at]), "", places[at]) for at in fair]
    report = report_of(corpus.file.path.as_posix(), named, samples, judging)
    left_out = len(rows) - len(fair)
    notes = [f"each patch is judged by probes that saw nothing of its {corpus.by}"]
    if left_out:
        notes.append(f"{left_out} patches of areas that an encoder learned from are not judged")
    return replace(report, notes=tuple(notes))
