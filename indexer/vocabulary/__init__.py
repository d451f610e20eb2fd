"""What articles are about: tags, stories and CVE ids, found by an editable file of words; pure, it asks no server."""

from indexer.vocabulary.assigning import FIELDS, Given, assigned, changed, given
from indexer.vocabulary.entries import Context, Entry, Sort, Vocabulary, VocabularyError
from indexer.vocabulary.matching import Tagger
from indexer.vocabulary.reading import read
from indexer.vocabulary.results import Explanation, Found, Mention, Verdict
from indexer.vocabulary.shipped import NAME, shipped

__all__ = [
    "FIELDS",
    "NAME",
    "Context",
    "Entry",
    "Explanation",
    "Found",
    "Given",
    "Mention",
    "Sort",
    "Tagger",
    "Verdict",
    "Vocabulary",
    "VocabularyError",
    "assigned",
    "changed",
    "given",
    "read",
    "shipped",
]
