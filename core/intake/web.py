"""Download one image: by HTTPS only, never from a private network, within a time limit.

The list of URLs may come from anybody, while this process runs inside a private network. Every host name is resolved
once, all of its addresses must be public, and the connection goes to the address that was checked. A redirect is
checked in the same way. Proxies of the environment are not used, because they resolve host names themselves.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import psutil

from core.errors import ImageError
from core.intake import rejection_messages
from core.intake.results import GIGABYTE, MEGABYTE
from core.storage.disk import describe_disk_errors

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

HTTPS_PORT: Final = 443
CHUNK_BYTES: Final = 64 * 1024
REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))
OK: Final = 200
HEADERS: Final = {"User-Agent": "Graft", "Accept": "image/*", "Accept-Encoding": "identity"}
UNICAST: Final = ipaddress.IPv6Network("2000::/3")
# Third 32-bit word of an ISATAP address, with a private or a global IPv4 address behind it.
ISATAP: Final = frozenset((0x00005EFE, 0x02005EFE))


@dataclass(frozen=True)
class WebLimits:
    """Limits of downloads.

    Attributes:
        links: Number of URLs in one list.
        file_bytes: Size of one image.
        total_bytes: Size of all images of one list.
        seconds: Time for one image, redirects included.
        redirects: Number of redirects of one image.
        together: Number of concurrent downloads.
    """

    links: int = 2_000
    file_bytes: int = 50 * MEGABYTE
    total_bytes: int = 5 * GIGABYTE
    seconds: float = 30
    redirects: int = 5
    together: int = 8


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public internet and not to this machine.

    Of IPv6 only global unicast counts (2000::/3, RFC 4291), without an IPv4 address inside: 6to4 (RFC 3056), Teredo
    (RFC 4380) and ISATAP (RFC 5214) lead to another network than they seem to.
    """
    if isinstance(address, ipaddress.IPv6Address):
        interface = int(address) >> 32 & 0xFFFFFFFF
        if address not in UNICAST or address.sixtofour or address.teredo or interface in ISATAP:
            return False
    return address.is_global and not address.is_multicast and str(address) not in _own_addresses()


def _own_addresses() -> set[str]:
    """Addresses of this machine's interfaces; one of them may be public."""
    found = [one.address.partition("%")[0] for interface in psutil.net_if_addrs().values() for one in interface]
    return {str(ipaddress.ip_address(address)) for address in found if "." in address or "::" in address}


def fetch(
    url: str,
    target: Path,
    limits: WebLimits,
    *,
    is_allowed: Callable[[Address], bool] = is_public,
    context: ssl.SSLContext | None = None,
) -> int:
    """Download a URL to a file, without looking at its content.

    Args:
        url: The URL.
        target: The file.
        limits: Limits of the download.
        is_allowed: Whether a connection to an IP address is allowed.
        context: Trusted certificates; None for those of the system.

    Returns:
        The number of bytes.

    Raises:
        ImageError: The download failed; the sentence is one of `rejection_messages`.
        WorkspaceError: The disk is full.
    """
    deadline = time.monotonic() + limits.seconds
    for _ in range(limits.redirects + 1):
        parts = _check(url)
        with _describe_errors(deadline, limits):
            found = _look_up(parts, deadline)
        address = _checked(parts, found, is_allowed)
        with _describe_errors(deadline, limits), _connected(parts, address, deadline, context) as connection:
            path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
            query = f"?{quote(parts.query, safe='/%:@!$&()*+,;=~-._?')}" if parts.query else ""
            connection.request("GET", path + query, headers=HEADERS)
            with connection.getresponse() as answer:
                location = answer.headers.get("Location")
                if answer.status in REDIRECTS and location:
                    url = urljoin(url, location)
                    continue
                if answer.status != OK:
                    raise ImageError(rejection_messages.LINK_ANSWER.format(status=answer.status))
                return _copy(answer, target, deadline, limits)
    raise ImageError(rejection_messages.LINK_REDIRECTS.format(times=limits.redirects))


