"""A list of URLs as a source: downloaded concurrently, a few ahead of the decoders."""

import functools
import ssl
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final
from urllib.parse import unquote, urlsplit

from core.errors import ArchiveError, ImageError
from core.intake import rejection_messages
from core.intake.layout import Annotation, Layout
from core.intake.results import GIGABYTE, Limits, Rejected
from core.intake.sources import Entry, Opener, Source
from core.intake.web import Address, WebLimits, fetch, is_public

AHEAD: Final = 2
DEFAULT_WEB_LIMITS: Final = WebLimits()


@dataclass(frozen=True)
class Link:
    """The URL of an image, and its class if the list gives one."""

    url: str
    label: str | None = None


def read_links(text: str) -> list[Link]:
    """Read a list of URLs, one per line, each optionally followed by a class. Lines that begin with # are comments."""
    links = []
    for line in text.splitlines():
        url, _, label = line.strip().partition("\t") if "\t" in line.strip() else line.strip().partition(" ")
        if url and not url.startswith("#"):
            links.append(Link(url, " ".join(label.split()) or None))
    return links


class Links(Source):
    """Images on the web.

    Args:
        links: Their URLs.
        limits: Limits of the ingestion.
        scratch: Folder for downloaded files.
        web: Limits of the downloads.
        is_allowed: Whether a connection to an IP address is allowed.
        context: Trusted certificates; None for those of the system.

    Raises:
        ArchiveError: There are too many URLs.
    """

    def __init__(
        self,
        links: Sequence[Link],
        limits: Limits,
        scratch: Path,
        *,
        web: WebLimits = DEFAULT_WEB_LIMITS,
        is_allowed: Callable[[Address], bool] = is_public,
        context: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__("The list", limits)
        if len(links) > web.links:
            raise ArchiveError(
                f"The list has more than {web.links:,} addresses.", "Divide it into several shorter ones."
            )
        self._web, self._scratch, self._left = web, scratch, web.total_bytes
        self._fetch = functools.partial(fetch, is_allowed=is_allowed, context=context)
        self._pool = ThreadPoolExecutor(web.together, thread_name_prefix="fetch")
        self._labels: list[str | None] = []
        seen: set[str] = set()
        for link in links:
            if link.url in seen:
                self.rejected.append(Rejected(link.url, rejection_messages.LINK_TWICE))
                continue
            seen.add(link.url)
            self.entries.append(Entry(link.url, (_file_name(link.url),), 0))
            self._labels.append(link.label)

    def close(self) -> None:
        """Stop downloading."""
        self._pool.shutdown(cancel_futures=True)

    def layout(self) -> Layout:
        """Give the class of each URL that has one."""
        return Layout([Annotation(label) for label in self._labels])

    def read(self) -> Iterator[tuple[Entry, Opener]]:
        """Yield every URL with a function that opens the downloaded image."""
        waiting: deque[tuple[Entry, Path, Future[int]]] = deque()
        numbered = iter(enumerate(self.entries))
        while True:
            while len(waiting) < AHEAD * self._web.together and (following := next(numbered, None)):
                number, entry = following
                path = self._scratch / f"link-{number}"
                waiting.append((entry, path, self._pool.submit(self._fetch, entry.name, path, self._web)))
            if not waiting:
                return
            entry, path, size = waiting.popleft()
            yield entry, functools.partial(self._open, path, size)
            path.unlink(missing_ok=True)

    def read_tables(self) -> Iterator[tuple[Entry, bytes]]:
        """Give nothing: tables are not downloaded."""
        return iter(())

    def _open(self, path: Path, size: Future[int]) -> IO[bytes]:
        """Wait for a download, and open it.

        Raises:
            ImageError: The download failed, or the images are too large together.
        """
        self._left -= size.result()
        if self._left < 0:
            raise ImageError(rejection_messages.LINKS_TOO_LARGE.format(gigabytes=self._web.total_bytes / GIGABYTE))
        return path.open("rb")


def _file_name(url: str) -> str:
    try:
        return PurePosixPath(unquote(urlsplit(url).path)).name or "image"
    except ValueError:
        return "image"
