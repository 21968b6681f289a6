"""What is trained in the pretraining: the network, the questions it is asked, and one step. Worker only: imports Keras.

The questions: by which of the programs were shape, surface, ground and both their colours drawn?  And: which two of the
views in a batch show the same image (Chen et al. 2020)?
"""

import keras
import tensorflow as tf
from keras import layers

from core.backbones.starter.images import CHOICES
from core.backbones.starter.network import LAST_BLOCK, build_starter

_PROJECTION = (384, 128)
_TEMPERATURE = 0.2
_SAME = "same"


class FusedNormalization(layers.BatchNormalization):  # type: ignore[misc] # mypy does not look into Keras
    """Batch normalisation in one fused operation: with bfloat16 on a CPU a whole step is nearly twice as fast."""

    def call(self, inputs: tf.Tensor, training: bool | None = None, mask: tf.Tensor | None = None) -> tf.Tensor:
        """Normalise, and in training move the running statistics."""
        if not training:
            return super().call(inputs, training=training, mask=mask)
        none = tf.zeros([0])
        result, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=self.gamma.value,
            offset=self.beta.value,
            mean=none,
            variance=none,
            epsilon=self.epsilon,
            is_training=True,
        )
        self.moving_mean.assign(self.moving_mean * self.momentum + mean * (1 - self.momentum))
        self.moving_variance.assign(self.moving_variance * self.momentum + variance * (1 - self.momentum))
        return result


def build_learner(precision: str) -> tuple[keras.Model, keras.Model]:
    """The network in training, and the same with its questions on top.

    Args:
        precision: Name of a Keras dtype policy, for the network alone.

    Returns:
        The network (images -> map), and the learner (images -> {answer: logits, "same": projection}).
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        network = build_starter(None, FusedNormalization)
    finally:
        keras.config.set_dtype_policy(before)
    features = layers.GlobalAveragePooling2D(dtype="float32")(network.get_layer(LAST_BLOCK).output)
    outputs = {name: layers.Dense(count, name=name)(features) for name, count in CHOICES.items()}
    hidden = layers.ReLU()(layers.BatchNormalization()(layers.Dense(_PROJECTION[0])(features)))
    outputs[_SAME] = layers.Dense(_PROJECTION[1], name=_SAME)(hidden)
    return network, keras.Model(network.input, outputs, name="learner")


def losses(outputs: dict[str, tf.Tensor], answers: tf.Tensor) -> dict[str, tf.Tensor]:
    """Cross-entropy of each question, in nats.

    Args:
        outputs: Of the learner, for two views of n images: first all first views, then all second ones.
        answers: (n, len(CHOICES)) int32.

    Returns:
        One scalar a question, in the order of `CHOICES`, then "same".
    """
    twice = tf.concat([answers, answers], axis=0)
    found = {
        name: tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(twice[:, column], outputs[name]))
        for column, name in enumerate(CHOICES)
    }
    return found | {_SAME: _same_loss(outputs[_SAME])}


def _same_loss(projection: tf.Tensor) -> tf.Tensor:
    direction = tf.math.l2_normalize(projection, axis=1)
    total = tf.shape(direction)[0]
    likeness = tf.matmul(direction, direction, transpose_b=True) / _TEMPERATURE - 1e9 * tf.eye(total)
    partner = tf.math.floormod(tf.range(total) + total // 2, total)
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(partner, likeness))
