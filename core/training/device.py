"""Names the device that trainings run on."""

import platform
from functools import cache
from pathlib import Path


@cache
def describe_device() -> str:
    """Name of the GPU that TensorFlow uses, or of the processor. Worker only: imports TensorFlow."""
    import tensorflow as tf

    for gpu in tf.config.list_physical_devices("GPU"):
        name = tf.config.experimental.get_device_details(gpu).get("device_name", "GPU")
        return f"{name} (GPU)"
    return f"{processor_name()} (CPU)"


def processor_name() -> str:
    """Name of the processor, as the system gives it."""
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
