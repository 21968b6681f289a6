"""Images of the web: each address is accepted or rejected with its reason, and none leads into a private network."""

import ipaddress
import socket
import threading
import time
from types import SimpleNamespace

import psutil
import pytest
from intake_files import ONE, accepted_and_rejected, picture
from web_server import serving

from core.errors import ArchiveError, ImageError
from core.intake import rejection_messages
from core.intake.links import Link, Links, read_links
from core.intake.web import WebLimits, fetch, is_public

SOON = WebLimits(seconds=10, file_bytes=1_000_000, redirects=2)


def anywhere(_address):
    return True


@pytest.fixture
def answers():
    return {"/ant.png": picture(1), "/bee.png": picture(2)}


@pytest.fixture
def server(tmp_path_factory, answers):
    with serving(tmp_path_factory.mktemp("server"), answers) as running:
        yield running


@pytest.fixture
def get(server, tmp_path):
    """What fetching a path from the server gives: the bytes, or why not."""
    url, context, _ = server

    def fetched(path, limits=SOON, **options):
        target = tmp_path / "fetched"
        try:
            fetch(
                path if "://" in path else url + path,
                target,
                limits,
                **{"is_allowed": anywhere, "context": context} | options,
            )
        except ImageError as error:
            return error.sentence
        return target.read_bytes()

    return fetched


def test_an_image_is_fetched_also_by_way_of_another_address(get, answers):
    answers |= {"/moved": "/elsewhere", "/elsewhere": "/ant.png"}
    assert get("/ant.png") == picture(1)
    assert get("/moved") == picture(1)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/a.jpg",
        "ftp://example.org/a.jpg",
        "file:///etc/passwd",
        "a.jpg",
        "https://",
        "https://[::1",
        "https://a:x/",
    ],
)
def test_what_is_no_https_address_is_rejected(get, url):
    assert get(url if "://" in url else f"{url}://") == rejection_messages.LINK_NOT_HTTPS


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "2002:7f00:1::",
        "2001:0:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::808:808",
        "::ffff:8.8.8.8", "::127.0.0.1", "::8.8.8.8", "fec0::1", "2002:808:808::1", "2606:4700::5efe:7f00:1",
        "2606:4700::200:5efe:808:808", "4000::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address):
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111"])
def test_addresses_that_are_public(address):
    assert is_public(ipaddress.ip_address(address))


def test_a_public_address_of_this_machine_is_not_reached(monkeypatch):
    own = [SimpleNamespace(address="8.8.8.8"), SimpleNamespace(address="2606:4700::1111%eth0")]
    monkeypatch.setattr(psutil, "net_if_addrs", lambda: {"eth0": own})
    assert not is_public(ipaddress.ip_address("8.8.8.8"))
    assert not is_public(ipaddress.ip_address("2606:4700::1111"))
    assert is_public(ipaddress.ip_address("8.8.4.4"))


def test_a_resolver_that_does_not_answer_is_not_waited_for(get, monkeypatch):
    over = threading.Event()

    def resolve(*_, **__):
        over.wait(30)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    limits = WebLimits(seconds=0.3)
    assert get("https://images.example/a.jpg", limits=limits) == rejection_messages.LINK_SLOW.format(seconds=0.3)
    over.set()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "[::1]", "[::ffff:127.0.0.1]"])
def test_a_private_network_is_never_reached(server, get, host):
    port = server[0].rpartition(":")[2]
    assert get(f"https://{host}:{port}/ant.png", is_allowed=is_public) == rejection_messages.LINK_PRIVATE
    assert server[2] == []


def test_a_redirect_into_a_private_network_is_not_followed(server, get, answers):
    answers["/out"] = server[0].replace("127.0.0.1", "localhost") + "/ant.png"
    asked_about = []

    def first_only(address):
        asked_about.append(address)
        return len(asked_about) == 1

    assert get("/out", is_allowed=first_only) == rejection_messages.LINK_PRIVATE
    assert server[2] == ["/out"]


def test_a_name_with_one_private_address_among_public_ones_is_rejected(get, monkeypatch):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert get("https://images.example/a.jpg", is_allowed=is_public) == rejection_messages.LINK_PRIVATE


