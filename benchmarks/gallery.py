"""How long the server works to draw a page of the gallery anew: `python -m benchmarks.gallery [IMAGES]`.

Gives the median of the processor time and of the wall time of a rerun, through Streamlit's own test runner; thumbnails
are real files.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import streamlit as st
from streamlit.testing.v1 import AppTest

from core.catalog.database import Database
from core.jobs import queue
from core.settings import Settings
from pages.shared.steps import IMAGES
from tests.app.filled import fill_project

ROUNDS = 15


def measure(images: int) -> None:
    """Print the times for a project of so many images in ten classes."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(workspace=Path(folder))
        database = Database(settings)
        project = fill_project(settings, database, classes=tuple(f"class {n}" for n in range(10)), images=images)
        tab = _open(settings, project)
        for size in (24, 48, 96):
            tab.segmented_control(key="gallery-size").set_value(size).run()
            processor, wall = [], []
            for _ in range(ROUNDS):
                began = time.process_time(), time.perf_counter()
                tab.run()
                processor.append(time.process_time() - began[0])
                wall.append(time.perf_counter() - began[1])
            print(
                f"{images} images, {size} a page: processor {1000 * statistics.median(processor):.0f} ms, "
                f"wall {1000 * statistics.median(wall):.0f} ms"
            )
        database.close()


def _open(settings: Settings, project: str) -> AppTest:
    queue.ensure_dispatcher = lambda _settings: None
    st.cache_resource.clear()
    os.environ["GRAFT_WORKSPACE"] = str(settings.workspace)
    tab = AppTest.from_file(Path(__file__).parents[1] / "app.py", default_timeout=60).run()
    tab.query_params["project"] = project
    return tab.switch_page(IMAGES.file).run()


if __name__ == "__main__":
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