def _check(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ImageError(rejection_messages.LINK_NOT_HTTPS)
    return parts


def _look_up(parts: SplitResult, deadline: float) -> list[str]:
    """Resolve the host name; the system's resolver has no time limit of its own.

    Raises:
        ImageError: There is no such host.
        TimeoutError: The deadline is over.
    """
    answer: Future[list[str]] = Future()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(parts.hostname, parts.port or HTTPS_PORT, type=socket.SOCK_STREAM)
            answer.set_result([str(one[4][0]).partition("%")[0] for one in found])
        except (OSError, ValueError) as error:
            answer.set_exception(error)

    # A daemon: a resolver that never answers does not keep the process alive.
    threading.Thread(target=ask, name="graft-resolver", daemon=True).start()
    try:
        return answer.result(max(0.1, deadline - time.monotonic()))
    except TimeoutError:
        raise
    except (OSError, ValueError) as error:
        raise ImageError(rejection_messages.LINK_UNKNOWN.format(host=parts.hostname)) from error


def _checked(parts: SplitResult, found: list[str], is_allowed: Callable[[Address], bool]) -> str:
    """Give the first address of a host, all of whose addresses must be allowed."""
    try:
        addresses = [ipaddress.ip_address(one) for one in found]
    except ValueError as error:
        raise ImageError(rejection_messages.LINK_UNKNOWN.format(host=parts.hostname)) from error
    if not addresses or not all(is_allowed(address) for address in addresses):
        raise ImageError(rejection_messages.LINK_PRIVATE)
    return str(addresses[0])


@contextmanager
def _connected(
    parts: SplitResult, address: str, deadline: float, context: ssl.SSLContext | None
) -> Iterator[http.client.HTTPSConnection]:
    """Connect to an address, checking the certificate of the host name; the connection ends at the deadline."""
    name = str(parts.hostname)
    context = context or ssl.create_default_context()
    left = max(0.1, deadline - time.monotonic())
    connection = http.client.HTTPSConnection(name, parts.port or HTTPS_PORT, timeout=left, context=context)
    with socket.create_connection((address, parts.port or HTTPS_PORT), left) as plain:
        connection.sock = context.wrap_socket(plain, server_hostname=name, do_handshake_on_connect=False)
    # A socket timeout applies to each read, not to all of them together.
    timer = threading.Timer(left, _shut_down, (connection.sock,))
    timer.start()
    try:
        connection.sock.do_handshake()
        yield connection
    finally:
        timer.cancel()
        connection.close()


def _shut_down(connection: socket.socket) -> None:
    with suppress(OSError):  # it has ended already
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


@contextmanager
def _describe_errors(deadline: float, limits: WebLimits) -> Iterator[None]:
    """Turn network errors into rejection messages."""
    try:
        yield
    except (OSError, http.client.HTTPException, ValueError) as error:
        if time.monotonic() >= deadline or isinstance(error, TimeoutError):
            raise ImageError(rejection_messages.LINK_SLOW.format(seconds=limits.seconds)) from error
        if isinstance(error, ssl.SSLCertVerificationError):
            raise ImageError(rejection_messages.LINK_CERTIFICATE) from error
        raise ImageError(rejection_messages.LINK_BROKE) from error


def _copy(answer: http.client.HTTPResponse, target: Path, deadline: float, limits: WebLimits) -> int:
    size = 0
    with target.open("wb") as file:
        while chunk := answer.read1(CHUNK_BYTES):
            size += len(chunk)
            if size > limits.file_bytes:
                raise ImageError(rejection_messages.TOO_LARGE.format(megabytes=limits.file_bytes / MEGABYTE))
            with describe_disk_errors(str(target)):
                file.write(chunk)
    if time.monotonic() >= deadline:
        raise TimeoutError
    if answer.length:
        raise ConnectionError("fewer bytes than announced")
    return size
