"""Downloading weights, from a real server on this machine."""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from core.backbones.weights import HDF5_SIGNATURE, available, download
from core.backbones.zoo import BACKBONES, BackboneSpec, WeightsFile
from core.errors import NetworkError, RunStopped, WorkspaceError

CONTENT = HDF5_SIGNATURE + bytes(3_000_000)
CHECKSUMS = [None, hashlib.md5(CONTENT).hexdigest(), hashlib.sha256(CONTENT).hexdigest()]


class Server(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/missing":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[: 100_000 if self.path == "/broken" else None])

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def published(url: str, checksum: str | None = None) -> BackboneSpec:
    return replace(BACKBONES["MobileNetV2"], weights_file=WeightsFile("weights.h5", url, checksum))


def failure(spec: BackboneSpec, home: Path) -> str:
    with pytest.raises(NetworkError) as caught:
        download(spec, home)
    assert [*home.rglob("*.h5*")] == [], "nothing incomplete stays behind"
    return str(caught.value)


@pytest.mark.parametrize("checksum", CHECKSUMS)
def test_weights_are_stored_where_keras_looks_for_them(address: str, tmp_path: Path, checksum: str | None) -> None:
    spec = published(f"{address}/file", checksum)
    assert not available(spec, tmp_path)
    assert download(spec, tmp_path) == tmp_path / "models" / "weights.h5"
    assert available(spec, tmp_path)
    assert [path.read_bytes() == CONTENT for path in (tmp_path / "models").iterdir()] == [True]


def test_progress_is_reported(address: str, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    download(published(f"{address}/file"), tmp_path, lambda done, total: told.append((done, total)))
    assert told == sorted(told)
    assert len(told) > 1
    assert told[-1] == (len(CONTENT), len(CONTENT))


def test_a_download_can_be_stopped(address: str, tmp_path: Path) -> None:
    def stop(_done: int, _total: int) -> None:
        raise RunStopped("Stopped.")

    with pytest.raises(RunStopped):
        download(published(f"{address}/file"), tmp_path, stop)
    assert [*(tmp_path / "models").iterdir()] == []


def test_without_a_network_the_message_says_what_to_do(tmp_path: Path) -> None:
    text = failure(published("http://127.0.0.1:9/weights.h5"), tmp_path)
    assert text == (
        "The ImageNet weights of MobileNetV2 could not be downloaded: there is no network, or it does not reach "
        f"127.0.0.1. Put the file weights.h5 into {tmp_path / 'models'}, or choose the starter."
    )


def test_a_missing_file_is_reported(address: str, tmp_path: Path) -> None:
    assert "downloaded: 127.0.0.1 answered 404 Not Found." in failure(published(f"{address}/missing"), tmp_path)


def test_a_broken_connection_is_reported(address: str, tmp_path: Path) -> None:
    assert "the connection to 127.0.0.1 broke off" in failure(published(f"{address}/broken"), tmp_path)


@pytest.mark.parametrize("checksum", [digest[::-1] for digest in CHECKSUMS if digest])
def test_a_file_with_another_checksum_is_rejected(address: str, tmp_path: Path, checksum: str) -> None:
    text = failure(published(f"{address}/file", checksum), tmp_path)
    assert "what 127.0.0.1 sent is not the published file" in text


def test_a_server_that_does_not_answer_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setattr("core.backbones.weights.TIMEOUT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        text = failure(published(f"http://127.0.0.1:{silent.getsockname()[1]}/"), tmp_path)
    assert "127.0.0.1 did not answer for 0.1 seconds" in text


def test_a_folder_that_cannot_be_written_is_reported(address: str, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")
    with pytest.raises(
        WorkspaceError, match=r"models.* cannot be written: .* Free some space there, or set KERAS_HOME"
    ):
        download(published(f"{address}/file"), tmp_path)
