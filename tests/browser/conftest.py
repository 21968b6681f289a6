"""A real server and a real Chromium.

Without Chromium a user's tests are skipped with the reason; in CI they fail. Every server gets a workspace of its own;
whatever processes it started are ended with it, the detached dispatcher and its workers too.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError

import psutil
import pytest

from core.catalog.database import Database
from core.settings import Settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, BrowserType, Page

ROOT = Path(__file__).parents[2]
ALLOWED_NAME = "graft.test"
NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    # This machine by the name that GRAFT_HOSTS allows, and by one that resolves to it (DNS rebinding).
    f"--host-resolver-rules=MAP {ALLOWED_NAME} 127.0.0.1, MAP rebinding.test 127.0.0.1",
]
OPTIONS = {"viewport": {"width": 1280, "height": 900}, "permissions": ["camera"]}
START_SECONDS = 180
WAIT_MILLISECONDS = 120_000


@dataclass
class Server:
    """A running web server.

    Attributes:
        url: Where it listens.
        settings: Its workspace.
        process: Its process.
    """

    url: str
    settings: Settings
    process: "subprocess.Popen[bytes]"

    @property
    def database(self) -> Database:
        """Its catalog, opened from the test's process."""
        return Database(self.settings)

    def stop(self) -> None:
        """End the web server alone, as Ctrl-C does; workers go on."""
        self.process.terminate()
        self.process.wait(timeout=30)


@contextmanager
def serve(workspace: Path, environment: dict[str, str]) -> Iterator[Server]:
    """Run `streamlit run app.py` on a free port until the end of the block."""
    port = _free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    variables = os.environ | {"GRAFT_WORKSPACE": str(workspace), "GRAFT_HOSTS": ALLOWED_NAME, **environment}
    workspace.mkdir(parents=True, exist_ok=True)
    with (workspace / "web.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=log, stderr=log)
    server = Server(f"http://127.0.0.1:{port}", Settings(workspace=workspace), process)
    try:
        _wait_until_healthy(server)
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Start a server on a fresh workspace, or on a given one; all end with the session."""
    with ExitStack() as running:

        def start(workspace: Path | None = None, **environment: str) -> Server:
            folder = workspace or tmp_path_factory.mktemp("workspace")
            running.callback(end_workers, folder)
            return running.enter_context(serve(folder, environment))

        yield start


@pytest.fixture(scope="session")
def server(start_server: Callable[..., Server], tmp_path_factory: pytest.TempPathFactory) -> Server:
    """A server without ImageNet weights that tests share; each makes projects of its own.

    A server of its own costs a test much processor time: its workers import the frameworks.
    """
    return start_server(KERAS_HOME=str(tmp_path_factory.mktemp("no-weights")))


@pytest.fixture(scope="session")
def chromium() -> Iterator["BrowserType"]:
    """What launches Chromium."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=WAIT_MILLISECONDS)
    with sync_playwright() as playwright:
        yield playwright.chromium


@pytest.fixture(scope="session")
def browser(chromium: "BrowserType") -> Iterator["Browser"]:
    """Chromium, for tabs that share nothing."""
    running = chromium.launch(executable_path=_find_chromium(), args=ARGUMENTS)
    yield running
    running.close()


@pytest.fixture(scope="session")
def profile(chromium: "BrowserType", tmp_path_factory: pytest.TempPathFactory) -> Iterator["BrowserContext"]:
    """Chromium as a person has it, who has been here before: compiled scripts are kept, which halves a page's load."""
    folder = tmp_path_factory.mktemp("profile")
    context = chromium.launch_persistent_context(folder, executable_path=_find_chromium(), args=ARGUMENTS, **OPTIONS)
    context.set_default_timeout(WAIT_MILLISECONDS)
    yield context
    context.close()


@pytest.fixture
def new_tab(browser: "Browser") -> Iterator[Callable[..., "Page"]]:
    """Open a tab of a browser of its own: nothing is shared with another tab but the server."""
    with ExitStack() as tabs:

        def open_tab(url: str = "", **options: object) -> "Page":
            context = browser.new_context(**(OPTIONS | options))
            tabs.callback(context.close)
            context.set_default_timeout(WAIT_MILLISECONDS)
            tab = context.new_page()
            if url:
                tab.goto(url)
            return tab

        yield open_tab


@pytest.fixture
def tab(profile: "BrowserContext") -> Iterator["Page"]:
    """One tab of the browser that has been here before; what a page has put into its storage goes with the test."""
    tab = profile.new_page()
    yield tab
    if tab.url.startswith("http"):
        tab.evaluate("localStorage.clear()")
    tab.close()
    profile.clear_cookies()


def _find_chromium() -> str:
    named = os.environ.get("GRAFT_CHROMIUM", "")
    path = named or next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is not None and Path(path).exists():
        return path
    reason = f"no Chromium: none of {', '.join(NAMES)} is installed, and GRAFT_CHROMIUM does not name one"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_healthy(server: Server) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=5):
                return
        except (URLError, OSError):
            if server.process.poll() is not None:
                break
            time.sleep(0.05)
    raise RuntimeError((server.settings.workspace / "web.log").read_text())


def end_workers(workspace: Path) -> None:
    """End every process that works for a workspace: the dispatcher is detached, so its parent tells nothing."""
    found = [process for process in psutil.process_iter() if _works_for(process, workspace)]
    for process in found:
        process.terminate()
    for process in psutil.wait_procs(found, timeout=10)[1]:
        process.kill()


def _works_for(process: psutil.Process, workspace: Path) -> bool:
    try:
        return process.pid != os.getpid() and process.environ().get("GRAFT_WORKSPACE") == str(workspace)
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return False
