"""Foreign hosts and foreign pages reach nothing of a running server: raw requests, and a real browser."""

import contextlib
import http.client
import socket
import threading
from collections.abc import Iterator
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import urlsplit

import psutil
import pytest
from playwright.sync_api import Page, expect

from core.catalog.projects import create_project
from tests.browser.conftest import ALLOWED_NAME, Server

FORBIDDEN, SWITCHING = 403, 101
PATHS = [
    "/",
    "/_stcore/health",
    "/_stcore/host-config",
    "/thumbnail/" + "0" * 64,
    "/packed/1",
    "/phone/x",
    "/media/a.png",
]


class Answer(NamedTuple):
    status: int
    headers: Message


def ask(server: Server, path: str, host: str | None = None, **headers: str) -> Answer:
    """Send a GET with a Host header, by default the server's own."""
    place = urlsplit(server.url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
    with contextlib.closing(connection):
        connection.putrequest("GET", path, skip_host=True)
        connection.putheader("Host", place.netloc if host is None else host)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        with connection.getresponse() as response:
            return Answer(response.status, response.headers)


def open_socket(server: Server, host: str, origin: str | None) -> int:
    """Ask for Streamlit's WebSocket and give the status of the answer."""
    headers = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    headers |= {"Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Protocol": "streamlit"}
    return ask(server, "/_stcore/stream", host, **headers, **({"Origin": origin} if origin else {})).status


def port_of(server: Server) -> int:
    return urlsplit(server.url).port or 0


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "host", ["rebinding.test:{}", "127.0.0.1.evil.example", "192.0.2.7:{}", "", "a@127.0.0.1", "127.0.0.1 x"]
)
def test_no_route_answers_a_foreign_host(server, path, host):
    assert ask(server, path, host.format(port_of(server))).status in (400, FORBIDDEN)


@pytest.mark.parametrize(
    "host", ["localhost:{}", "LOCALHOST:{}", "127.0.0.1", "[::1]:{}", "app.localhost:{}", f"{ALLOWED_NAME}:{{}}"]
)
def test_names_of_this_machine_are_answered(server, host):
    assert ask(server, "/_stcore/health", host.format(port_of(server))).status == http.client.OK


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1:{}", "http://127.0.0.1:{}", SWITCHING),
        ("localhost:{}", None, SWITCHING),
        ("rebinding.test:{}", "http://rebinding.test:{}", FORBIDDEN),
        ("127.0.0.1:{}", "http://evil.example", FORBIDDEN),
        ("127.0.0.1:{}", "http://localhost:{}", FORBIDDEN),
        ("127.0.0.1:{}", "http://127.0.0.1:1", FORBIDDEN),
        ("127.0.0.1:{}", "null", FORBIDDEN),
    ],
)
def test_a_websocket_needs_a_host_of_this_machine_and_the_same_origin(server, host, origin, status):
    port = port_of(server)
    assert open_socket(server, host.format(port), origin and origin.format(port)) == status


def test_every_answer_refuses_frames_and_loads_from_elsewhere(server):
    for path in PATHS:
        headers = ask(server, path).headers
        assert headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"


def test_metrics_are_closed(server):
    assert ask(server, "/_stcore/metrics").status == http.client.NOT_FOUND
    assert ask(server, "/_stcore/metrics/").status == http.client.NOT_FOUND


@pytest.mark.browser
def test_a_name_that_was_rebound_to_this_machine_shows_nothing(server, new_tab):
    create_project(server.database, "A secret project")
    tab = new_tab(server.url.replace("127.0.0.1", "rebinding.test"))
    expect(tab.get_by_text("Graft does not answer under this host name.")).to_be_visible()
    assert "A secret project" not in tab.content()


@pytest.fixture
def foreign_site(server: Server) -> Iterator[str]:
    """A web site of somebody else that frames Graft and opens its WebSocket."""
    page = f"""<p id="said">waiting</p><iframe src="{server.url}"></iframe><script>
        const opened = new WebSocket("{server.url.replace("http", "ws")}/_stcore/stream", "streamlit");
        opened.onopen = () => document.getElementById("said").textContent = "opened";
        opened.onerror = () => document.getElementById("said").textContent = "refused";
    </script>""".encode()

    class Site(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_args: object) -> None:
            pass

    site = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{site.server_port}"
    site.shutdown()
    site.server_close()


@pytest.mark.browser
def test_a_foreign_page_gets_no_frame_and_no_websocket(foreign_site, server, new_tab):
    tab: Page = new_tab(foreign_site)
    expect(tab.get_by_text("refused")).to_be_visible()
    assert all(not frame.url.startswith(server.url) for frame in tab.frames)


def test_an_address_of_this_machine_is_answered_where_it_is_listened_on(start_server):
    addresses = [
        one.address for found in psutil.net_if_addrs().values() for one in found if one.family == socket.AF_INET
    ]
    others = [address for address in addresses if not address.startswith("127.")]
    if not others:
        pytest.skip("this machine has no network interface but loopback")
    server = start_server(GRAFT_WARM="no", STREAMLIT_SERVER_ADDRESS="0.0.0.0")
    port = port_of(server)
    assert ask(server, "/_stcore/health", f"{others[0]}:{port}").status == http.client.OK
    assert ask(server, "/_stcore/health", f"192.0.2.7:{port}").status == FORBIDDEN


def test_the_server_asks_nobody_for_its_own_address(start_server):
    """Every request that would leave by HTTP goes to a proxy that the test watches."""
    asked = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(3)
        proxy = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = start_server(GRAFT_WARM="no", STREAMLIT_SERVER_ADDRESS="0.0.0.0", HTTP_PROXY=proxy, HTTPS_PROXY=proxy)
        assert ask(server, "/").status == http.client.OK
        assert open_socket(server, f"127.0.0.1:{port_of(server)}", "http://evil.example") == FORBIDDEN
        while True:
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                break
            asked.append(connection.recv(300))
            connection.close()
    assert asked == []
