from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest

from core.dataset.manifest import Manifest
from core.jobs.events import Event
from core.settings import Settings
from core.storage.blobs import OriginalStore
from core.training.recipe import Recipe
from tests.unit.training.drawn_images import draw

# The duration of an example on a busy machine is no property of the code.
hypothesis.settings.register_profile("busy machines", deadline=None)
hypothesis.settings.load_profile("busy machines")


@dataclass
class Training:
    """The result of a training and its events."""

    result: object
    events: list[Event]
    out: Path

    def of(self, kind: type) -> list:
        return [event for event in self.events if isinstance(event, kind)]

    def texts(self) -> str:
        return " ".join(event.text for event in self.events if event.kind == "message")


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Manifest]:
    """A workspace with synthetic images, shared by tests that only read it."""
    settings = Settings(workspace=tmp_path_factory.mktemp("drawn"))
    return settings, draw(settings)


@pytest.fixture
def train(drawn: tuple[Settings, Manifest], tmp_path: Path) -> Callable[..., Training]:
    """Train a recipe on the synthetic images."""
    from core.training.train import train as train_run

    settings, usual = drawn

    def run(
        recipe: Recipe,
        *,
        manifest: Manifest = usual,
        out: Path = tmp_path / "run",
        stop: Callable[[list[Event]], bool] = lambda _events: False,
    ) -> Training:
        events: list[Event] = []
        result = train_run(
            recipe,
            manifest,
            originals=OriginalStore(settings.originals, settings.thumbnails),
            settings=settings,
            emit=events.append,
            should_stop=lambda: stop(events),
            out=out,
        )
        return Training(result, events, out)

    return run
