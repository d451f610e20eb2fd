from __future__ import annotations

import numpy as np
import pytest
from benchmarks.scoring import Score, score, tuned

TRUTH = np.array([True] * 50 + [False] * 50)


def test_precision_and_recall() -> None:
    """Of three decisions two are right, and of four copies two were found."""
    found = score(np.array([True, True, True, False, False]), np.array([True, True, False, True, True]))
    assert found == Score(precision=2 / 3, recall=0.5)
    assert found.f1 == pytest.approx(4 / 7)


def test_who_finds_nothing_is_never_wrong() -> None:
    """Without a decision the precision is 1, the recall 0, and F1 0."""
    found = score(np.zeros(3, dtype=bool), np.ones(3, dtype=bool))
    assert (found.precision, found.recall, found.f1) == (1.0, 0.0, 0.0)


def test_a_threshold_is_found_where_scores_tell() -> None:
    """Scores that part copies from others give perfect decisions on the half that was not looked at."""
    found = tuned(np.concatenate((np.linspace(0.6, 1, 50), np.linspace(0, 0.4, 50))), TRUTH)
    assert found.precision > 0.98
    assert found.recall > 0.9


def test_a_threshold_cannot_be_found_in_noise() -> None:
    """Scores that say nothing are judged as such: tuning on one half does not help on the other."""
    found = tuned(np.random.default_rng(1).random(100), TRUTH)
    assert found.precision < 0.6


def test_what_was_not_found_is_never_called_a_copy() -> None:
    """A pair whose score is negative was not among the candidates, whatever the threshold."""
    assert tuned(np.full(100, -1.0), TRUTH).recall == 0
