"""Whether a browser shows hostile names as they are: no link, image or script comes from a name, and none is loaded."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import Page

from pages.shared import words

MARK = "evil"  # stands in every part of a hostile name that could become something else
LENGTHS = (18, 24, 28, 40)  # to which pages shorten names
# What could load or run something, and texts: neighbouring pieces of one text are read together.
_FOUND = """(mark) => {
  const active = /^(href|src|srcset|action|style|poster|data|xlink:href|on.*)$/;
  const texts = [], elements = [];
  const visit = (root) => {
    for (const one of root.querySelectorAll('*')) {
      if (one.shadowRoot) visit(one.shadowRoot);
      if ([...one.attributes].some(({ name, value }) => active.test(name) && value.includes(mark)))
        elements.push(one.outerHTML.slice(0, 200));
      if (['SCRIPT', 'STYLE'].includes(one.tagName)) continue;
      const pieces = [''];
      for (const child of one.childNodes)
        if (child.nodeType === Node.TEXT_NODE) pieces.push(pieces.pop() + child.textContent);
        else pieces.push('');
      texts.push(...pieces.filter((text) => text.includes(mark)));
    }
  };
  visit(document);
  return [texts, elements];
}"""


@contextmanager
def requests_elsewhere(tab: Page) -> Iterator[list[str]]:
    """Collect every request to another server, also one that the content security policy stopped."""
    found: list[str] = []

    def see(url: str) -> None:
        if urlsplit(url).scheme not in ("data", "blob") and urlsplit(url).hostname != "127.0.0.1":
            found.append(url)

    tab.on("request", lambda request: see(request.url))
    tab.on("websocket", lambda socket: see(socket.url))
    tab.on("console", lambda said: "Content Security Policy" in said.text and found.append(said.text))
    tab.on("dialog", lambda dialog: (found.append(dialog.message), dialog.dismiss()))
    yield found
    tab.wait_for_load_state()


def interpreted(tab: Page, names: Iterable[str]) -> list[str]:
    """Parts of names that became something else than text of one piece, such as a link, an icon or a formula."""
    texts, elements = tab.evaluate(_FOUND, MARK)
    literal = sorted({form for name in names for form in _forms(name)}, key=len, reverse=True)
    return [*elements, *(text for text in texts if MARK in _without(text.replace("\u2060", ""), literal))]


def _forms(name: str) -> Iterator[str]:
    """A name in full, and as pages shorten it."""
    for whole in (name, words.file_name(name)):
        yield whole
        for length in LENGTHS:
            yield words.shorten(whole, length)
            yield f"{whole[: length - 1]}…"


def _without(text: str, parts: Iterable[str]) -> str:
    for part in parts:
        text = text.replace(part, "")
    return text
