"""Handlers that the tests of `core.sandbox` run in child processes."""

import os
import sys
import time

import numpy as np

from core.errors import WeightsError


def echo(request):
    return {"received": request}, bytes(request.get("bytes", 0))


def count(request):
    for number in range(request["count"]):
        yield {"number": number}, bytes([number])


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
