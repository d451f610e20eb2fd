"""Connect only to addresses that may be connected to, checked after resolution and used as checked.

It knows names, addresses and sockets; of HTTP it must know nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

import httpcore2

from indexer.models import Reason, RejectedError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    Address = IPv4Address | IPv6Address
    Resolve = Callable[[str, int], Awaitable[list[str]]]

# IPv6 addresses that stand for an IPv4 one, which is what a gateway would connect to: what is judged is the latter.
NAT64 = IPv6Network("64:ff9b::/96")

THIS_NETWORK = IPv4Network("0.0.0.0/8")  # Linux takes 0.0.0.0 for the machine itself
SHARED = IPv4Network("100.64.0.0/10")  # behind the provider's NAT, or a VPN's own network

MAX_ADDRESSES = 4  # tried one after the other; big sites give up to eight, dead ones as well


class NoSuchHostError(httpcore2.ConnectError):
    """The name servers say that a host has no address; asking again in a moment is of no use."""


def is_allowed(address: str, *, allow_private: bool = False) -> bool:
    """Tell whether a server at ``address`` may be asked.

    Public addresses may. Loopback and private ones may with ``allow_private``. Never: multicast, reserved,
    unspecified and link-local addresses, among them 169.254.169.254, where clouds keep their machines' secrets.
    """
    ip = _meant(ip_address(address))
    if ip.is_multicast or ip.is_link_local or ip.is_unspecified or ip in THIS_NETWORK:
        return False
    if ip.is_loopback:
        return allow_private
    if ip.is_reserved or (isinstance(ip, IPv6Address) and ip.is_site_local):
        return False
    return ip.is_global or (allow_private and (ip.is_private or ip in SHARED))


def _meant(ip: Address) -> Address:
    """Give the IPv4 address inside a mapped, translated or tunnelled one, else ``ip`` itself."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip in NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else ip)


async def resolve(host: str, port: int) -> list[str]:
    """Give the addresses of ``host``, best first; raises OSError (socket.gaierror) when it has none.

    Each look-up has a thread of its own that nobody waits for at the end: the event loop's pool has but a few, and a
    dead name server holds one for many seconds.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[list[str]] = loop.create_future()

    def finish(addresses: list[str], error: Exception | None) -> None:
        if future.done():  # nobody waits any more
            return
        if error is None:
            future.set_result(addresses)
        else:
            future.set_exception(error)

    def look_up() -> None:
        addresses: list[str] = []
        error: Exception | None = None
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        except (OSError, UnicodeError) as caught:
            error = caught
        with contextlib.suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(finish, addresses, error)

    threading.Thread(target=look_up, name="condensat-dns", daemon=True).start()
    return await future


class GuardedNetwork(httpcore2.AsyncNetworkBackend):
    """Opens connections for the HTTP client, to allowed addresses alone.

    The client asks for a host; what is connected to is the very address that was checked, so a name that changes its
    address between check and use (DNS rebinding) gains nothing. TLS and the Host header keep the name.
    """

    def __init__(self, *, allow_private: bool, resolve: Resolve = resolve) -> None:
        self._allow_private = allow_private
        self._resolve = resolve
        self._network = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the client's interface
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect within ``timeout`` seconds, or raise httpcore2's errors, or RejectedError FORBIDDEN_ADDRESS."""
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._resolve(host, port)
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout(f"no answer about {host} from the name servers") from error
        except UnicodeError as error:
            raise RejectedError(Reason.BAD_URL, f"{host[:80]} is no host name") from error
        except OSError as error:
            kind = httpcore2.ConnectError if error.errno == socket.EAI_AGAIN else NoSuchHostError
            raise kind(f"{host} has no address: {error.strerror}") from error
        allowed = [each for each in addresses if is_allowed(each, allow_private=self._allow_private)][:MAX_ADDRESSES]
        if not allowed:
            raise RejectedError(Reason.FORBIDDEN_ADDRESS, _explain(host, addresses))
        # All but the last get a share of the time, so that a dead IPv6 address leaves some for the living IPv4 one.
        share = None if timeout is None else timeout / len(allowed)
        for address in allowed[:-1]:
            with contextlib.suppress(httpcore2.ConnectError, httpcore2.ConnectTimeout):
                return await self._network.connect_tcp(address, port, share, local_address, socket_options)
        return await self._network.connect_tcp(allowed[-1], port, share, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        """Wait, as the client asks between its attempts."""
        await asyncio.sleep(seconds)


def _explain(host: str, addresses: list[str]) -> str:
    address = addresses[0] if addresses else "nothing"
    place = host if host == address else f"{host} ({address})"
    if any(is_allowed(each, allow_private=True) for each in addresses):
        return f"{place} is not public; to fetch from loopback and private addresses set CONDENSAT_ALLOW_PRIVATE=1"
    return f"{place} is never asked: it is link-local, multicast or reserved"
