"""What a training runs on, in words. Worker only: imports TensorFlow."""

import platform
from functools import cache
from pathlib import Path

import tensorflow as tf


@cache
def describe_device() -> str:
    """Name of the GPU that TensorFlow uses, or of the processor."""
    for gpu in tf.config.list_physical_devices("GPU"):
        name = tf.config.experimental.get_device_details(gpu).get("device_name", "GPU")
        return f"{name} (GPU)"
    return f"{_processor()} (CPU)"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
