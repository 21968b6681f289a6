"""Writes the learning curves of a run for TensorBoard. Worker only: imports TensorFlow.

`tensorboard --logdir RUN/tensorboard` shows them.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import tensorflow as tf

from core.jobs.events import Epoch
from core.storage.disk import describe_disk_errors

FOLDER: Final = "tensorboard"


def write_tensorboard(epochs: Sequence[Epoch], out: Path) -> None:
    """Write the epochs as TensorBoard logs into a run's folder, replacing earlier ones.

    Args:
        epochs: All epochs of the run, in order.
        out: The run's folder.

    Raises:
        WorkspaceError: The disk is full or not writable.
    """
    folder = out / FOLDER
    with describe_disk_errors(str(folder)):
        shutil.rmtree(folder, ignore_errors=True)
        _write(folder / "train", [(one.epoch, one.loss, one.accuracy, one.learning_rate) for one in epochs])
        _write(folder / "validation", [(one.epoch, one.val_loss, one.val_accuracy, None) for one in epochs])


def _write(folder: Path, rows: Sequence[tuple[int, float, float, float | None]]) -> None:
    writer = tf.summary.create_file_writer(str(folder))
    with writer.as_default():
        for epoch, loss, accuracy, learning_rate in rows:
            _write_scalar("loss", loss, epoch)
            _write_scalar("accuracy", accuracy, epoch)
            if learning_rate is not None:
                _write_scalar("learning_rate", learning_rate, epoch)
    writer.close()


def _write_scalar(name: str, value: float, epoch: int) -> None:
    """Write what `tf.summary.scalar` writes, without its dependency on the package `tensorboard`.

    Format: https://github.com/tensorflow/tensorboard/blob/master/tensorboard/plugins/scalar/metadata.py
    """
    metadata = tf.compat.v1.SummaryMetadata(plugin_data={"plugin_name": "scalars"})
    tf.summary.write(f"epoch/{name}", tf.constant(value, tf.float32), step=epoch, metadata=metadata)
