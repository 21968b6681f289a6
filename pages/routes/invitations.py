"""Codes with which a phone may add pictures to one project, for a limited time, number and size.

They are kept in the memory of the web process, so a restart makes all of them invalid.
"""

import secrets
import threading
import time
from collections import Counter
from dataclasses import dataclass, field

import streamlit as st

from core.errors import NotFoundError

VALID_SECONDS = 2 * 60 * 60
# A code that is shown stays valid for at least this long.
FRESH_SECONDS = VALID_SECONDS / 2
# What one code lets in: far more than a lesson takes.
PICTURES = 5000
BYTES = 10_000_000_000


@dataclass(frozen=True)
class Invitation:
    """A code.

    Attributes:
        token: 128 random bits, in the link.
        project_id: The project to which it adds pictures.
        until: UTC seconds at which it expires.
    """

    token: str
    project_id: str
    until: float


@dataclass
class Invitations:
    """The codes of this web process; thread-safe."""

    _by_token: dict[str, Invitation] = field(default_factory=dict)
    _sent: Counter[str] = field(default_factory=Counter)
    _bytes: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def invite(self, project_id: str, now: float | None = None) -> Invitation:
        """Give a code for a project: its present one, or a new one if that expires soon or is used up.

        Args:
            project_id: The project to which it adds pictures.
            now: UTC seconds; None for the clock's.
        """
        now = time.time() if now is None else now
        with self._lock:
            self._by_token = {one.token: one for one in self._by_token.values() if one.until > now}
            for counts in (self._sent, self._bytes):
                for token in counts.keys() - self._by_token.keys():
                    del counts[token]
            mine = (one for one in self._by_token.values() if one.project_id == project_id)
            usable = (one for one in mine if not self._is_used_up(one.token))
            fresh = next((one for one in usable if one.until >= now + FRESH_SECONDS), None)
            if fresh is None:
                fresh = Invitation(secrets.token_urlsafe(16), project_id, now + VALID_SECONDS)
                self._by_token[fresh.token] = fresh
            return fresh

    def find(self, token: str, now: float | None = None) -> Invitation:
        """Give the code of a link.

        Raises:
            NotFoundError: There is none, or it has expired.
        """
        with self._lock:
            found = self._by_token.get(token)
        if found is None or found.until <= (time.time() if now is None else now):
            raise NotFoundError(
                "This code is not valid any more: it has expired, or Graft was restarted.",
                "Scan the code that the Images page shows now.",
            )
        return found

    def let_in(self, token: str) -> Invitation:
        """Give the code of a link by which a picture comes, and count the picture.

        Raises:
            NotFoundError: There is none, its time is over, or as many pictures came by it as may.
        """
        found = self.find(token)
        with self._lock:
            if self._is_used_up(token):
                raise NotFoundError(
                    f"{PICTURES:,} pictures or {BYTES / 1e9:.0f} GB were sent with this code, the most that it allows.",
                    "Scan the code that the Images page shows now.",
                )
            self._sent[token] += 1
        return found

    def count_bytes(self, token: str, size: int) -> None:
        """Count the bytes of a picture that came by a code."""
        with self._lock:
            self._bytes[token] += size

    def _is_used_up(self, token: str) -> bool:
        return self._sent[token] >= PICTURES or self._bytes[token] >= BYTES


@st.cache_resource(max_entries=1, show_spinner=False)
def invitations() -> Invitations:
    """The codes, shared by all tabs and the phone route."""
    return Invitations()
