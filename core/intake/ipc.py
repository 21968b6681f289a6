"""What a decoder's child process and its parent say to each other: one frame of JSON, one of bytes."""

import json
import struct
from typing import IO, Any, Final

LENGTHS: Final = struct.Struct(">II")


def send(stream: IO[bytes], words: dict[str, Any], data: bytes = b"") -> None:
    """Write a message.

    Raises:
        OSError: The other side is gone.
    """
    text = json.dumps(words).encode()
    stream.write(LENGTHS.pack(len(text), len(data)) + text + data)
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    """Read a message; None if the other side is gone, also in the middle of one."""
    lengths = stream.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    n_text, n_data = LENGTHS.unpack(lengths)
    text, data = stream.read(n_text), stream.read(n_data)
    if len(text) < n_text or len(data) < n_data:
        return None
    words: dict[str, Any] = json.loads(text)
    return words, data
