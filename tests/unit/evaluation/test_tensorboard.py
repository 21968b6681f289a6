"""TensorBoard reads the learning curves."""

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray

from core.evaluation.rendering.tensorboard import write_tensorboard
from core.jobs.events import Epoch

COURSE = {"phase": "head", "epochs": 2, "val_accuracy": 0.75, "learning_rate": 0.125, "seconds": 1, "val_loss": 0.5}
EPOCHS = [Epoch(**COURSE, epoch=1, loss=1.5, accuracy=0.5), Epoch(**COURSE, epoch=2, loss=1.0, accuracy=0.625)]


def read(folder, tag):
    accumulator = EventAccumulator(str(folder))
    accumulator.Reload()
    return [(event.step, float(make_ndarray(event.tensor_proto))) for event in accumulator.Tensors(tag)]


def test_epochs_read_back(tmp_path):
    write_tensorboard(EPOCHS, tmp_path)
    assert read(tmp_path / "tensorboard" / "train", "epoch/loss") == [(1, 1.5), (2, 1.0)]
    assert read(tmp_path / "tensorboard" / "train", "epoch/learning_rate") == [(1, 0.125), (2, 0.125)]
    assert read(tmp_path / "tensorboard" / "validation", "epoch/accuracy") == [(1, 0.75), (2, 0.75)]


def test_writing_again_replaces_the_logs(tmp_path):
    write_tensorboard(EPOCHS, tmp_path)
    write_tensorboard(EPOCHS[:1], tmp_path)
    assert read(tmp_path / "tensorboard" / "train", "epoch/accuracy") == [(1, 0.5)]
