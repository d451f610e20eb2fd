"""Write a digest as a mail; pure. The same digest is the same mail to the last byte, whenever it is written."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import TYPE_CHECKING

from indexer.digests.text import headline, one_line, plain_text
from indexer.rendering import digest_page

if TYPE_CHECKING:
    from indexer.elastic.outbox import Digest

SUBJECT = 160  # characters


def compose(digest: Digest, *, sender: str, to: str) -> EmailMessage:
    """Give the mail, as plain text and as HTML. ``sender`` is an address, with a name before it or not."""
    name, own = parseaddr(sender)
    message = EmailMessage(policy=SMTP)
    message["Subject"] = subject(digest)
    message["From"] = Address(display_name=one_line(name), addr_spec=own)
    message["To"] = Address(addr_spec=to)
    message["Date"] = format_datetime(digest.at)
    message["Message-ID"] = digest.message_id
    message["List-Id"] = f"<{digest.search}.condensat.{domain(sender)}>"
    message["Auto-Submitted"] = "auto-generated"  # nobody's absence answers it
    message.set_content(plain_text(digest))
    message.add_alternative(digest_page(digest), subtype="html")
    message.set_boundary(f"=_{digest.id}")
    return message


def subject(digest: Digest) -> str:
    """Give the subject: the search, how much there is, and the first title."""
    first = next((one_line(each.title) for each in digest.items), "")
    whole = f"{one_line(digest.name)}: {headline(digest)}" + (f" – {first}" if first else "")
    return whole if len(whole) <= SUBJECT else f"{whole[: SUBJECT - 2].rstrip()} …"


def address(sender: str) -> str:
    """Give the address of a sender without the name that may stand before it."""
    return parseaddr(sender)[1]


def domain(sender: str) -> str:
    """Give the domain of a sender's address."""
    return address(sender).rpartition("@")[2] or "localhost"
