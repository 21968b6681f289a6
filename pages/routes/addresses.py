"""Addresses of this server: paths of Graft's own routes, the hosts under which it answers, its place in the network."""

import ipaddress
import socket
import time
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

import psutil
import streamlit as st

_EVERY_ADDRESS: Final = ("", "0.0.0.0", "::")
# Interfaces come and go with networks, so their addresses are read again after this time.
_INTERFACES_SECONDS: Final = 10
# An address for documentation (RFC 5737): connecting a UDP socket to it chooses an interface and sends nothing.
_ELSEWHERE: Final = ("192.0.2.1", 9)


def below_base(path: str) -> str:
    """A path below the base path with which the server was started."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}/{path}" if base else f"/{path}"


def is_allowed_host(host: str, more: frozenset[str]) -> bool:
    """Whether this server answers under a host name or address.

    Allowed are the names and addresses of the loopback interface, the literal addresses of the interfaces on which the
    server listens, and further names. A foreign name that resolves to this machine (DNS rebinding) is not among them.

    Args:
        host: Without port; an IPv6 address without brackets.
        more: Further host names, in lower case.
    """
    name = host.lower().rstrip(".")
    return is_loopback(name) or name in more or _canonical(name) in _listening_addresses()


def network_origin() -> str | None:
    """The origin at which other machines reach this server, such as `http://192.168.1.7:8501`; None if they cannot.

    It is the address that the person's browser uses, unless that is a loopback address; then the address of this
    machine in its network, if the server listens there.
    """
    came_by = urlsplit(st.context.url or "")
    if came_by.hostname and not is_loopback(came_by.hostname):
        return f"{came_by.scheme}://{came_by.netloc}"
    bound = str(st.get_option("server.address") or "")
    if is_loopback(bound):
        return None
    host = outgoing_address() if bound in _EVERY_ADDRESS else bound
    if not host or is_loopback(host):
        return None
    scheme = "https" if st.get_option("server.sslCertFile") else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{st.get_option('server.port')}"


def is_loopback(host: str) -> bool:
    """Whether a host name or address is one of the loopback interface."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _listening_addresses() -> frozenset[str]:
    bound = str(st.get_option("server.address") or "")
    if bound in _EVERY_ADDRESS:
        return _interface_addresses(int(time.monotonic() // _INTERFACES_SECONDS))
    return frozenset({_canonical(bound)})


@lru_cache(maxsize=1)
def _interface_addresses(_period: int) -> frozenset[str]:
    found = (address for addresses in psutil.net_if_addrs().values() for address in addresses)
    return frozenset(
        _canonical(address.address) for address in found if address.family in (socket.AF_INET, socket.AF_INET6)
    )


def _canonical(host: str) -> str:
    """An address in its usual form, without the zone of a link-local one; a name as it is."""
    try:
        return str(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        return host


def outgoing_address() -> str:
    """The address of the interface that leads to other networks, else any that is not a loopback address."""
    try:
        with socket.socket(type=socket.SOCK_DGRAM) as probe:
            probe.connect(_ELSEWHERE)
            return str(probe.getsockname()[0])
    except OSError:
        others = (host for host in _interface_addresses(0) if not is_loopback(host) and ":" not in host)
        return next(others, "")
