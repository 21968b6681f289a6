"""Handlers that the tests of `core.sandbox` run in child processes."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from core.errors import WeightsError


def echo(request):
    return {"received": request}, bytes(request.get("bytes", 0))


def count(request):
    for number in range(request["count"]):
        yield {"number": number}, bytes([number])


def escape(request):
    """Try what a hostile file that took over the process would do; give the error of each attempt."""
    folder = Path(request["folder"])
    attempts = {
        "write": lambda: (folder / "new.txt").write_text("new"),
        "change": lambda: (folder / "old.txt").open("a"),
        "truncate": lambda: os.truncate(folder / "old.txt", 0),
        "remove": (folder / "old.txt").unlink,
        "move": lambda: (folder / "old.txt").rename(folder / "moved.txt"),
        "link": lambda: (folder / "link").symlink_to("old.txt"),
        "make a folder": (folder / "new").mkdir,
        "start a program": lambda: subprocess.run([sys.executable, "-c", ""], check=True),
        "become a program": lambda: os.execv("/bin/sh", ["sh", "-c", "exit 7"]),
        "connect": lambda: socket.create_connection(("127.0.0.1", request["port"])),
        "send": lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"data", ("127.0.0.1", request["port"])),
        "kill": lambda: os.kill(os.getppid(), 0),
    }
    return {name: _error(attempt) for name, attempt in attempts.items()}, (folder / "old.txt").read_bytes()


def write(request):
    path = Path(request["folder"]) / "new.txt"
    path.write_text("new")
    return {}, path.read_bytes()


def _error(attempt):
    try:
        attempt()
    except OSError as error:
        return type(error).__name__
    return "none"


def misbehave(request):
    """Do what the request names."""
    kind = request["kind"]
    if kind == "compute":
        while True:
            sum(range(1000))
    if kind == "sleep":
        time.sleep(600)
    if kind == "allocate":
        return {"size": np.ones(1 << 40, np.uint8).size}, b""
    if kind == "exit":
        os._exit(3)
    if kind == "abort":
        os.abort()
    if kind == "reject":
        raise WeightsError("This file is damaged.", "Get it again.")
    if kind == "fail":
        raise ZeroDivisionError
    if kind == "print":
        sys.stdout.write("noise")
        os.write(1, b"noise of a native library")
    if kind == "environment":
        return {"names": sorted(os.environ)}, b""
    return {"kind": kind}, b""
