"""OpenVINO tells nobody: neither when it is imported nor when it converts."""

import os
import subprocess
import sys

import pytest

# Telemetry sends from a forked process on Linux and from a thread elsewhere; what it tries is written down and refused.
WATCH = """
import sys

def watch(event, arguments):
    if event in ("os.fork", "socket.connect", "socket.getaddrinfo"):
        print("tried", event, flush=True)
        raise PermissionError(event)

sys.addaudithook(watch)
"""
# What is to be converted is not there: the conversion tells of itself before it looks.
CONVERT = """
try:
    openvino.convert_model("missing.onnx")
except Exception as error:
    print("converted", error)
"""
OURS = "from core.features.openvino_engine import openvino\n"
THEIRS = "import openvino\n"


def run(imports: str, home: str) -> str:
    environ = {name: value for name, value in os.environ.items() if name not in ("CI", "TF_BUILD", "JENKINS_URL")}
    environ |= {"HOME": home, "LOCALAPPDATA": home}
    return subprocess.run(
        [sys.executable, "-c", WATCH + imports + CONVERT], env=environ, capture_output=True, text=True, check=True
    ).stdout


def test_nothing_is_sent_whatever_the_home_folder_says(tmp_path):
    (tmp_path / "intel").mkdir()
    (tmp_path / "intel" / "openvino_telemetry").write_text("1")
    output = run(OURS, str(tmp_path))
    assert "converted" in output
    assert "tried" not in output


def test_without_it_something_would_be_sent(tmp_path):
    assert "tried" in run(THEIRS, str(tmp_path))


def test_telemetry_that_is_there_already_is_noticed(monkeypatch):
    from core.features.telemetry import disable_telemetry

    monkeypatch.setitem(sys.modules, "openvino_telemetry", sys)
    with pytest.raises(RuntimeError, match="before it was switched off"):
        disable_telemetry()
