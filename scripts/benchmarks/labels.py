"""Count how well the tags of a vocabulary agree with labels, tag by tag."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from indexer.vocabulary import Tagger


@dataclass(slots=True)
class Agreement:
    """How often a tag was given rightly, wrongly, and not where it should have been."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """Share of what was given that is right; 1 where nothing was given."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """Share of what is right that was given; 1 where nothing is."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0


def score(tagger: Tagger, rows: Iterable[Mapping[str, Any]]) -> dict[str, Agreement]:
    """Compare with labels: by tag, and under «tags», «stories» and «cves» all of these together.

    A row has ``title``, ``tags``, ``stories``, ``cves`` and, under ``either``, tags that may be said either way: they
    count on neither side.
    """
    counts: dict[str, Agreement] = defaultdict(Agreement)
    for row in rows:
        found = tagger.found(row["title"], row.get("text", ""))
        either = set(row.get("either", ()))
        for field in ("tags", "stories", "cves"):
            given, labelled = set(getattr(found, field)) - either, set(row[field])
            for name in given | labelled:
                for each in (counts[field], counts[name]) if field == "tags" else (counts[field],):
                    each.right += name in given and name in labelled
                    each.wrong += name not in labelled
                    each.missed += name not in given
    return dict(counts)
