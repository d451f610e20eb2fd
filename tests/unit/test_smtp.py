from __future__ import annotations

import socket
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

import pytest
from postbox import HOST, PASSWORD, USER, Postbox, certificate

from indexer.smtp import ADDRESS, NeverError, NotNowError, Post, Server, server

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certificate(tmp_path_factory.mktemp("tls"))


def of(box: Postbox, **other: Any) -> Server:
    settings = box.settings
    known = {"username": USER, "password": PASSWORD, "ca": box.pem, **other}
    return server(settings["CONDENSAT_SMTP_URL"], **known)


def send(to: Server, *recipients: str, patience: float = 10.0) -> None:
    message = EmailMessage()
    message["Subject"] = "Tides"
    message.set_content("High at noon.")
    with Post(to, patience=patience) as post:
        for each in recipients:
            post.send(message, sender="desk@news.example", to=each)


@pytest.mark.parametrize("security", ["tls", "starttls", "plain"])
def test_mails_are_handed_over(pem: Path, security: Any) -> None:
    """With TLS from the start, by STARTTLS, or on loopback with neither, one login serves all mails."""
    with Postbox(pem, security) as box:
        send(of(box), "ann@example.org", "bob@example.org")
    assert [each.to for each in box.mails] == [("ann@example.org",), ("bob@example.org",)]
    assert {each.sender for each in box.mails} == {"desk@news.example"}
    assert box.mails[0].message["Subject"] == "Tides"
    assert box.logins == 1


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_stranger_gets_no_password(pem: Path, security: Any) -> None:
    """Where the certificate is signed by nobody that is trusted nothing is said but that, and no login is tried."""
    with Postbox(pem, security) as box, pytest.raises(NotNowError, match=r"is not trusted.*CONDENSAT_SMTP_CA"):
        send(of(box, ca=None), "ann@example.org")
    assert (box.logins, box.mails) == (0, [])


def test_a_server_without_tls_gets_no_password(pem: Path) -> None:
    """STARTTLS that is not offered is not done without."""
    with Postbox(pem, "plain") as box, pytest.raises(NotNowError, match="offers no STARTTLS"):
        send(server(f"smtp://{HOST}:{box.port}", username=USER, password=PASSWORD), "ann@example.org")
    assert box.logins == 0


def test_a_wrong_login_is_told_without_it(pem: Path) -> None:
    """The server's words and the settings are named, the password is not."""
    with Postbox(pem) as box, pytest.raises(NotNowError) as caught:
        send(of(box, password="wrong-secret"), "ann@example.org")  # noqa: S106 it opens nothing
    assert "refuses the login: 535" in str(caught.value)
    assert "CONDENSAT_SMTP_PASSWORD" in str(caught.value)
    assert "wrong-secret" not in str(caught.value)
    assert "secret" not in repr(of(box))


@pytest.mark.parametrize(
    ("answer", "error"),
    [("450 the box is busy", NotNowError), ("550 there is no such box", NeverError), ("552 it is full", NeverError)],
)
def test_refusals_are_told_in_the_servers_words(pem: Path, answer: str, error: type[Exception]) -> None:
    """Not now and never are told apart, of a recipient and of a mail, and the next mail is none the worse."""
    with Postbox(pem, recipients={"ann@example.org": answer}) as box, Post(of(box)) as post:
        message = EmailMessage()
        message.set_content("High at noon.")
        with pytest.raises(error, match=answer):
            post.send(message, sender="desk@news.example", to="ann@example.org")
        post.send(message, sender="desk@news.example", to="bob@example.org")
        box.data = answer
        with pytest.raises(error, match=answer):
            post.send(message, sender="desk@news.example", to="bob@example.org")
    assert [each.to for each in box.mails] == [("bob@example.org",)]


def test_a_server_that_is_away_is_asked_once(pem: Path) -> None:
    """Where nothing answers the reason is told, and further mails do not wait for it again."""
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        away = server(f"smtps://{HOST}:{taken.getsockname()[1]}", ca=pem)
        with Post(away) as post:
            for _ in range(2):
                with pytest.raises(NotNowError, match="cannot be reached"):
                    post.send(EmailMessage(), sender="desk@news.example", to="ann@example.org")


def test_a_silent_server_is_not_waited_for(pem: Path) -> None:
    """One that takes the connection and says nothing is given up after a while."""
    with socket.socket() as silent:
        silent.bind((HOST, 0))
        silent.listen()
        slow = server(f"smtp://{HOST}:{silent.getsockname()[1]}", ca=pem)
        with pytest.raises(NotNowError, match="timed out"):
            send(slow, "ann@example.org", patience=0.3)


@pytest.mark.parametrize(
    "url",
    ["mail.example", "http://mail.example", "smtps://", "smtps://mail.example:port", "smtps://ann:pw@mail.example"],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """The reason repeats nothing that may be secret."""
    with pytest.raises(ValueError, match=r"write smtps|no address|no password") as caught:
        server(url)
    assert "pw@" not in str(caught.value)


def test_ports_and_logins() -> None:
    """Each way has its usual port; a login in the address counts; none is sent in the clear but on loopback."""
    assert [server(f"{each}://mail.example").port for each in ("smtps", "smtp", "smtp+plain")] == [465, 587, 25]
    assert server("smtps://an%40n@mail.example").username == "an@n"
    with pytest.raises(ValueError, match="not sent without TLS"):
        server("smtp+plain://ann@mail.example")
    assert server("smtp+plain://ann@localhost").username == "ann"


@pytest.mark.parametrize(
    "address", ["ann@example.org\n", "ann", "ann@", "a b@c.example", "ann@exa mple", "<a@b>", "a@b,c@d"]
)
def test_what_is_no_address(address: str) -> None:
    """Nothing that a header or a command could read as more than one address is taken for one."""
    assert not ADDRESS.fullmatch(address)
