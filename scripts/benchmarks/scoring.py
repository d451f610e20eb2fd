"""Judge decisions by labels: precision, recall, and a threshold that is tuned and tested on different pairs; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

HALVES = 50  # random halves on which a threshold is chosen; it is judged on the other half


class Score(NamedTuple):
    """How good decisions are."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def score(decided: npt.NDArray[np.bool_], truth: npt.NDArray[np.bool_]) -> Score:
    """Give precision and recall of decisions; of none precision 1."""
    right = int((decided & truth).sum())
    return Score(
        precision=right / int(decided.sum()) if decided.any() else 1.0, recall=right / max(1, int(truth.sum()))
    )


def tuned(scores: npt.NDArray[np.float64], truth: npt.NDArray[np.bool_]) -> Score:
    """Choose the threshold of the best F1 on one half and judge it on the other; the mean of ``HALVES`` tries."""
    rng = np.random.default_rng(1)
    tries = []
    for _ in range(HALVES):
        order = rng.permutation(len(scores))
        one, other = order[: len(order) // 2], order[len(order) // 2 :]
        levels = np.unique(scores[one][scores[one] >= 0])
        best = max(levels, key=lambda level: score(scores[one] >= level, truth[one]).f1, default=2.0)
        tries.append(score(scores[other] >= best, truth[other]))
    return Score(*np.mean(tries, axis=0).tolist())