def test_a_redirect_to_plain_http_is_not_followed(get, answers):
    answers["/plain"] = "http://127.0.0.1/ant.png"
    assert get("/plain") == rejection_messages.LINK_NOT_HTTPS


def test_a_redirect_loop_ends(get, answers):
    answers["/round"] = "/round"
    assert get("/round") == rejection_messages.LINK_REDIRECTS.format(times=2)


def test_an_answer_that_is_no_image_is_rejected_by_its_status(get):
    assert get("/nothing") == rejection_messages.LINK_ANSWER.format(status=404)


def test_a_server_that_is_not_there(get):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert get(f"https://127.0.0.1:{free.getsockname()[1]}/a.png") == rejection_messages.LINK_BROKE


def test_a_name_that_is_not_there(get):
    assert get("https://nowhere.invalid/a.png") == rejection_messages.LINK_UNKNOWN.format(host="nowhere.invalid")


def test_an_untrusted_certificate(get):
    assert get("/ant.png", context=None) == rejection_messages.LINK_CERTIFICATE


def test_a_file_that_breaks_off(get, answers):
    answers["/half"] = lambda handler: handler.reply(200, b"half", length=1000)
    assert get("/half") == rejection_messages.LINK_BROKE


def test_a_file_that_is_too_large(get, answers):
    answers["/large"] = bytes(1_000_001)
    assert get("/large") == rejection_messages.TOO_LARGE.format(megabytes=1)


@pytest.mark.parametrize("drip", [b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"])
def test_a_server_that_drips_is_cut_off(get, answers, drip):
    def answer(handler):
        handler.wfile.write(drip)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            handler.wfile.write(b"x")
            time.sleep(0.05)

    answers["/drip"] = answer
    began = time.monotonic()
    assert get("/drip", limits=WebLimits(seconds=0.5)) == rejection_messages.LINK_SLOW.format(seconds=0.5)
    assert time.monotonic() - began < 10


def test_a_list_names_addresses_and_classes():
    text = "https://a.example/1.jpg\n\n# mine\n https://b.example/2.jpg  red ants \nhttps://c.example/3.jpg\tbees"
    assert read_links(text) == [
        Link("https://a.example/1.jpg"),
        Link("https://b.example/2.jpg", "red ants"),
        Link("https://c.example/3.jpg", "bees"),
    ]


def source(server, tmp_path, links, **web):
    return Links(links, ONE, tmp_path, web=WebLimits(seconds=10, **web), is_allowed=anywhere, context=server[1])


def test_every_address_of_a_list_is_accepted_or_rejected(server, tmp_path, store, answers):
    url = server[0]
    answers["/text.png"] = b"words"
    links = [
        Link(f"{url}/{name}", label)
        for name, label in (("ant.png", None), ("bee.png", "bees"), ("no", None), ("text.png", None), ("ant.png", "x"))
    ]
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    accepted, rejected = accepted_and_rejected(source(server, scratch, links), store, label="ants")
    assert {name: one.label for name, one in accepted.items()} == {f"{url}/ant.png": "ants", f"{url}/bee.png": "bees"}
    assert rejected == {
        f"{url}/no": rejection_messages.LINK_ANSWER.format(status=404),
        f"{url}/text.png": rejection_messages.NOT_AN_IMAGE,
        f"{url}/ant.png": rejection_messages.LINK_TWICE,
    }
    assert list(scratch.iterdir()) == []


def test_a_list_stops_where_its_images_are_too_large_together(server, tmp_path, store):
    links = [Link(f"{server[0]}/{name}.png") for name in ("ant", "bee")]
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    accepted, rejected = accepted_and_rejected(source(server, scratch, links, total_bytes=len(picture(1))), store)
    assert set(accepted) == {links[0].url}
    assert rejected == {links[1].url: rejection_messages.LINKS_TOO_LARGE.format(gigabytes=len(picture(1)) / 1e9)}


def test_a_list_of_too_many_addresses_is_rejected(tmp_path):
    with pytest.raises(ArchiveError, match=r"The list has more than 2 addresses\. Divide it"):
        Links([Link(f"https://a.example/{n}.jpg") for n in range(3)], ONE, tmp_path, web=WebLimits(links=2))
