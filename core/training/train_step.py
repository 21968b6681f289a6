"""The steps of a training, many in one call: Python must not dwarf a small network. Worker only: imports Keras.

Keras' own `fit` took 2.6 s for 320 steps of a head on features; the same steps here take a tenth, with the same Keras
optimizers, because a whole epoch is one call of a graph that loops over its batches.
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

Arrays = Sequence[NDArray[Any]]


class Sums(NamedTuple):
    """What steps add up to.

    Each call goes on adding to the sums of the one before, so that how many batches it is given changes no digit.

    Attributes:
        loss: Sum over the images of the cross-entropy in nats, weighted.
        hits: Images that were called what they are labelled as, dropout included.
    """

    loss: float = 0.0
    hits: int = 0


NOTHING: Final = Sums()


class TrainStep:
    """The steps of one network with a fresh optimizer.

    Args:
        network: Inputs -> (batch, classes) logits.
        optimizer: Its name; Keras' defaults for all but the learning rate.
        learning_rate: Step size.
        batch_size: Images a step.
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
        self, inputs: Arrays, labels: NDArray[np.int64], weights: NDArray[np.float32], before: Sums = NOTHING
    ) -> Sums:
        """Train on a chunk, one batch after the other; only its last batch may be smaller.

        Args:
            inputs: One (n, ...) array for each input of the network.
            labels: (n,) class indices.
            weights: (n,) weight of each image in the loss.
            before: What to add to.
        """
        if self._train is None:
            kinds = (_any_number(inputs), *_any_number([labels, weights]), tf.TensorSpec((), tf.float64))
            self._train = tf.function(self._loop, input_signature=(*kinds, tf.TensorSpec((), tf.int64)))
        loss, hits = self._train(
            [tf.constant(array) for array in inputs],
            tf.constant(labels),
            tf.constant(weights),
            tf.constant(before.loss, tf.float64),
            tf.constant(before.hits, tf.int64),
        )
        return Sums(float(loss), int(hits))

    def logits(self, inputs: Arrays) -> NDArray[np.float32]:
        """(n, classes) logits of a batch, in inference mode."""
        if self._logits is None:
            self._logits = tf.function(self._forward, input_signature=(_any_number(inputs),))
        logits: NDArray[np.float32] = self._logits([tf.constant(array) for array in inputs]).numpy()
        return logits

    def _loop(
        self, inputs: list[tf.Tensor], labels: tf.Tensor, weights: tf.Tensor, loss: tf.Tensor, hits: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        images = tf.shape(labels)[0]
        for start in tf.range(0, images, self._batch_size):
            tf.autograph.experimental.set_loop_options(parallel_iterations=1)
            end = tf.minimum(start + self._batch_size, images)
            batch = [array[start:end] for array in inputs]
            losses, right = self._step(batch, labels[start:end], weights[start:end])
            loss += losses
            hits += right
        return loss, hits

    def _step(self, inputs: list[tf.Tensor], labels: tf.Tensor, weights: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            logits = self._call(inputs, training=True)
            losses = weights * tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
            mean = tf.reduce_mean(losses)
        self.optimizer.apply(tape.gradient(mean, self._weights), self._weights)
        right = tf.argmax(logits, axis=-1, output_type=tf.int64) == labels
        return tf.cast(tf.reduce_sum(losses), tf.float64), tf.math.count_nonzero(right)

    def _forward(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        return self._call(inputs, training=False)

    def _call(self, inputs: list[tf.Tensor], *, training: bool) -> tf.Tensor:
        floats = [tf.cast(array, tf.float32) for array in inputs]
        return self.network(floats if len(floats) > 1 else floats[0], training=training)


def _any_number(arrays: Arrays) -> list[tf.TensorSpec]:
    """Arrays like these, of any length: one graph serves them all, and building one takes longer than an epoch."""
    return [tf.TensorSpec((None, *array.shape[1:]), array.dtype) for array in arrays]
