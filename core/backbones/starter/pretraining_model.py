"""The network with its pretraining tasks. Worker only: imports Keras.

The classification tasks predict the shape, textures and palettes of an image. The contrastive task finds the two views
of the same image in a batch (Chen et al. 2020).
"""

import keras
import tensorflow as tf
from keras import layers

from core.backbones.starter.images import TARGETS
from core.backbones.starter.network import LAST_BLOCK, build_starter

_PROJECTION = (384, 128)
_TEMPERATURE = 0.2
CONTRASTIVE = "contrastive"


class FusedNormalization(layers.BatchNormalization):  # type: ignore[misc] # Keras has no types
    """Batch normalisation as one fused operation: with bfloat16 on a CPU a training step is nearly twice as fast."""

    def call(self, inputs: tf.Tensor, training: bool | None = None, mask: tf.Tensor | None = None) -> tf.Tensor:
        """Normalise, and update the moving statistics in training."""
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


def build_pretraining_model(precision: str) -> tuple[keras.Model, keras.Model]:
    """Build the network and the pretraining model on top of it.

    Args:
        precision: Name of the Keras dtype policy of the network.

    Returns:
        The network (images -> feature map), and the model (images -> {target: logits, "contrastive": projection}).
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        network = build_starter(None, FusedNormalization)
    finally:
        keras.config.set_dtype_policy(before)
    features = layers.GlobalAveragePooling2D(dtype="float32")(network.get_layer(LAST_BLOCK).output)
    outputs = {name: layers.Dense(count, name=name)(features) for name, count in TARGETS.items()}
    hidden = layers.ReLU()(layers.BatchNormalization()(layers.Dense(_PROJECTION[0])(features)))
    outputs[CONTRASTIVE] = layers.Dense(_PROJECTION[1], name=CONTRASTIVE)(hidden)
    return network, keras.Model(network.input, outputs, name="pretraining")


def losses(outputs: dict[str, tf.Tensor], targets: tf.Tensor) -> dict[str, tf.Tensor]:
    """Cross-entropy of each task, in nats.

    Args:
        outputs: Outputs of the model for two views of n images: all first views, then all second views.
        targets: (n, len(TARGETS)) int32.

    Returns:
        One scalar per task, in the order of `TARGETS`, then "contrastive".
    """
    twice = tf.concat([targets, targets], axis=0)
    found = {
        name: tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(twice[:, column], outputs[name]))
        for column, name in enumerate(TARGETS)
    }
    return found | {CONTRASTIVE: _contrastive_loss(outputs[CONTRASTIVE])}


def _contrastive_loss(projection: tf.Tensor) -> tf.Tensor:
    direction = tf.math.l2_normalize(projection, axis=1)
    total = tf.shape(direction)[0]
    similarity = tf.matmul(direction, direction, transpose_b=True) / _TEMPERATURE - 1e9 * tf.eye(total)
    partner = tf.math.floormod(tf.range(total) + total // 2, total)
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(partner, similarity))
