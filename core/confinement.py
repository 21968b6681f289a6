"""Takes rights from this process on Linux: it then writes no file, starts no program and opens no connection.

The kernel lets any process restrict itself, for good and with all its later threads and children:

- Landlock (https://docs.kernel.org/userspace-api/landlock.html) denies writing, creating and removing files, executing
  programs, TCP connections, and signals to other processes, as far as the kernel's version knows them.
- A seccomp filter (https://docs.kernel.org/userspace-api/seccomp_filter.html) denies every socket, executing programs,
  and access to the memory of other processes.

Python has neither. Of the packages, `landlock` 1.0.0.dev5 is an alpha version without rules for the network;
`pyseccomp` 0.1.2 has had no release for years and needs the library libseccomp, which many systems lack; libseccomp's
own bindings are not published as wheels. The system calls are few and their interface never changes, so they are
called through ctypes, as both packages do.
"""

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

PR_SET_NO_NEW_PRIVS: Final = 38
PR_SET_SECCOMP: Final = 22
SECCOMP_MODE_FILTER: Final = 2
# Landlock's system calls have the same numbers on all processors.
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION_FLAG: Final = 1
PATH_BENEATH: Final = 1
WRITE_FILE, TRUNCATE = 1 << 1, 1 << 14
# Rights on files by the version of Landlock that added them: execute and write; remove, and make each kind of file;
# move; truncate; control a device. Reading (bits 2 and 3) stays allowed.
FILE_RIGHTS: Final = {1: 0x1FFF & ~(1 << 2 | 1 << 3), 2: 1 << 13, 3: TRUNCATE, 5: 1 << 15}
NETWORK_RIGHTS: Final = {4: 1 << 0 | 1 << 1}  # bind and connect TCP
SCOPES: Final = {6: 1 << 0 | 1 << 1}  # abstract Unix sockets and signals of other processes
# By processor: its name in audit records, then socket, execve, execveat, ptrace, process_vm_readv, process_vm_writev
# and io_uring_setup, with which sockets can be opened too (arch/*/entry/syscalls in Linux).
DENIED_CALLS: Final = {
    "x86_64": (0xC000003E, (41, 59, 322, 101, 310, 311, 425)),
    "aarch64": (0xC00000B7, (198, 221, 281, 117, 270, 271, 425)),
}
X32_CALLS: Final = 0x40000000  # numbers from here on are a second set of calls on x86_64
# Instructions of a filter: load a word, jump if equal, jump if not less, return (linux/bpf_common.h).
LOAD, JUMP_EQUAL, JUMP_NOT_LESS, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW: Final = 0x7FFF0000
DENY: Final = 0x00050000 | errno.EPERM


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def confine(folder: Path | None = None) -> None:
    """Restrict this process as far as its system can; to be called while it has one thread.

    Args:
        folder: Where it may still write; None for nowhere.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return
    _deny_files(libc, folder)
    _deny_calls(libc)


def landlock_version() -> int:
    """The version of Landlock that this system has; 0 if it has none."""
    if sys.platform != "linux":
        return 0
    version: int = ctypes.CDLL(None).syscall(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION_FLAG)
    return max(0, version)


def _deny_files(libc: ctypes.CDLL, folder: Path | None) -> None:
    version = landlock_version()
    files, network, scopes = (_known(rights, version) for rights in (FILE_RIGHTS, NETWORK_RIGHTS, SCOPES))
    if not files:
        return
    attributes = struct.pack("QQQ", files, network, scopes)
    ruleset = libc.syscall(CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    if ruleset < 0:
        return
    try:
        _allow(libc, ruleset, Path(os.devnull), files & (WRITE_FILE | TRUNCATE))
        if folder is not None:
            _allow(libc, ruleset, folder, files & ~1)  # all but executing
        libc.syscall(RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _known(rights: dict[int, int], version: int) -> int:
    known = 0
    for since, added in rights.items():
        known |= added if since <= version else 0
    return known


def _allow(libc: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> None:
    opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        libc.syscall(ADD_RULE, ruleset, PATH_BENEATH, struct.pack("=Qi", rights, opened), 0)
    finally:
        os.close(opened)


def _deny_calls(libc: ctypes.CDLL) -> None:
    if platform.machine() not in DENIED_CALLS or sys.maxsize < 1 << 32:
        return
    filter_ = b"".join(_filter(*DENIED_CALLS[platform.machine()]))
    program = _Program(len(filter_) // 8, filter_)
    libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)


def _filter(architecture: int, calls: tuple[int, ...]) -> Iterable[bytes]:
    """The instructions: calls of another architecture and the listed ones are denied, all others allowed."""
    checks = [(JUMP_NOT_LESS, X32_CALLS), *((JUMP_EQUAL, call) for call in calls)]
    yield _instruction(LOAD, 4)  # the architecture
    yield _instruction(JUMP_EQUAL, architecture, if_not=len(checks) + 2)
    yield _instruction(LOAD, 0)  # the number of the call
    for position, (jump, number) in enumerate(checks):
        yield _instruction(jump, number, if_so=len(checks) - position)
    yield _instruction(RETURN, ALLOW)
    yield _instruction(RETURN, DENY)


def _instruction(code: int, value: int, *, if_so: int = 0, if_not: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_so, if_not, value)
