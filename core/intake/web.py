"""One image from the web: https alone, never from a private network, and never for long.

The list of addresses may come from anybody, while this process stands inside of somebody's network. So every server is
looked up once, all its addresses have to be public, the connection goes to exactly the address that was looked at, and
a redirect is a new address under the same rules. Proxies of the environment are not used, as they would look up names
by themselves.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, quote, urljoin, urlsplit

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
# IPv4 addresses dressed up as IPv6 ones by translators (RFC 6052, RFC 8215), which `ipaddress` takes for public.
TRANSLATED: Final = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))


@dataclass(frozen=True)
class WebLimits:
    """How far fetching goes.

    Attributes:
        links: Addresses of one list.
        file_bytes: Of one image.
        total_bytes: Of all images of one list.
        seconds: For one image in all, redirects included.
        redirects: How often one may lead elsewhere.
        together: How many are fetched side by side.
    """

    links: int = 2_000
    file_bytes: int = 50 * MEGABYTE
    total_bytes: int = 5 * GIGABYTE
    seconds: float = 30
    redirects: int = 5
    together: int = 8


def is_public(address: Address) -> bool:
    """Whether an address is one of the public internet, in whatever guise it comes."""
    if isinstance(address, ipaddress.IPv6Address):
        hidden = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if any(address in network for network in TRANSLATED) or (hidden is not None and not is_public(hidden)):
            return False
    return address.is_global and not address.is_multicast


def fetch(
    url: str,
    target: Path,
    limits: WebLimits,
    *,
    is_allowed: Callable[[Address], bool] = is_public,
    context: ssl.SSLContext | None = None,
) -> int:
    """Write what an address gives to a file; what it is, a decoder decides.

    Args:
        url: The address.
        target: The file.
        limits: How far this goes.
        is_allowed: Whether a server's address may be connected to.
        context: Which certificates are believed; None for those that the system believes.

    Returns:
        The number of bytes.

    Raises:
        ImageError: It cannot be fetched; the sentence is one of `reasons`.
        WorkspaceError: The disk is full.
    """
    deadline = time.monotonic() + limits.seconds
    for _ in range(limits.redirects + 1):
        parts = _check(url)
        address = _look_up(parts, is_allowed)
        with _in_words(deadline, limits), _connected(parts, address, deadline, context) as connection:
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


def _look_up(parts: SplitResult, is_allowed: Callable[[Address], bool]) -> str:
    """The address to connect to; every one that the name has must be allowed."""
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or HTTPS_PORT, type=socket.SOCK_STREAM)
        addresses = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
    except (OSError, ValueError) as error:
        raise ImageError(rejection_messages.LINK_UNKNOWN.format(host=parts.hostname)) from error
    if not addresses or not all(is_allowed(address) for address in addresses):
        raise ImageError(rejection_messages.LINK_PRIVATE)
    return str(addresses[0])


@contextmanager
def _connected(
    parts: SplitResult, address: str, deadline: float, context: ssl.SSLContext | None
) -> Iterator[http.client.HTTPSConnection]:
    """A connection to an address, with the certificate of the name; it is cut at the deadline, whatever it does."""
    name = str(parts.hostname)
    context = context or ssl.create_default_context()
    left = max(0.1, deadline - time.monotonic())
    connection = http.client.HTTPSConnection(name, parts.port or HTTPS_PORT, timeout=left, context=context)
    with socket.create_connection((address, parts.port or HTTPS_PORT), left) as plain:
        connection.sock = context.wrap_socket(plain, server_hostname=name, do_handshake_on_connect=False)
    # A socket's own time limit is one for each byte, not for all of them.
    cut = threading.Timer(left, _cut, (connection.sock,))
    cut.start()
    try:
        connection.sock.do_handshake()
        yield connection
    finally:
        cut.cancel()
        connection.close()


def _cut(connection: socket.socket) -> None:
    with suppress(OSError):  # it ended by itself
        socket.socket.shutdown(connection, socket.SHUT_RDWR)


@contextmanager
def _in_words(deadline: float, limits: WebLimits) -> Iterator[None]:
    """Turn what goes wrong on the way into a sentence."""
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
        raise ConnectionError("fewer bytes than promised")
    return size
