"""Paths of Graft's own routes, and the address of this server in the local network."""

import ipaddress
from urllib.parse import urlsplit

import streamlit as st
from streamlit.net_util import get_internal_ip


def below_base(path: str) -> str:
    """A path below the base path with which the server was started."""
    base = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}/{path}" if base else f"/{path}"


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
    host = get_internal_ip() if _is_every_address(bound) else bound
    if not host or is_loopback(host):
        return None
    scheme = "https" if st.get_option("server.sslCertFile") else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{st.get_option('server.port')}"


def is_loopback(host: str) -> bool:
    """Whether a host name or address is a loopback address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _is_every_address(bound: str) -> bool:
    return bound in ("", "0.0.0.0", "::")
