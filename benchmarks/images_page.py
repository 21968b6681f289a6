"""How long the server works to draw the Images page anew: `python -m benchmarks.images_page [IMAGES]`.

The images are rows of the catalog with real thumbnails. Each figure is the median of several reruns through Streamlit's
own test runner, which draws the whole page: of the wall time, and of the processor time of this process. Bounds: 300 ms
for a rerun, 500 ms for another page of the gallery.
"""

import io
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.catalog.database import Database
from core.catalog.edits import change_items
from core.catalog.items import add_rejected_files, list_items
from core.intake import rejection_messages
from core.jobs import queue
from core.settings import Settings
from core.storage.blobs import OriginalStore
from pages.shared.steps import IMAGES
from tests.app.filled import fill_project

ROUNDS = 9
CLASSES = tuple(f"class {number}" for number in range(10))
SIZES = (24, 48, 96)
PARTS = ("Images", "Classes", "Splits", "Download")


def measure(images: int) -> None:
    """Print the times for a project of so many images in ten classes."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(workspace=Path(folder))
        database = Database(settings)
        project = fill_project(settings, database, classes=CLASSES, images=images, files=False)
        _write_thumbnails(settings, [item.digest for item in list_items(database, project)])
        for part in PARTS:
            tab = _open(settings, project, part)
            _tell(f"{images:,} images, part {part}, a rerun", tab.run)
            if part == PARTS[0]:
                _measure_gallery(tab, images)
        _burden(database, project)
        tab = _open(settings, project, PARTS[0])
        _tell(f"{images:,} images, all of them changed at once and as many refused, a rerun", tab.run)
        tab = _open(settings, project, "Rejected files")
        _tell(f"{images:,} images, part Rejected files, a rerun", tab.run)
        database.close()


def _burden(database: Database, project: str) -> None:
    """A change of all images that can be undone, and as many rejected files."""
    items = list_items(database, project)
    change_items(database, project, [item.id for item in items], "all set aside", excluded=True)
    change_items(database, project, [item.id for item in items], "all taken back", excluded=False)
    add_rejected_files(database, project, [(f"{item.name}.txt", rejection_messages.NOT_AN_IMAGE) for item in items])


def _write_thumbnails(settings: Settings, digests: Sequence[str]) -> None:
    """One thumbnail as large as those of photographs, for all."""
    picture, jpeg = Image.effect_noise((256, 192), 24).convert("RGB"), io.BytesIO()
    picture.save(jpeg, "JPEG", quality=82)
    store = OriginalStore(settings.originals, settings.thumbnails)
    for digest in digests:
        store.put_thumbnail(digest, jpeg.getvalue())


def _measure_gallery(tab: AppTest, images: int) -> None:
    for size in SIZES:
        tab.segmented_control(key="gallery-size").set_value(size).run()
        numbers = iter(range(2, ROUNDS + 3))

        def turn(numbers=numbers) -> None:
            # The pagination itself is drawn by the browser; another filter is another page of pictures as well.
            tab.text_input(key="filter-text").set_value(f"{next(numbers) % 10}").run()

        _tell(f"{images:,} images, another page of {size} pictures", turn)
        tab.text_input(key="filter-text").set_value("").run()


def _tell(what: str, rerun: Callable[[], object]) -> None:
    wall, processor = [], []
    for _ in range(ROUNDS):
        began = time.perf_counter(), time.process_time()
        rerun()
        wall.append(1000 * (time.perf_counter() - began[0]))
        processor.append(1000 * (time.process_time() - began[1]))
    print(f"{what}: wall {statistics.median(wall):.0f} ms, processor {statistics.median(processor):.0f} ms")


def _open(settings: Settings, project: str, part: str) -> AppTest:
    queue.ensure_dispatcher = lambda _settings: None
    st.cache_resource.clear()
    os.environ["GRAFT_WORKSPACE"] = str(settings.workspace)
    tab = AppTest.from_file(Path(__file__).parents[1] / "app.py", default_timeout=60).run()
    tab.query_params["project"] = project
    tab.query_params["part"] = part
    tab = tab.switch_page(IMAGES.file).run()
    assert not tab.exception, tab.exception
    return tab


if __name__ == "__main__":
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
