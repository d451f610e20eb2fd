"""Tokens, grams and signatures."""

from __future__ import annotations

import string

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.shingles import GRAM, WINDOW, encode, hash_grams, normalise, sample, shingle, signature, tokens

WORD = st.text(alphabet=string.ascii_lowercase, min_size=1, max_size=6)
GUARANTEED = GRAM + 2 * WINDOW - 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("The HARBOUR, closed!", ("the", "harbour", "closed")),
        ("har\u00adbour", ("harbour",)),
        ("har\u200bbour \ufeffclosed", ("harbour", "closed")),
        ("ﬁsh", ("fish",)),
        ("ＦＵＬＬ", ("full",)),
        ("Straße", ("strasse",)),
        ("the master’s", ("the", "master", "s")),
        ("the master's", ("the", "master", "s")),
        ("the masterʼs", ("the", "master", "s")),
        ("e\u0301te\u0301", ("été",)),
        ("港口closed", ("港", "口", "closed")),
        ("ปิด", ("ป", "ด")),
        ("Порт закрыт", ("порт", "закрыт")),
    ],
)
def test_tokens(text: str, expected: tuple[str, ...]) -> None:
    """Words are folded and parted by all that is no letter or digit; unspaced scripts a character each."""
    assert tokens(text) == expected


@given(st.text())
def test_normalising_twice_is_once(text: str) -> None:
    """What is normalised stays as it is, whatever it is, as far as its tokens go."""
    assert tokens(normalise(text)) == tokens(text)


@given(st.lists(WORD, min_size=1, max_size=30), st.data())
def test_noise_changes_nothing(words: list[str], data: st.DataObject) -> None:
    """Soft hyphens, zero-width characters, case, quotes and spaces leave the hashes as they are."""
    noisy = []
    for word in words:
        changed = "".join(
            data.draw(st.sampled_from(("", "\u00ad", "\u200b", "\u200d", "\ufeff", "\u2060")))
            + data.draw(st.sampled_from((letter, letter.upper())))
            for letter in word
        )
        opening, closing = data.draw(st.sampled_from((("", ""), ("“", "”"), ("«\u00a0", "\u202f»"), ("'", "’"))))
        noisy.append(f"{opening}{changed}{closing}")
    plain = shingle(" ".join(words))
    other = shingle(data.draw(st.sampled_from((" ", "\n", "\u00a0", " — ", "\u2009"))).join(noisy))
    assert other.text_hash == plain.text_hash
    assert np.array_equal(other.grams, plain.grams)


@given(
    st.lists(WORD, max_size=40),
    st.lists(WORD, max_size=40),
    st.lists(WORD, min_size=GUARANTEED, max_size=GUARANTEED + 10, unique=True),
    st.lists(WORD, max_size=40),
    st.lists(WORD, max_size=40),
)
def test_shared_run_shares_two_sampled_grams(
    before: list[str], before_other: list[str], run: list[str], after: list[str], after_other: list[str]
) -> None:
    """Two texts that share a run of 40 different words share at least two keywords of their signatures."""
    one = signature(shingle(" ".join([*before, *run, *after])))
    other = signature(shingle(" ".join([*before_other, *run, *after_other])))
    assert GUARANTEED == 40
    assert len(set(one) & set(other)) >= 2


@given(st.lists(WORD, max_size=GRAM + WINDOW - 1))
def test_short_texts_keep_every_gram(words: list[str]) -> None:
    """Of a text with no more than one window of grams, all of them are kept."""
    shingled = shingle(" ".join(words))
    assert len(shingled.grams) == max(0, len(words) - GRAM + 1)
    assert np.array_equal(sample(shingled.grams), shingled.unique)


def test_gram_depends_on_the_order_of_words() -> None:
    """The same words in another order are another gram."""
    words = ("one", "two", "three", "four", "five")
    assert hash_grams(words) != hash_grams(words[::-1])


def test_equal_grams_hash_equally_anywhere() -> None:
    """A gram's hash does not depend on what stands around it."""
    words = tuple(f"w{number}" for number in range(40))
    assert np.array_equal(hash_grams(words)[10:20], hash_grams(words[10:24]))


def test_density_of_the_signature() -> None:
    """A text of 500 words is found under about one gram in nine."""
    found = signature(shingle(" ".join(f"word{number}" for number in range(500))))
    assert 45 <= len(found) <= 80
    assert len(set(found)) == len(found)


def test_encoding_is_stable() -> None:
    """A hash is written as its upper 48 bits: what is stored must stay findable after an upgrade."""
    assert encode(np.array([0x0102030405060708, 2**64 - 1], dtype=np.uint64)) == ["AQIDBAUG", "________"]
    assert signature(shingle("one two three four five")) == ("AtOo8upg",)
