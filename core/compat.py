"""Private interfaces of libraries that Graft depends on, each with the public alternative that was tried.

`tests/unit/test_compat.py` fails when an update of a library changes one of them.
"""

import contextlib
import importlib
import importlib.metadata
import sys
from collections.abc import Callable, Iterator
from typing import Any, Final
from unittest import mock

OPENVINO_TELEMETRY: Final = "openvino_telemetry"
# PEP 667 changed `locals()` in Python 3.13.
PEP_667: Final = (3, 13)


def disable_openvino_telemetry() -> None:
    """Prevent OpenVINO from sending usage data; to be called before its first import in a process.

    On import and on each conversion, OpenVINO sends the system, the versions and a random identifier of the person to
    Google Analytics. It works without its telemetry package, so the import of that package is made to fail
    (https://docs.python.org/3/reference/import.html#the-module-cache).

    Tried instead: `opt_in_out --opt_out` and the file `intel/openvino_telemetry` in the home folder. Both change
    settings of the person for other programs, and do not apply to another home folder. There is no environment
    variable and no function of the library.

    Raises:
        RuntimeError: The telemetry was imported already.
    """
    if sys.modules.get(OPENVINO_TELEMETRY) is not None:
        raise RuntimeError(f"{OPENVINO_TELEMETRY} was imported before it was disabled")
    sys.modules[OPENVINO_TELEMETRY] = None  # type: ignore[assignment]


def fix_openvino_converter() -> None:
    """Make the conversion of TensorFlow networks work on Python 3.13 and later.

    The converter executes `del tensorflow` among the local variables of a function to find the version of TensorFlow,
    which raises NameError since PEP 667: up to OpenVINO 2026.4.1 no network could be converted.

    Tried instead: converting a SavedModel or a frozen graph from a file. Both take the same code.
    """
    if sys.version_info >= PEP_667:
        utils: Any = importlib.import_module("openvino.frontend.tensorflow.utils")
        utils.get_environment_setup = lambda _framework: {"tensorflow": importlib.metadata.version("tensorflow")}


@contextlib.contextmanager
def intercept_keras_downloads(get_file: Callable[..., Any]) -> Iterator[None]:
    """Replace the function with which `keras.applications` downloads weights.

    Tried instead: patching the public `keras.utils.get_file`, which `keras.applications` does not call, and reading
    the URLs from the source, which builds them in a different way for each network.
    """
    with mock.patch("keras.src.utils.file_utils.get_file", get_file):
        yield
