"""A pretraining that can be stopped and continued: its state and its steps. Worker only: imports Keras."""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from core.backbones.starter.images import CHOICES
from core.backbones.starter.network import LAST_BLOCK, SCALE, build_starter
from core.backbones.starter.pretraining_model import build_learner, losses
from core.backbones.starter.recipe import PretrainingRecipe
from core.backbones.starter.renderer import Album
from core.backbones.starter.views import Views, draw_views, look_at

_LEAST_VARIANCE = 0.01


class Pretraining:
    """One pretraining in a folder: it begins, or goes on where its last checkpoint is.

    Args:
        recipe: Its choices.
        folder: For images and checkpoints.
        album: The images.
    """

    def __init__(self, recipe: PretrainingRecipe, folder: Path, album: Album) -> None:
        keras.utils.set_random_seed(recipe.seed)
        self.recipe, self.album = recipe, album
        self.network, self.learner = build_learner(recipe.precision)
        self.optimizer = keras.optimizers.AdamW(recipe.learning_rate, weight_decay=recipe.weight_decay)
        self.optimizer.build(self.learner.trainable_variables)
        self.step = tf.Variable(0, dtype=tf.int64)
        checkpoint = tf.train.Checkpoint(learner=self.learner, optimizer=self.optimizer, step=self.step)
        self.checkpoints = tf.train.CheckpointManager(checkpoint, str(folder / "checkpoints"), max_to_keep=2)
        self.checkpoints.restore_or_initialize()

    @property
    def done(self) -> int:
        """Steps taken so far, also before a kill."""
        return int(self.step)

    def save(self) -> None:
        """Write a checkpoint; the two newest are kept."""
        self.checkpoints.save(checkpoint_number=self.done)

    def advance(self) -> dict[str, float]:
        """Take one step; the loss of each question, in nats."""
        rng = np.random.default_rng([self.recipe.seed, 9, self.done])
        rows = np.sort(rng.choice(len(self.album), self.recipe.batch, replace=False))
        images, answers = self.album.take(rows)
        first, second = draw_views(len(rows), rng), draw_views(len(rows), rng)
        self.optimizer.learning_rate = self.recipe.rate(self.done)
        found = self._learn(tf.constant(images), tf.constant(answers), first, second, self.recipe.size(self.done))
        self.step.assign_add(1)
        return {name: float(value) for name, value in found.items()}

    @tf.function  # type: ignore[untyped-decorator] # mypy does not look into TensorFlow
    def _learn(
        self, images: tf.Tensor, answers: tf.Tensor, first: Views, second: Views, size: int
    ) -> dict[str, tf.Tensor]:
        views = tf.concat([look_at(images, first, size), look_at(images, second, size)], axis=0)
        with tf.GradientTape() as tape:
            found = losses(self.learner(views, training=True), answers)
            *programs, same = found.values()
            loss = tf.add_n(programs) / len(programs) + self.recipe.same_weight * same
        gradients = tape.gradient(loss, self.learner.trainable_variables)
        self.optimizer.apply(gradients, self.learner.trainable_variables)
        return found

    def settle(self, album: Album) -> None:
        """Give the last layer of the network the mean and variance of what is pooled from the images of an album."""
        block = self.network.get_layer(LAST_BLOCK)
        pooled = keras.Model(self.network.input, keras.layers.GlobalAveragePooling2D(dtype="float32")(block.output))
        images, _ = album.take(np.arange(len(album)))
        size = self.recipe.last_view_size
        features = pooled.predict(tf.image.resize(images, (size, size), antialias=True), batch_size=64, verbose=0)
        variance = features.var(axis=0)
        scale = self.network.get_layer(SCALE)
        scale.moving_mean.assign(features.mean(axis=0))
        # A channel that hardly ever differs is not blown up.
        scale.moving_variance.assign(np.maximum(variance, _LEAST_VARIANCE * variance.mean()))

    def accuracy(self, album: Album) -> dict[str, float]:
        """Share of right answers on the whole images of another album, one a question."""
        images, answers = album.take(np.arange(len(album)))
        size = self.recipe.last_view_size
        outputs = self.learner.predict(
            tf.image.resize(images, (size, size), antialias=True), batch_size=self.recipe.batch, verbose=0
        )
        return {
            name: float((outputs[name].argmax(axis=1) == answers[:, column]).mean())
            for column, name in enumerate(CHOICES)
        }


def save_weights(network: keras.Model, file: Path) -> None:
    """Write weights in half precision; `load_weights` of a network in any precision reads them."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float16")
    try:
        half = build_starter(None)
    finally:
        keras.config.set_dtype_policy(before)
    half.set_weights([weight.astype(np.float16) for weight in network.get_weights()])
    half.save_weights(file)
