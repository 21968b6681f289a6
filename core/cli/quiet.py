"""Keeps the start-up notes of TensorFlow out of the terminal.

TensorFlow's native code writes them to the descriptor of standard error while it is imported, whatever
`TF_CPP_MIN_LOG_LEVEL` says ("All log messages before absl::InitializeLog() is called are written to STDERR").
"""

import contextlib
import importlib.machinery
import os
import sys
from collections.abc import Iterator, Sequence
from types import ModuleType

STANDARD_ERROR = 2


def silence_tensorflow() -> None:
    """Import TensorFlow silently, whenever something imports it first in this process."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if not any(isinstance(finder, _TensorFlowFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _TensorFlowFinder())


class _TensorFlowFinder(importlib.machinery.PathFinder):
    """Finds TensorFlow as usual, with a loader that silences standard error."""

    def find_spec(  # type: ignore[override] # a method of an instance, so that it can be removed again
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != "tensorflow":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            spec.loader = _SilentLoader(spec.loader.name, spec.loader.path)
        return spec


class _SilentLoader(importlib.machinery.SourceFileLoader):
    def exec_module(self, module: ModuleType) -> None:
        with _silent_standard_error():
            super().exec_module(module)


@contextlib.contextmanager
def _silent_standard_error() -> Iterator[None]:
    sys.stderr.flush()
    saved, devnull = os.dup(STANDARD_ERROR), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(devnull, STANDARD_ERROR)
        yield
    finally:
        os.dup2(saved, STANDARD_ERROR)
        os.close(saved)
        os.close(devnull)
