"""Recognise pages that stand where an article should be: challenges, consent walls, paywall stubs.

One table of rules, each with a weight; a short page whose rules of one kind sum up to enough is rejected. Long ones
never are: an article about captchas or paywalls has all their phrases, and more words than any of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from indexer.models import Reason


class Place(Enum):
    """What a rule looks at."""

    TITLE = "title"  # the page's <title>
    HOST = "host"
    TEXT = "text"  # what would be taken for the article
    PAGE = "page"  # all that can be read on the page
    MARKUP = "markup"


@dataclass(frozen=True, slots=True)
class Rule:
    """One sign of one kind of page."""

    reason: Reason
    place: Place
    weight: int
    pattern: re.Pattern[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """What the rules look at."""

    title: str
    host: str
    text: str
    shown: str
    markup: str


ENOUGH = 4

# Words of extracted text above which a page is an article, whatever phrases stand in it. Challenges of the large
# providers have 20 to 130 words, consent walls 60 to 250 with their lists of purposes, stubs a lead of 20 to 120 and
# the offer.
MAX_WORDS = {Reason.CHALLENGE_PAGE: 200, Reason.CONSENT_PAGE: 300, Reason.PAYWALL_PAGE: 200}
# Words that can be read on the page above which Place.PAGE does not count: a challenge fills its page.
MAX_SHOWN = 350
MAX_MARKUP = 60_000  # characters; challenges have 2 to 40 thousand, and the signs of articles stand at the top


def _rules(reason: Reason, place: Place, weight: int, *patterns: str) -> tuple[Rule, ...]:
    return tuple(Rule(reason, place, weight, re.compile(each, re.IGNORECASE)) for each in patterns)


# A title or a piece of markup that only such a page has is enough by itself. Of phrases, which short news about
# phishing («verify you are human») or cookie law («reject all») quote as well, it takes two to four.
RULES: tuple[Rule, ...] = (
    *_rules(
        Reason.CHALLENGE_PAGE,
        Place.TITLE,
        4,
        # Cloudflare, in the languages of its interface
        r"^(just a moment|one moment|un instant|un momento|nur einen moment|einen moment|um momento|please wait)"
        r"(, please)?\s*(\.\.\.|…)",
        r"^attention required!",
        r"^(access denied|accès refusé)\s*\|.*\bcloudflare\b",
        r"^(ddos-guard$|ddos protection by|checking your browser|vérification de votre navigateur)",
        # Imperva, HUMAN, DataDome, Vercel, Anubis, AWS and others
        r"^(pardon our interruption|access to this page has been denied|request unsuccessful)",
        r"^(vercel security checkpoint|making sure you.re not a bot|client challenge)",
        r"^(human verification|verify(ing)? (that )?you are (a )?human|robot check|are you (a )?(robot|human))\W*$",
        r"^[\w. ]{1,40} [-|–] are you a robot\?$",
        r"^(security (check|verification)|vérification de sécurité|captcha)\W*$",
    ),
    *_rules(
        Reason.CHALLENGE_PAGE,
        Place.MARKUP,
        4,
        r"_cf_chl_opt|cf-browser-verification|id=[\"']challenge-(form|running|error-text)[\"']",
        r"captcha-delivery\.com/(captcha|interstitial|c\.js)|id=[\"']px-captcha[\"']|_Incapsula_Resource",
        r"window\.gokuProps|id=[\"']anubis_challenge[\"']|/\.within\.website/x/cmd/anubis",
    ),
    *_rules(
        Reason.CHALLENGE_PAGE,
        Place.MARKUP,
        1,
        r"/cdn-cgi/challenge-platform/|challenges\.cloudflare\.com|/recaptcha/api|hcaptcha\.com|awswaf\.com",
    ),
    *_rules(
        Reason.CHALLENGE_PAGE,
        Place.PAGE,
        2,
        r"enable javascript and cookies|activer? (le )?javascript et les cookies|javascript und cookies aktivieren",
        r"(verif(y|ying|ied)|confirm|prove|check(ing)?)( if| that)? you.{1,3}(a?re )(not )?(an? )?(human|robot|bot)",
        r"(vérifi|confirm|prouv)\w+ que vous (n.)?êtes (bien )?(pas )?(un )?(humain|être humain|robot)",
        r"checking (your browser|if the site connection is secure)|review the security of your connection",
        r"vérifi\w+ (la sécurité de votre connexion|de votre navigateur|votre navigateur)",
        r"(complete|solve|pass) (the|this|a) (captcha|security check|challenge)",
        r"(résoudre|résolvez|compléter|complétez|remplir|remplissez) (le|ce|un) captcha",
        r"unusual (traffic|activity) from your|trafic (inhabituel|exceptionnel)|automated (requests|access) (from|to)",
        r"(ddos protection|performance (&|and) security|performances et sécurité) (by|par) (cloudflare|ddos-guard)",
        r"\bray id\b|\bincident id\b|\breference #\d+\.",
        r"your browser will (be )?redirect|vous serez redirigé|this process is automatic",
        r"you (have been|are being) blocked|why have i been blocked|vous avez été bloqué",
        r"press (&|and) hold (the|to)|appuyez et maintenez|i.m not a robot|je ne suis pas un robot",
    ),
    *_rules(
        Reason.CONSENT_PAGE,
        Place.HOST,
        4,
        r"^(consent|guce|myprivacy|privacy-gate|privacygate|cmp-consent|zustimmung)\.",
    ),
    *_rules(
        Reason.CONSENT_PAGE,
        Place.TITLE,
        4,
        r"^(before you continue|avant d.accéder à|avant de continuer|bevor sie fortfahren)",
        r"^(privacy (consent|wall|gate)|cookie (consent|wall|choices)|(your )?privacy choices)$",
        r"^consentement( aux cookies)?$",
    ),
    *_rules(
        Reason.CONSENT_PAGE,
        Place.TEXT,
        2,
        r"\b(we|us),? (and|&) (our )?(\d[\d,. ]* )?(\w+ )?(partners|vendors)|\bwir und unsere (\d[\d. ]* )?partner"
        r"|\bnous et nos (\d[\d. ]* )?(\w+ )?partenaires",
        r"\bwe (value|care about|respect) your privacy|votre vie privée (nous|est)|respectons votre vie privée",
        r"before you continue to|avant d.accéder à|(continue|read on) with (ads|advertising)"
        r"|continuer avec (les )?publicités|mit werbung (weiter)?lesen",
    ),
    *_rules(
        Reason.CONSENT_PAGE,
        Place.TEXT,
        1,
        r"(stor(e|ing)|access(ing)?)( and/or | and | or )?(access(ing)? )?information on (a|your) device"
        r"|(stock(er|ons)|accéd(er|ons) à)[^.]{0,40} informations[^.]{0,20} (un|votre) (appareil|terminal)",
        r"\b(accept|allow|agree to) all\b|\breject all\b|\b(tout|alles?) (accepter|refuser|akzeptieren|ablehnen)\b"
        r"|continuer sans accepter|accepter et (continuer|fermer)|accept (the use of )?cookies|accepter les cookies",
        r"(manage|change|customi[sz]e) (your |my )?(cookie |privacy |consent )?(preferences|choices|settings|options)"
        r"|(gérer|modifier|paramétrer|personnaliser) (vos|mes|les) (choix|préférences|cookies|paramètres)",
        r"(withdraw|revoke) (your )?consent|retirer (à tout moment )?votre consentement",
        r"legitimate interests?|intérêts? légitimes?",
        r"personali[sz]ed (ads|advertising|content)|(publicités?|contenus?)( et (publicités?|contenus?))? personnalisé",
    ),
    *_rules(
        Reason.PAYWALL_PAGE,
        Place.TEXT,
        4,
        r"(this|the full) (article|story|content) is (only |exclusively )?(available |reserved )?"
        r"(for|to) (\w+ ){0,3}(subscribers|members)",
        r"\bto (continue|keep|finish) reading,? (please )?(subscribe|log ?in|sign ?in|register|become a)",
        r"(subscribe|sign up|register|log ?in|sign ?in)( now| today| here)? to (continue|keep|finish) reading",
        r"(subscribe|register|log ?in|sign ?in)( now| today)? to (read|view|access|unlock) "
        r"(the (rest|full)|this|full)( \w+)? (article|story|content)",
        r"il (vous )?reste \d+([.,]\d+)?\s?% de (cet|l.)\s?article",
        r"(cet article|l.article|l.accès à la suite)( complet)? est réservée? (à nos |aux )abonn",
        r"(suite|lecture)( de (cet|l.)\s?article)? (vous )?est réservée? (à nos |aux )abonn",
        r"(abonnez|connectez|inscrivez)-vous (pour|afin de) (lire|continuer|poursuivre|accéder)",
    ),
    *_rules(
        Reason.PAYWALL_PAGE,
        Place.TEXT,
        2,
        r"already (an? )?(\w+ )?(subscriber|member|subscribed)\b|already have an account|déjà abonné",
        r"(you.ve|you have) (reached|read|used) (your|the|all)( \w+){0,3} (limit|free articles?)"
        r"|free articles? (left|remaining)",
    ),
    *_rules(
        Reason.PAYWALL_PAGE,
        Place.TEXT,
        1,
        r"\b(subscribe|unlock|get) (now|today|full access|unlimited access|instant access)|abonnez-vous",
        r"unlimited (digital )?access|accès illimité|cancel any ?time|sans engagement|free trial",
        r"(choose|view|see) (a|your|our) (plan|subscription|offers?)|(voir|découvr\w+) (les|nos) offres",
    ),
    *_rules(Reason.PAYWALL_PAGE, Place.MARKUP, 2, r"\"isAccessibleForFree\"\s*:\s*\"?false"),
    # A page that says it is an article speaks against a challenge or a consent wall; stubs say it as well.
    *(
        each
        for reason in (Reason.CHALLENGE_PAGE, Reason.CONSENT_PAGE)
        for each in _rules(
            reason,
            Place.MARKUP,
            -2,
            r"property=[\"']og:type[\"']\s+content=[\"']article|\"@type\"\s*:\s*\[?\s*\"(\w*Article|BlogPosting)\"",
        )
    ),
)


def recognise(page: Page, *, words: int, words_shown: int) -> Reason | None:
    """Give the kind of page that is no article, or None.

    ``words`` counts the extracted text, ``words_shown`` all that can be read on the page.
    """
    for reason, most in MAX_WORDS.items():
        if words <= most and _weigh(page, reason, words_shown) >= ENOUGH:
            return reason
    return None


def _weigh(page: Page, reason: Reason, words_shown: int) -> int:
    return sum(
        rule.weight
        for rule in RULES
        if rule.reason is reason
        and (rule.place is not Place.PAGE or words_shown <= MAX_SHOWN)
        and rule.pattern.search(_look_at(page, rule.place))
    )


def _look_at(page: Page, place: Place) -> str:
    match place:
        case Place.TITLE:
            return page.title
        case Place.HOST:
            return page.host
        case Place.TEXT:
            return page.text
        case Place.PAGE:
            return page.shown
        case Place.MARKUP:
            return page.markup
