"""The words of pages and mails, in English and in French; they know nothing of what is written between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from indexer.figures import rough_span, whole_percent
from indexer.models import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

Language = Literal["en", "fr"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


@dataclass(frozen=True, kw_only=True, slots=True)
class Labels:
    """The words of one language. Those of the review page are, in French, the ones that it has always had."""

    heading: str
    article: str
    source: str
    icon: str
    identifier: str
    published: str
    seen: str
    day_only: str
    unknown: str
    problem: str
    title: str
    no_title: str
    by: str
    text: str
    sent: str
    yes: str
    no: str
    condensate: str
    tags: str
    stories: str
    cves: str
    notes: str
    stars: str
    move: str
    shelves: Mapping[str, str]
    reposted: str
    not_reposted: str
    repeats: str
    not_a_repeat: str
    other: str
    date: str
    lag: str
    verdict: str
    covered: str
    this_one: str
    that_one: str
    run: str
    words: tuple[str, str]  # one, several
    kinds: Mapping[Kind, str]
    meanings: Mapping[Kind, str]
    update: str
    later: str
    at_once: str
    order_unsure: str
    differs: str
    nothing: str
    more: str
    made: str
    nothing_new: str
    new_articles: tuple[str, str]
    new_reposts: tuple[str, str]
    saved_search: str
    also_in: str
    and_more: str
    reposted_since: str
    percent: str
    units: Mapping[str, str]

    def span(self, seconds: float) -> str:
        """Write a length of time roughly."""
        number, unit = rough_span(seconds)
        return f"{number} {self.units[unit]}"

    def share(self, share: float) -> str:
        """Write a share in whole percent."""
        return self.percent.format(whole_percent(share))

    def headline(self, new: int, reposts: int) -> str:
        """Tell how much stands in a digest."""
        counts = ((new, self.new_articles), (reposts, self.new_reposts))
        told = [words[number != 1].format(f"{number:,}") for number, words in counts if number]
        return ", ".join(told) or self.nothing_new

    def count_words(self, number: int) -> str:
        """Write a number of words."""
        return f"{number} {self.words[number != 1]}"


ENGLISH = Labels(
    heading="One Article Review",
    article="The article:",
    source="Source",
    icon="icon",
    identifier="Identifier",
    published="Publication date",
    seen="seen",
    day_only="a day without a time",
    unknown="unknown",
    problem="problem",
    title="Title",
    no_title="without a title",
    by="by",
    text="Text",
    sent="Sent",
    yes="Yes",
    no="No",
    condensate="Condensate",
    tags="Tags",
    stories="Stories",
    cves="CVEs",
    notes="Notes",
    stars="{} of 5 stars",
    move="Move",
    shelves={"inbox": "inbox", "kept": "kept", "archived": "archived", "rejected": "rejected"},
    reposted="The article was reposted after its publication:",
    not_reposted="This article does not seem to have been reposted after its publication.",
    repeats="The article repeats an earlier one:",
    not_a_repeat="This article does not seem to repeat an earlier one.",
    other="Article",
    date="Date",
    lag="Lag",
    verdict="Kind",
    covered="Covered",
    this_one="of this one",
    that_one="of that one",
    run="Longest shared run",
    words=("word", "words"),
    kinds={kind: kind.value for kind in Kind},
    meanings={
        Kind.EXACT: "the same words",
        Kind.NEAR: "the same text with small changes",
        Kind.PARTIAL: "most of one stands in the other",
        Kind.PASSAGE: "they share a passage",
        Kind.RELATED: "they share some words in a row",
        Kind.UNRELATED: "they share no five words in a row",
    },
    update="update by the same source",
    later="{} later",
    at_once="at once",
    order_unsure="the dates do not settle the order",
    differs="What differs",
    nothing="nothing",
    more="{} more",
    made="Made by condensat. Times are UTC.",
    nothing_new="nothing new",
    new_articles=("{} new article", "{} new articles"),
    new_reposts=("{} repost of what was sent before", "{} reposts of what was sent before"),
    saved_search="saved search",
    also_in="also in",
    and_more="and {} more",
    reposted_since="Reposted since it was sent",
    percent="{} %",
    units={"s": "s", "min": "min", "h": "h", "d": "d", "y": "y"},
)

FRENCH = Labels(
    heading="One Article Review",
    article="L'article:",
    source="Source",
    icon="icône",
    identifier="Identifiant",
    published="Date de publication",
    seen="vue",
    day_only="un jour sans heure",
    unknown="inconnue",
    problem="problème",
    title="Titre",
    no_title="sans titre",
    by="par",
    text="Texte",
    sent="Envoyé",
    yes="Oui",
    no="Non",
    condensate="Condensat",
    tags="Tags",
    stories="Stories",
    cves="CVE",
    notes="Notes",
    stars="{} étoiles sur 5",
    move="Move",
    shelves={"inbox": "à trier", "kept": "gardé", "archived": "archivé", "rejected": "rejeté"},
    reposted="L'article a été repris après sa publication :",
    not_reposted="L'article ne semble pas avoir été repris aprés sa publication.",
    repeats="L'article reprend un précédent :",
    not_a_repeat="L'article ne semble pas avoir été repris sur un précédent.",
    other="Article",
    date="Date",
    lag="Écart",
    verdict="Nature",
    covered="Couvert",
    this_one="de celui-ci",
    that_one="de l'autre",
    run="Plus longue suite commune",
    words=("mot", "mots"),
    kinds={
        Kind.EXACT: "identique",
        Kind.NEAR: "presque identique",
        Kind.PARTIAL: "partiel",
        Kind.PASSAGE: "passage",
        Kind.RELATED: "apparenté",
        Kind.UNRELATED: "sans rapport",
    },
    meanings={
        Kind.EXACT: "les mêmes mots",
        Kind.NEAR: "le même texte à peu de chose près",
        Kind.PARTIAL: "l'essentiel de l'un se trouve dans l'autre",
        Kind.PASSAGE: "ils ont un passage en commun",
        Kind.RELATED: "ils ont quelques mots de suite en commun",
        Kind.UNRELATED: "ils n'ont pas cinq mots de suite en commun",
    },
    update="mise à jour par la même source",
    later="{} plus tard",
    at_once="en même temps",
    order_unsure="les dates ne fixent pas l'ordre",
    differs="Ce qui diffère",
    nothing="rien",
    more="{} de plus",
    made="Fait par condensat. Les heures sont en UTC.",
    nothing_new="rien de nouveau",
    new_articles=("{} nouvel article", "{} nouveaux articles"),
    new_reposts=("{} reprise de ce qui a été envoyé", "{} reprises de ce qui a été envoyé"),
    saved_search="recherche enregistrée",
    also_in="aussi dans",
    and_more="et {} de plus",
    reposted_since="Repris depuis l'envoi",
    percent="{} %",
    units={"s": "s", "min": "min", "h": "h", "d": "j", "y": "ans"},
)

LABELS: Mapping[Language, Labels] = {"en": ENGLISH, "fr": FRENCH}


def spoken(language: str) -> Language:
    """Give a language as it was saved, where there are words in it; else English."""
    return next((each for each in LANGUAGES if each == language), "en")
