"""Fixtures that every kind of test shares."""

import contextlib
import gc
import os
import subprocess
from collections.abc import Generator, Iterator
from pathlib import Path

import psutil
import pytest

from core.jobs.queue import PID_NAME
from core.settings import Settings
from tests.runtime_only import hide_the_rest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None]:
    """Between files, what is still alive is left out of all later collections.

    Streamlit's runner of pages and Keras' `clear_session` collect in full: beside the frameworks and all test modules,
    each time took as long as the drawing of a page.
    """
    yield
    if nextitem is None or nextitem.path != item.path:
        gc.collect()
        gc.freeze()


@pytest.fixture(scope="session")
def sample_data() -> Path:
    """The folder of sample photographs; without it a test is skipped, or fails in CI."""
    folder = os.environ.get("GRAFT_TEST_DATA", "")
    if folder and Path(folder).is_dir():
        return Path(folder)
    reason = "GRAFT_TEST_DATA does not name the folder of the sample photographs"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def keras_home(sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A KERAS_HOME in which ImageNet weights lie where `keras.applications` looks for them."""
    home = tmp_path_factory.mktemp("keras_home")
    (home / "models").mkdir()
    for file in (sample_data / "weights").glob("*.h5"):
        (home / "models" / file.name).symlink_to(file)
    return home


@pytest.fixture(scope="session")
def runtime_only(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment variables under which processes have what `requirements.txt` names, and no tools of the tests."""
    return hide_the_rest(tmp_path_factory.mktemp("runtime-only"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a fresh workspace."""
    return Settings(workspace=tmp_path / "workspace")


@contextlib.contextmanager
def mount_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """Mount a small file system; where that is not allowed, a test is skipped, or fails in CI."""
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={megabytes}m", "graft-test", str(folder)]
    try:
        subprocess.run(["mount", *options], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        reason = f"no small file system can be mounted here: {getattr(error, 'stderr', error)}".strip()
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill_disk(ballast: Path) -> None:
    """Write a file until nothing more fits onto its disk."""
    with ballast.open("wb", buffering=0) as file:
        for size in (1024**2, 1024):
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(size))


@pytest.fixture
def leave_no_workers(settings: Settings) -> Iterator[None]:
    """End the workspace's dispatcher and its workers after the test, whether or not one was started."""
    yield
    end_dispatcher(settings)


def end_dispatcher(settings: Settings) -> None:
    """End a workspace's dispatcher and all its workers at once, as a power cut would."""
    file = settings.workspace / PID_NAME
    if not file.exists():
        return
    try:
        dispatcher = psutil.Process(int(file.read_text()))
        family = [dispatcher, *dispatcher.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for process in family:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(family, timeout=30)
