"""The steps and checkpoints of a pretraining. Worker only: imports Keras."""

from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from core.backbones.starter.images import TARGETS
from core.backbones.starter.network import LAST_BLOCK, SCALE, build_starter
from core.backbones.starter.pretraining_model import build_pretraining_model, losses
from core.backbones.starter.recipe import PretrainingRecipe
from core.backbones.starter.renderer import RenderedDataset
from core.backbones.starter.views import ViewParameters, apply_views, sample_views

_MIN_VARIANCE = 0.01


class Pretraining:
    """A pretraining in a folder; resumes from its last checkpoint.

    Args:
        recipe: Every choice.
        folder: Folder of the checkpoints.
        dataset: The rendered images.
    """

    def __init__(self, recipe: PretrainingRecipe, folder: Path, dataset: RenderedDataset) -> None:
        keras.utils.set_random_seed(recipe.seed)
        self.recipe, self.dataset = recipe, dataset
        self.network, self.model = build_pretraining_model(recipe.precision)
        self.optimizer = keras.optimizers.AdamW(recipe.learning_rate, weight_decay=recipe.weight_decay)
        self.optimizer.build(self.model.trainable_variables)
        self.step = tf.Variable(0, dtype=tf.int64)
        checkpoint = tf.train.Checkpoint(model=self.model, optimizer=self.optimizer, step=self.step)
        self.checkpoints = tf.train.CheckpointManager(checkpoint, str(folder / "checkpoints"), max_to_keep=2)
        self.checkpoints.restore_or_initialize()

    @property
    def done(self) -> int:
        """Number of steps so far, including those before a restart."""
        return int(self.step)

    def save(self) -> None:
        """Save a checkpoint; only the two newest are kept."""
        self.checkpoints.save(checkpoint_number=self.done)

    def train_step(self) -> dict[str, float]:
        """Train one step and return the loss of each task, in nats."""
        rng = np.random.default_rng([self.recipe.seed, 9, self.done])
        rows = np.sort(rng.choice(len(self.dataset), self.recipe.batch, replace=False))
        images, targets = self.dataset.take(rows)
        first, second = sample_views(len(rows), rng), sample_views(len(rows), rng)
        self.optimizer.learning_rate = self.recipe.rate(self.done)
        task_losses = self._train(tf.constant(images), tf.constant(targets), first, second, self.recipe.size(self.done))
        self.step.assign_add(1)
        return {name: float(value) for name, value in task_losses.items()}

    @tf.function  # type: ignore[untyped-decorator] # TensorFlow has no types
    def _train(
        self, images: tf.Tensor, targets: tf.Tensor, first: ViewParameters, second: ViewParameters, size: int
    ) -> dict[str, tf.Tensor]:
        views = tf.concat([apply_views(images, first, size), apply_views(images, second, size)], axis=0)
        with tf.GradientTape() as tape:
            task_losses = losses(self.model(views, training=True), targets)
            *classification, contrastive = task_losses.values()
            loss = tf.add_n(classification) / len(classification) + self.recipe.contrastive_weight * contrastive
        gradients = tape.gradient(loss, self.model.trainable_variables)
        self.optimizer.apply(gradients, self.model.trainable_variables)
        return task_losses

    def calibrate_scale(self, dataset: RenderedDataset) -> None:
        """Set the statistics of the last layer to the mean and variance of the pooled features of a dataset."""
        block = self.network.get_layer(LAST_BLOCK)
        pooled = keras.Model(self.network.input, keras.layers.GlobalAveragePooling2D(dtype="float32")(block.output))
        images, _ = dataset.take(np.arange(len(dataset)))
        size = self.recipe.last_view_size
        features = pooled.predict(tf.image.resize(images, (size, size), antialias=True), batch_size=64, verbose=0)
        variance = features.var(axis=0)
        scale = self.network.get_layer(SCALE)
        scale.moving_mean.assign(features.mean(axis=0))
        # The bound prevents channels that are almost constant from being amplified.
        scale.moving_variance.assign(np.maximum(variance, _MIN_VARIANCE * variance.mean()))

    def accuracy(self, dataset: RenderedDataset) -> dict[str, float]:
        """Accuracy of each classification task on the whole images of a dataset."""
        images, targets = dataset.take(np.arange(len(dataset)))
        size = self.recipe.last_view_size
        outputs = self.model.predict(
            tf.image.resize(images, (size, size), antialias=True), batch_size=self.recipe.batch, verbose=0
        )
        return {
            name: float((outputs[name].argmax(axis=1) == targets[:, column]).mean())
            for column, name in enumerate(TARGETS)
        }


def save_weights(network: keras.Model, file: Path) -> None:
    """Save weights in half precision; `load_weights` of a network in any precision reads them."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float16")
    try:
        half = build_starter(None)
    finally:
        keras.config.set_dtype_policy(before)
    half.set_weights([weight.astype(np.float16) for weight in network.get_weights()])
    half.save_weights(file)
