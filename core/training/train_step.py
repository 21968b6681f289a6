"""Training steps, many per call, so that the overhead of Python does not dominate a small network. Worker only: Keras.

One call runs a graph that loops over as many batches as take about 0.1 s. That is the idea of
`Model.fit(steps_per_execution=...)`, which was measured beside it (`python -m benchmarks.speed --sections
training-loop`): 20 epochs of a head on 750 images of 1,280 features took 1.0 s here and 4.1 to 5.1 s with `fit`, 18 ms
per epoch against 144 to 168 ms (2 busy cores). A stop took at most 0.04 s against 0.24 s, because the number of batches
per call adapts to the network. The optimizers are those of Keras, and the weights equal those of `fit` up to rounding.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from core.training.recipe import Optimizer

OPTIMIZERS: Final = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "sgd": keras.optimizers.SGD,
    "rmsprop": keras.optimizers.RMSprop,
}
# Target duration of one call: long enough to hide its overhead, short enough to stop soon.
CALL_SECONDS: Final = 0.1
MAX_BATCHES: Final = 1024

Arrays = Sequence[NDArray[Any]]


class Totals(NamedTuple):
    """Running totals of an epoch.

    Each call adds to the totals of the call before, so the chunk size does not change any digit of the metrics.

    Attributes:
        loss: Sum of the weighted cross-entropy over the images, in nats.
        correct: Number of images predicted as labelled, with dropout active.
    """

    loss: float = 0.0
    correct: int = 0


ZERO: Final = Totals()


class ChunkSize:
    """Number of batches per call, adapted so that a call takes about `CALL_SECONDS`."""

    def __init__(self) -> None:
        self.batches = 1

    def update(self, seconds: float) -> None:
        """Adapt to the duration of the last call."""
        if seconds < CALL_SECONDS / 2:
            self.batches = min(self.batches * 2, MAX_BATCHES)
        elif seconds > CALL_SECONDS * 2:
            self.batches = max(self.batches // 2, 1)


class TrainStep:
    """Training steps of one network with a new optimizer.

    Args:
        network: Inputs -> (batch, classes) logits.
        optimizer: Name of the optimizer; it has Keras' defaults except for the learning rate.
        learning_rate: Step size.
        batch_size: Images per step.
    """

    def __init__(self, network: keras.Model, optimizer: Optimizer, learning_rate: float, batch_size: int) -> None:
        self.network = network
        self.optimizer = OPTIMIZERS[optimizer](learning_rate)
        self._batch_size = batch_size
        self._weights = network.trainable_variables
        self.optimizer.build(self._weights)
        self._train: Any = None
        self._logits: Any = None

    def train(
        self, inputs: Arrays, labels: NDArray[np.int64], weights: NDArray[np.float32], before: Totals = ZERO
    ) -> Totals:
        """Train on one chunk, batch by batch; only the last batch may be smaller.

        Args:
            inputs: One (n, ...) array for each input of the network.
            labels: (n,) class indices.
            weights: (n,) weight of each image in the loss.
            before: Totals to add to.
        """
        if self._train is None:
            signature = (
                _any_length(inputs),
                *_any_length([labels, weights]),
                tf.TensorSpec((), tf.float64),
                tf.TensorSpec((), tf.int64),
            )
            self._train = tf.function(self._loop, input_signature=signature)
        loss, correct = self._train(
            [tf.constant(array) for array in inputs],
            tf.constant(labels),
            tf.constant(weights),
            tf.constant(before.loss, tf.float64),
            tf.constant(before.correct, tf.int64),
        )
        return Totals(float(loss), int(correct))

    def logits(self, inputs: Arrays) -> NDArray[np.float32]:
        """(n, classes) logits of a batch, in inference mode."""
        if self._logits is None:
            self._logits = tf.function(self._forward, input_signature=(_any_length(inputs),))
        logits: NDArray[np.float32] = self._logits([tf.constant(array) for array in inputs]).numpy()
        return logits

    def _loop(
        self, inputs: list[tf.Tensor], labels: tf.Tensor, weights: tf.Tensor, loss: tf.Tensor, correct: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        images = tf.shape(labels)[0]
        for start in tf.range(0, images, self._batch_size):
            tf.autograph.experimental.set_loop_options(parallel_iterations=1)
            end = tf.minimum(start + self._batch_size, images)
            batch = [array[start:end] for array in inputs]
            batch_loss, batch_correct = self._step(batch, labels[start:end], weights[start:end])
            loss += batch_loss
            correct += batch_correct
        return loss, correct

    def _step(self, inputs: list[tf.Tensor], labels: tf.Tensor, weights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            logits = self._call(inputs, training=True)
            losses = weights * tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            mean = tf.reduce_mean(losses)
        self.optimizer.apply(tape.gradient(mean, self._weights), self._weights)
        is_correct = tf.argmax(logits, axis=-1, output_type=tf.int64) == labels
        return tf.cast(tf.reduce_sum(losses), tf.float64), tf.math.count_nonzero(is_correct)

    def _forward(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        return self._call(inputs, training=False)

    def _call(self, inputs: list[tf.Tensor], *, training: bool) -> tf.Tensor:
        floats = [tf.cast(array, tf.float32) for array in inputs]
        return self.network(floats if len(floats) > 1 else floats[0], training=training)


def _any_length(arrays: Arrays) -> list[tf.TensorSpec]:
    """Specs of these arrays with any length, because building another graph takes longer than an epoch."""
    return [tf.TensorSpec((None, *array.shape[1:]), array.dtype) for array in arrays]
