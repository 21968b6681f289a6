"""The guard of every route, Streamlit's own included: which requests are answered, and how browsers treat the answers.

A web site that a person visits can send requests to a server on the person's machine, also under a name of its own that
resolves to 127.0.0.1 (DNS rebinding). So the Host must be a name or address of this machine. Browsers send an Origin
with WebSockets and with every request that changes something; it must be the same host and port. A request without
Origin is judged by its Host alone.
"""

from collections.abc import Iterable
from typing import Final
from urllib.parse import SplitResult, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pages.routes.addresses import below_base, is_allowed_host

CLOSED_ROUTES: Final = ("_stcore/metrics",)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_HOST_REFUSED: Final = (
    "Graft does not answer under this host name. Open it at localhost or at an address of this computer, or start it "
    "with the name in GRAFT_HOSTS."
)
_ORIGIN_REFUSED: Final = "Graft does not answer pages of other web sites."
_CLOSED: Final = "This address is closed."


class HostGuard:
    """ASGI middleware that rejects requests to foreign hosts and from foreign pages, and sets security headers.

    Args:
        app: The application.
        hosts: Further host names under which the server answers.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = ()) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        host, refusal = self._judge(scope)
        if refusal is None:
            await self._app(scope, receive, _with_headers(send, host))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": refusal})
        else:
            status = 404 if refusal == _CLOSED else 403
            await PlainTextResponse(refusal, status)(scope, receive, _with_headers(send, ""))

    def _judge(self, scope: Scope) -> tuple[str, str | None]:
        """Give the Host of a request, and why it is refused; None if it is not."""
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        host = _split(f"//{hosts[0]}") if len(hosts) == 1 else None
        if host is None or not is_allowed_host(host.hostname or "", self._hosts):
            return "", _HOST_REFUSED
        if origins and not (len(origins) == 1 and _is_same_place(origins[0], host)):
            return "", _ORIGIN_REFUSED
        if scope["path"].rstrip("/") in [below_base(path) for path in CLOSED_ROUTES]:
            return "", _CLOSED
        return host.netloc, None


def _is_same_place(origin: str, host: SplitResult) -> bool:
    """Whether an origin has the host and port of a Host header."""
    place = _split(origin)
    if place is None or place.scheme not in _DEFAULT_PORTS:
        return False
    default = _DEFAULT_PORTS[place.scheme]
    return (place.hostname, place.port or default) == (host.hostname, host.port or default)


def _split(address: str) -> SplitResult | None:
    """Split an address that has a host and perhaps a scheme and a port, and nothing else."""
    try:
        parts = urlsplit(address)
        _ = parts.port  # raises for a port that is none
    except ValueError:
        return None
    more = parts.username or parts.password or parts.path or parts.query or parts.fragment
    is_plain = parts.netloc.isascii() and not any(letter.isspace() or letter in "\"';,<>" for letter in address)
    return parts if parts.hostname and not more and is_plain else None


def _with_headers(send: Send, host: str) -> Send:
    """Add the security headers to an answer that does not set them itself."""

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in (_HEADERS | {"Content-Security-Policy": _policy(host)}).items():
                headers.setdefault(name, value)
        await send(message)

    return send_with_headers


def _policy(host: str) -> str:
    """What a page may load: nothing from another server, so that a hostile name in a text loads no remote picture.

    Streamlit's own scripts and styles need `unsafe-inline` and `unsafe-eval`, so they are not restricted here. Safari
    does not count WebSockets of the same host as `self`.
    """
    sockets = f" ws://{host} wss://{host}" if host else ""
    return (
        f"connect-src 'self' data: blob:{sockets}; img-src 'self' data: blob:; font-src 'self' data:; "
        "media-src 'self' data: blob: mediastream:; object-src 'none'; base-uri 'self'; form-action 'self'; "
        "frame-ancestors 'none'"
    )
