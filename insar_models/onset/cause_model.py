"""The causes that explain the pairs: a noisy-or of causes that are there or not.

    P(pair positive) = 1 - (1 - f) * prod_causes (1 - t * x)

x is 1 for a cause that is there, t the probability that it makes the pair positive, and f that a
pair is positive by accident (Pearl 1988, Probabilistic Reasoning in Intelligent Systems, 4.3).
The score of a pair is soft evidence: it enters by how likely it is of a positive and of a
negative pair.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

_LEAST_GAIN = 1e-9  # less is rounding
_MOST_FLIPS = 60  # of one search; a window of dates holds fewer causes that are worth it


@dataclass(frozen=True)
class CauseModel:
    """Causes, the pairs that they touch, and how probable both are."""

    touches: NDArray[np.float64]
    """Shape (pairs, causes): probability that a cause makes a pair positive, 0 to below 1."""
    penalty: NDArray[np.float64]
    """Shape (causes,): log-odds against a cause before any pair is seen, its neighbours absent."""
    coupling: NDArray[np.float64]
    """Shape (causes - 1,): what a cause and the next gain in log-probability if both are there."""
    likelihood_positive: NDArray[np.float64]
    """Shape (pairs,): how likely the score is if the pair is positive, above 0; any scale."""
    likelihood_negative: NDArray[np.float64]
    """Shape (pairs,): how likely it is if the pair is negative, above 0; the same scale."""
    false_positive: float
    """Probability of a positive pair without any cause, 0 to below 1."""

    def log_evidence(self, given: NDArray[np.int8]) -> NDArray[np.float64]:
        """Return how well each hypothesis explains the pairs, float64 (hypotheses,).

        The penalised likelihood is climbed by changing one cause at a time, the best first, from
        no free cause at all. What is returned is the logarithm of the sum of the explanation at
        the top and of all that differ from it in one cause: several weak explanations count for
        more than one.

        Parameters
        ----------
        given
            Shape (hypotheses, causes): 1 or 0 for a cause that is there or not by hypothesis, -1
            for a free one.
        """
        free = given < 0
        present = given == 1
        best = self._score(present)
        neighbours = self._neighbours(present, free)
        for _ in range(_MOST_FLIPS):
            choice = neighbours.argmax(axis=1)
            gain = neighbours[np.arange(len(choice)), choice] - best
            rising = np.flatnonzero(gain > _LEAST_GAIN)
            if not len(rising):
                break
            best[rising] += gain[rising]
            present[rising, choice[rising]] ^= True
            neighbours[rising] = self._neighbours(present[rising], free[rising])
        return np.asarray(logsumexp(np.column_stack((best, neighbours)), axis=1), dtype=np.float64)

    def _negative(self, present: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the probability that a pair is negative, (hypotheses, pairs)."""
        misses = np.where(present[:, np.newaxis, :], 1.0 - self.touches, 1.0)
        return np.asarray((1.0 - self.false_positive) * misses.prod(axis=2))

    def _prior(self, present: NDArray[np.bool_]) -> NDArray[np.float64]:
        together = present[:, :-1] & present[:, 1:]
        return np.asarray(together @ self.coupling - present @ self.penalty)

    def _score(self, present: NDArray[np.bool_]) -> NDArray[np.float64]:
        likelihood = self._likelihood(self._negative(present))
        return np.asarray(np.log(likelihood).sum(axis=1) + self._prior(present))

    def _likelihood(self, negative: NDArray[np.float64]) -> NDArray[np.float64]:
        shape = (-1,) + (1,) * (negative.ndim - 2)
        positive = self.likelihood_positive.reshape(shape)
        return positive + (self.likelihood_negative.reshape(shape) - positive) * negative

    def _neighbours(
        self, present: NDArray[np.bool_], free: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Return the score with each cause changed, (hypotheses, causes); -inf where fixed."""
        misses = 1.0 - self.touches
        factor = np.where(present[:, np.newaxis, :], 1.0 / misses, misses)
        negative = self._negative(present)[:, :, np.newaxis] * factor
        likelihood = np.log(self._likelihood(negative)).sum(axis=1)
        beside = np.zeros(present.shape)
        beside[:, 1:] += self.coupling * present[:, :-1]
        beside[:, :-1] += self.coupling * present[:, 1:]
        change = np.where(present, -1.0, 1.0) * (beside - self.penalty)
        score = likelihood + self._prior(present)[:, np.newaxis] + change
        return np.where(free, score, -np.inf)
