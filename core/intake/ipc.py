"""Messages between a decoder process and its parent: a JSON header, then bytes."""

import json
import struct
from typing import IO, Any, Final

LENGTHS: Final = struct.Struct(">II")


def send(stream: IO[bytes], header: dict[str, Any], data: bytes = b"") -> None:
    """Write a message.

    Raises:
        OSError: The other process has ended.
    """
    text = json.dumps(header).encode()
    stream.write(LENGTHS.pack(len(text), len(data)) + text + data)
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    """Read a message; None if the other process has ended, even in the middle of a message."""
    lengths = stream.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    n_text, n_data = LENGTHS.unpack(lengths)
    text, data = stream.read(n_text), stream.read(n_data)
    if len(text) < n_text or len(data) < n_data:
        return None
    header: dict[str, Any] = json.loads(text)
    return header, data
