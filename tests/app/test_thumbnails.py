"""Small pictures by their own address."""

import pytest
from starlette.requests import Request
from starlette.responses import FileResponse

from core.storage.blobs import OriginalStore
from pages.routes import thumbnails

DIGEST = "ab" * 32


@pytest.fixture
def ask(settings, monkeypatch):
    """Ask what the web server asks for a link, on a workspace with one small picture."""
    store = OriginalStore(settings.originals, settings.thumbnails)
    store.put_thumbnail(DIGEST, b"jpeg")
    monkeypatch.setattr(thumbnails, "store", lambda: store)
    (route,) = thumbnails.routes()

    def asked(digest):
        assert f"/{thumbnails.link(digest)}" == route.path.format(digest=digest)
        return route.endpoint(Request({"type": "http", "path_params": {"digest": digest}}))

    return asked


def test_a_thumbnail_is_sent_and_kept_by_the_browser_alone(ask, settings):
    answer = ask(DIGEST)
    assert isinstance(answer, FileResponse)
    assert (answer.path, answer.media_type) == (settings.thumbnails / "ab" / f"{DIGEST}.jpg", "image/jpeg")
    assert answer.headers["cache-control"].startswith("private")


@pytest.mark.parametrize("digest", ["cd" * 32, DIGEST.upper(), "", "../../catalog.db", f"{DIGEST}/../x"])
def test_nothing_else_is_sent(ask, digest):
    assert ask(digest).status_code == 404
