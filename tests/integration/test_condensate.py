"""The condensate, as the shipped analyzer makes it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from samples import article, search, stored, take

if TYPE_CHECKING:
    from indexer.elastic import Store

SEED = Path(__file__).parents[3] / "shared" / "seed" / "one-article-review.txt"
CAPTIONS = ("DNS recon alarm details screen", "DNS event details")

TITLE = "Harbour Radio – Night Shift + Storm"
TEXT = (
    "The harbour-master’s radio (channel 16) was silent; Nobody at AT&T could say why! "
    "Boats: three, all moored at https://quay.example/north into the storm... And our RADIO* came back."
)
EXPECTED = (
    "all at&t back boats: came channel could example/north harbour https://quay master’s moored night nobody radio "
    "say shift silent storm three"
)


@pytest.mark.data
@pytest.mark.skipif(not SEED.is_file(), reason=f"{SEED} is not there")
def test_golden_page(store: Store) -> None:
    """Title and text of the golden page, without its captions, give exactly its condensate."""
    fields = dict(line.partition(" ")[::2] for line in SEED.read_text(encoding="utf-8").splitlines())
    text = fields["Texte"]
    for caption in CAPTIONS:
        assert text.count(caption) == 1
        text = text.replace(caption, "")
    (condensate,) = store.condense([f"{fields['Titre']}\n{text}"])
    found, expected = condensate.split(" "), fields["Condensat"].split()
    assert len(expected) == 189
    assert len(found) == len(set(found))
    assert set(found) == set(expected)


def test_own_golden_text(store: Store) -> None:
    """Separators, stop words, length, case, order and repeats are treated as the design says."""
    own = article("night", TEXT, title=TITLE)
    take(store, own)
    assert stored(store, own)["condensate"] == EXPECTED


def test_french_stop_words(store: Store) -> None:
    """French function words go, French words stay, elided ones in one piece."""
    (condensate,) = store.condense(["Les pompiers ont été dans l’usine avec leurs collègues, mais pour cette affaire…"])
    assert condensate == "affaire collègues l’usine pompiers"


def test_long_article_is_condensed_whole(store: Store) -> None:
    """50,000 different words leave 50,000 tokens: the filter's own limit would leave none."""
    words = [f"word{number:05}" for number in range(50_000)]
    (condensate,) = store.condense([" ".join(reversed(words))])
    assert condensate.split(" ") == words


def test_empty_texts_shift_nothing(store: Store) -> None:
    """A text that leaves no token has an empty condensate, and its neighbours keep theirs."""
    texts = ["first harbour", "", "the and for", "second bridge", "\n"]
    assert store.condense(texts) == ["first harbour", "", "", "bridge second", ""]


def test_more_texts_than_a_request_takes(store: Store) -> None:
    """Every text has its own condensate, in order, however many there are, empty ones among them."""
    texts = ["" if number % 60 == 59 else f"text{number:03}" for number in range(130)]
    assert store.condense(texts) == texts


def test_overlong_token_is_cut_in_pieces(store: Store) -> None:
    """A token of 300 characters becomes pieces of at most 256, and what stands around it stays."""
    (condensate,) = store.condense(["harbour " + "x" * 300 + " bridge"])
    assert condensate.split(" ") == ["bridge", "harbour", "x" * 44, "x" * 256]


def test_article_with_an_enormous_token_is_indexed(store: Store) -> None:
    """A token beyond what a term may hold (32,766 bytes) costs neither the article nor its other words."""
    own = article("long", "harbour " + "é" * 40_000 + " bridge")
    assert take(store, own).created == 1
    assert search(store, "text:bridge").total == 1


def test_reordered_words_have_equal_hashes(store: Store) -> None:
    """The condensate's hash is blind to the order and number of words, and to nothing else."""
    one = article("one", "quiet harbour before storm", title="News")
    two = article("two", "storm before storm; quiet harbour", title="news")
    three = article("three", "quiet harbour after storm", title="News")
    take(store, one, two, three)
    hashes = [stored(store, each)["condensate_hash"] for each in (one, two, three)]
    assert hashes[0] == hashes[1] != hashes[2]
