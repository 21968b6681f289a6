"""Where the weights of the zoo lie on this machine, and the download of ImageNet weights. Free of frameworks.

Paths and URLs are those of `keras.applications`, so both can use the same folder.
"""

import hashlib
import http.client
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path

from core.backbones.weights_file import HDF5_SIGNATURE
from core.backbones.zoo import BackboneSpec, WeightsFile
from core.errors import NetworkError
from core.storage.atomic import atomic_path
from core.storage.disk import describe_disk_errors

STARTER_WEIGHTS = Path(__file__).parents[2] / "assets" / "starter.weights.h5"
TIMEOUT_SECONDS = 30
CHUNK_BYTES = 1 << 20
MD5_DIGITS = 32


# Receives the bytes done and the total (0 if unknown); may raise to stop the download.
DownloadProgress = Callable[[int, int], None]


def no_progress(_done: int, _total: int) -> None:
    """Ignore the progress."""


def weights_path(spec: BackboneSpec, keras_home: Path) -> Path:
    """Path of the pretrained weights of a network, whether they exist or not."""
    if spec.weights_file is None:
        return STARTER_WEIGHTS
    return keras_home / "models" / spec.weights_file.name


def available(spec: BackboneSpec, keras_home: Path) -> bool:
    """Whether the pretrained weights of a network are on this machine."""
    return weights_path(spec, keras_home).is_file()


def download(spec: BackboneSpec, keras_home: Path, on_progress: DownloadProgress = no_progress) -> Path:
    """Download the ImageNet weights of a network; only a complete, verified file gets the final name.

    Args:
        spec: A network that has ImageNet weights.
        keras_home: Folder in whose `models` the file is stored.
        on_progress: Receives the bytes done and the total.

    Returns:
        Path of the file.

    Raises:
        NetworkError: It could not be downloaded, or the received file is not the published one.
        WorkspaceError: It could not be written.
    """
    file = spec.weights_file
    assert file is not None, f"{spec.name} has no published weights"
    target = weights_path(spec, keras_home)
    hint = "Free some space there, or set KERAS_HOME to another folder."
    with describe_disk_errors(str(target), hint, hint), atomic_path(target, shared=True) as part:
        reason = _fetch(file, part, on_progress)
        if reason:
            raise NetworkError(
                f"The ImageNet weights of {spec.name} could not be downloaded: {reason}.",
                f"Put the file {file.name} into {target.parent}, or choose the starter.",
            )
    return target


def _fetch(file: WeightsFile, part: Path, on_progress: DownloadProgress) -> str:
    """Write the received file; returns the reason of a failure, or an empty string."""
    host = urllib.parse.urlsplit(file.url).hostname
    with part.open("wb") as out:
        try:
            with urllib.request.urlopen(file.url, timeout=TIMEOUT_SECONDS) as answer:
                total = int(answer.headers.get("Content-Length") or 0)
                done = _copy(answer, out.write, total, on_progress)
        except urllib.error.HTTPError as error:
            return f"{host} answered {error.code} {error.reason}"
        except TimeoutError:
            return f"{host} did not answer for {TIMEOUT_SECONDS} seconds"
        except urllib.error.URLError:
            return f"there is no network, or it does not reach {host}"
        except (ConnectionError, ssl.SSLError, http.client.HTTPException):
            return f"the connection to {host} broke off"
    if total and done != total:
        return f"the connection to {host} broke off after {done:,} of {total:,} bytes"
    return "" if _is_published(part, file.checksum) else f"what {host} sent is not the published file"


def _copy(
    answer: http.client.HTTPResponse, write: Callable[[bytes], int], total: int, on_progress: DownloadProgress
) -> int:
    done = 0
    while chunk := answer.read(CHUNK_BYTES):
        write(chunk)
        done += len(chunk)
        on_progress(done, total)
    return done


def _is_published(path: Path, checksum: str | None) -> bool:
    with path.open("rb") as file:
        if checksum is None:
            return file.read(len(HDF5_SIGNATURE)) == HDF5_SIGNATURE
        algorithm = "md5" if len(checksum) == MD5_DIGITS else "sha256"
        return hashlib.file_digest(file, algorithm).hexdigest() == checksum
