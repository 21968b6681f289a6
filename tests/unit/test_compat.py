"""The private interfaces in `core.compat` still exist and still have their effect."""

import importlib
import importlib.metadata
import os
import subprocess
import sys

import keras
import pytest

from core.compat import disable_openvino_telemetry, fix_openvino_converter, intercept_keras_downloads

# Telemetry sends from a forked process on Linux and from a thread elsewhere; each attempt is printed and refused.
WATCH = """
import sys

def watch(event, arguments):
    if event in ("os.fork", "socket.connect", "socket.getaddrinfo"):
        print("tried", event, flush=True)
        raise PermissionError(event)

sys.addaudithook(watch)
"""
# The file does not exist: the conversion sends usage data before it looks for it.
CONVERT = """
try:
    openvino.convert_model("missing.onnx")
except Exception as error:
    print("converted", error)
"""
DISABLED = "from core.features.openvino_engine import openvino\n"
ENABLED = "import openvino\n"


def run(imports: str, home: str) -> str:
    environ = {name: value for name, value in os.environ.items() if name not in ("CI", "TF_BUILD", "JENKINS_URL")}
    environ |= {"HOME": home, "LOCALAPPDATA": home}
    return subprocess.run(
        [sys.executable, "-c", WATCH + imports + CONVERT], env=environ, capture_output=True, text=True, check=True
    ).stdout


def test_openvino_sends_nothing_whatever_the_home_folder_allows(tmp_path):
    (tmp_path / "intel").mkdir()
    (tmp_path / "intel" / "openvino_telemetry").write_text("1")
    output = run(DISABLED, str(tmp_path))
    assert "converted" in output
    assert "tried" not in output


def test_openvino_would_send_usage_data_otherwise(tmp_path):
    assert "tried" in run(ENABLED, str(tmp_path))


def test_telemetry_that_was_imported_already_is_noticed(monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino_telemetry", sys)
    with pytest.raises(RuntimeError, match="before it was disabled"):
        disable_openvino_telemetry()


def test_the_converter_finds_the_version_of_tensorflow_by_the_function_that_is_replaced():
    from core.features.openvino_engine import openvino  # noqa: F401 - only with the telemetry off

    fix_openvino_converter()
    utils = importlib.import_module("openvino.frontend.tensorflow.utils")
    assert utils.get_environment_setup("tf")["tensorflow"] == importlib.metadata.version("tensorflow")


def test_keras_downloads_weights_by_the_function_that_is_replaced():
    calls = []

    def get_file(name: str, *_: object, **__: object) -> None:
        calls.append(name)
        raise InterruptedError

    with intercept_keras_downloads(get_file), pytest.raises(InterruptedError):
        keras.applications.MobileNet(include_top=False, weights="imagenet", input_shape=(224, 224, 3))
    assert "mobilenet" in calls[0]
