"""Compare, name and join URLs; pure, and it never raises on any string."""

from __future__ import annotations

import hashlib
import ipaddress
from functools import lru_cache
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

import tldextract

# Parameters that say where a reader came from, not what is read.
TRACKING = frozenset(
    {
        "at_campaign", "at_medium", "cmp", "cmpid", "dclid", "fbclid", "ftag", "gclid", "igshid",
        "mc_cid", "mc_eid", "mkt_tok", "msclkid", "ns_campaign", "ns_linkname", "ns_mchannel", "ns_source", "ocid",
        "partner", "ref_src", "wt_mc", "xtor", "yclid",
    }
)  # fmt: skip
TRACKING_PREFIXES = ("utm_", "pk_", "piwik_", "mtm_", "hsa_", "_hs")

_PORTS = {"http": "80", "https": "443"}
_suffixes = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)  # the bundled list: no network, no files


def normalise(url: str) -> str:
    """Write a URL so that all that lead to one article are equal; a key, not an address to fetch.

    Scheme and ``www.`` fold, default ports, fragments that are not routes, tracking parameters and a closing slash
    go, parameters are sorted. A string that is no URL comes back trimmed.
    """
    text = "".join(url.split())
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return text
    if not parts.scheme or not parts.netloc:
        return text
    scheme = parts.scheme.lower()
    host = (parts.hostname or "").rstrip(".")
    host = host.removeprefix("www.") or host
    if ":" in host:
        host = f"[{host}]"
    if port is not None and str(port) != _PORTS.get(scheme):
        host = f"{host}:{port}"
    if scheme == "https":
        scheme = "http"
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _is_tracking(pair[0])]
    fragment = parts.fragment if parts.fragment.startswith(("!", "/", "entry-")) else ""
    return urlunsplit((scheme, host, parts.path.rstrip("/"), urlencode(sorted(query)), fragment))


def article_id(url: str) -> str:
    """Name an article by its link: 20 hexadecimal digits, the same on every run and machine."""
    return hashlib.sha256(normalise(url).encode("utf-8", "surrogatepass")).hexdigest()[:20]


@lru_cache(maxsize=65_536)
def _domain_of_host(host: str) -> str:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    found = _suffixes(host)
    return found.top_domain_under_public_suffix or host


def registrable_domain(url: str) -> str:
    """Give the registrable domain of a URL (or host name); an address or a bare host stands for itself."""
    text = "".join(url.split())
    try:
        host = urlsplit(text if "://" in text else f"//{text}").hostname or ""
    except ValueError:
        return ""
    return _domain_of_host(host.lower().rstrip("."))


def is_root(url: str) -> bool:
    """Tell whether a URL is a site's front page."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.path in {"", "/"} and not parts.query


def is_alias(canonical: str, of_url: str) -> bool:
    """Tell whether a canonical link names the same article: same registrable domain, and not its front page.

    Across domains it would merge a syndicated copy into its original, or let a page overwrite another's article.
    """
    domain = registrable_domain(canonical)
    return bool(domain) and domain == registrable_domain(of_url) and not is_root(canonical)


def absolute(link: str | None, base: str) -> str | None:
    """Join a link on its base; None where the result is not http or https."""
    text = "".join((link or "").split())
    if not text:
        return None
    try:
        joined = urljoin(base, text)
        parts = urlsplit(joined)
        if parts.scheme.lower() not in _PORTS or not parts.hostname:
            return None
    except ValueError:
        return None
    return joined


def without_link(feed_url: str, guid: str) -> str:
    """Give an entry without a link a URL of its own within its feed."""
    return f"{feed_url.split('#', 1)[0]}#entry-{quote(guid, safe='', errors='replace')}"


def _is_tracking(name: str) -> bool:
    lowered = name.lower()
    return lowered in TRACKING or lowered.startswith(TRACKING_PREFIXES)
