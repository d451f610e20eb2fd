"""Make up the words of two languages: real function words, then invented ones; it knows nothing of articles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

# The commonest words of written English and French news, about by rank: stop words and the language must be found.
_ENGLISH = (
    "the to of and in a that is for on it was with said as he by at from be have has are his not an they this will but "
    "who were which their had been its or we would more about after one when also there she her you all year up out if "
    "new people than over last first two other could into some no can him time what before so them years government do "
    "because while our most between only during against any made now where says under those these may many through "
    "since such even being like how down just then very still both week day three off us should well until way back "
    "my around did much according already however each every another own though yet whether make take part without "
    "within among later early told called including despite toward here too again few once across long next several"
)
_FRENCH = (
    "de la le les des et en du un une que est dans pour qui par a sur au il plus avec pas ce ne se sont son ont ses "
    "aux mais comme cette elle ou été leur fait deux être sa nous ces après d'un d'une depuis entre ils sans ans dont "
    "tout aussi on bien même avait selon contre encore avant c'est était peut très leurs sous premier vers moins "
    "lors autres si où année alors notamment vous je y qu'il n'est toujours plusieurs chez tous donc déjà "
    "ainsi trois doit cela afin pendant puis car lui elles faire jour jours temps pays non votre notre mon "
    "quelques première dernier parce ailleurs toutefois cependant parmi malgré jusqu'à lorsque s'est celui celle ceux "
    "chaque autre peu trop ici avoir rien beaucoup voir faut peuvent grand grande nouveau nouvelle point suite partie"
)
ENGLISH, FRENCH = _ENGLISH.split(), _FRENCH.split()

# Sounds of the invented words; what stands twice is twice as frequent. Of codas and endings the first are none.
_ONSETS = {
    "en": "b br c ch cl cr d dr f fl fr g gl gr h j k l m n p pl pr r s sc sh sl sp st str t th tr tw v w wh",
    "fr": "b bl br c ch cl cr d dr f fl g gr j l m n p pl pr qu r s t tr v vr gn ph",
}
_NUCLEI = {
    "en": "a a a e e e e i i i o o o u u ea ai ou ee oo y",
    "fr": "a a e é è i i o o u ou ai eu au oi ie on an en in",
}
_CODAS = {"en": "- - - n r l s t nd ck st m rd ng p x", "fr": "- - - - r l s t n c"}
_ENDINGS = {
    "en": "- - - - - - - - - s ed ing er ly tion al ment y ness ers ity",
    "fr": "- - - - - - s e es er é ée tion ment eur ique age aire ité",
}
_SYLLABLES = ((1_000, (1, 1)), (8_000, (1, 2)), (1_000_000, (2, 2)))  # up to which rank, least and most: rare is long
_NAMES = 0.2  # share of the invented words that are written with a capital
_GUIDE = 1 << 20  # entries of the table by which words are drawn; a word rarer than one in that many may be missing

# Endings of a word as it stands in a text: in a sentence, at its beginning, before a comma, at its end, of a paragraph.
FORMS = PLAIN, CAPITAL, COMMA, STOP, BREAK = range(5)


@dataclass(frozen=True, kw_only=True, slots=True)
class Vocabulary:
    """All words, by number: English, then French, then numerals; ``drawn`` gives a word for an evenly drawn number."""

    surfaces: npt.NDArray[np.object_]  # word * len(FORMS) + form → what is written, with the space behind it
    drawn: npt.NDArray[np.int32]  # [language, 0 … guide): the words with their frequencies
    numerals: tuple[int, int]  # first, and past the last
    head: float  # share of the guide that function words take


def vocabulary(
    rng: np.random.Generator, *, sizes: tuple[int, int], flatness: float, exponent: float, numerals: float
) -> Vocabulary:
    """Make up the vocabulary; the frequency of rank r is (r + flatness) ** -exponent (Zipf-Mandelbrot)."""
    known: set[str] = set()
    english = _language("en", ENGLISH, sizes[0], rng, known)
    french = _language("fr", FRENCH, sizes[1], rng, known)
    figures = [str(each) for each in range(1, 1000)] + [str(each) for each in range(1950, 2031)]
    words = [*english, *french, *figures]
    first = len(english) + len(french)
    drawn = np.empty((2, _GUIDE), dtype=np.int32)
    for language, (start, size) in enumerate(((0, sizes[0]), (sizes[0], sizes[1]))):
        weights = (np.arange(1, size + 1) + flatness) ** -exponent
        reached = np.cumsum(weights) / weights.sum()
        drawn[language] = start + np.searchsorted(reached, (np.arange(_GUIDE) + 0.5) / _GUIDE)
        figured = rng.choice(_GUIDE, int(numerals * _GUIDE), replace=False)
        # small numbers are commoner than large ones
        drawn[language, figured] = first + (len(figures) * rng.random(len(figured)) ** 3).astype(np.int32)
    surfaces = np.array([written for word in words for written in _written(word)], dtype=object)
    head = float(np.mean(drawn[0] < len(ENGLISH)))
    return Vocabulary(surfaces=surfaces, drawn=drawn, numerals=(first, len(words)), head=head)


def _language(name: str, function_words: list[str], size: int, rng: np.random.Generator, known: set[str]) -> list[str]:
    words = list(function_words)
    known |= set(words)
    onsets, nuclei, codas, endings = (_sounds(each[name]) for each in (_ONSETS, _NUCLEI, _CODAS, _ENDINGS))
    while len(words) < size:
        least, most = next(span for rank, span in _SYLLABLES if len(words) < rank)
        count = int(rng.integers(least, most + 1))
        drawn = rng.integers(0, 1 << 20, size=3 * count + 1).tolist()
        word = "".join(
            onsets[drawn[3 * at] % len(onsets)]
            + nuclei[drawn[3 * at + 1] % len(nuclei)]
            + (codas[drawn[3 * at + 2] % len(codas)] if at == count - 1 else "")
            for at in range(count)
        )
        word += endings[drawn[-1] % len(endings)]
        if word in known:
            continue
        known.add(word)
        words.append(word.capitalize() if rng.random() < _NAMES else word)
    return words


def _sounds(listed: str) -> list[str]:
    return [each.strip("-") for each in listed.split()]


def _written(word: str) -> tuple[str, ...]:
    return f"{word} ", f"{word[:1].upper()}{word[1:]} ", f"{word}, ", f"{word}. ", f"{word}.\n"
