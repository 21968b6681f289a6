import keras
import numpy as np
import pytest

from core.training.data_pipeline import ActivationLoader, SplitData, class_weights
from core.training.loop import train_epoch, validate
from core.training.train_step import OPTIMIZERS, ChunkSize, TrainStep

RANDOM = np.random.default_rng(0)
FEATURES = RANDOM.normal(size=(70, 12)).astype("float32")
LABELS = RANDOM.integers(0, 3, 70)
ONES = np.ones(70, np.float32)


def head(dropout: float = 0) -> keras.Model:
    features = keras.Input((12,))
    dropped = keras.layers.Dropout(dropout, seed=1)(features)
    dense = keras.layers.Dense(3, kernel_initializer=keras.initializers.GlorotUniform(seed=1))
    return keras.Model(features, dense(dropped))


class InMemoryActivations:
    """Activations as `core.features` gives them, without a network."""

    shapes = ((12,),)

    def __init__(self) -> None:
        self.views: list[int] = []

    def gather(self, rows, view=0):
        self.views.append(view)
        return [FEATURES[rows]]


def split_data(activations: InMemoryActivations | None = None, views: int = 0) -> SplitData:
    return SplitData(ActivationLoader(activations or InMemoryActivations(), views), LABELS, ONES)


def epoch(step: TrainStep, number: int = 0, batch_size: int = 16, chunk_size: ChunkSize | None = None, on_batches=None):
    return train_epoch(
        step,
        split_data(),
        number=number,
        seed=0,
        batch_size=batch_size,
        chunk_size=chunk_size or ChunkSize(),
        on_batches=on_batches or (lambda *_: None),
    )


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_steps_equal_those_of_keras(name):
    ours, theirs = head(), head()
    step = TrainStep(ours, name, 0.01, 16)
    for _ in range(2):
        step.train([FEATURES], LABELS, ONES)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    theirs.compile(OPTIMIZERS[name](0.01), loss, jit_compile=False)
    theirs.fit(FEATURES, LABELS, batch_size=16, epochs=2, shuffle=False, verbose=0)
    for mine, other in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-5)


def test_many_batches_per_call_give_the_same_weights_as_one():
    at_once, one_by_one = TrainStep(head(0.5), "adam", 0.01, 16), TrainStep(head(0.5), "adam", 0.01, 16)
    totals = at_once.train([FEATURES], LABELS, ONES)
    parts = [slice(start, start + 16) for start in range(0, 70, 16)]
    each = [one_by_one.train([FEATURES[part]], LABELS[part], ONES[part]) for part in parts]
    np.testing.assert_array_equal(at_once.network.get_weights()[0], one_by_one.network.get_weights()[0])
    assert totals.loss == pytest.approx(sum(one.loss for one in each))
    assert totals.correct == sum(one.correct for one in each)


class Counting(keras.layers.Layer):
    """Counts how often it is traced."""

    graphs = 0

    def call(self, inputs):
        self.graphs += 1
        return inputs


def test_one_graph_serves_chunks_of_every_length():
    counting, features = Counting(), keras.Input((12,))
    step = TrainStep(keras.Model(features, keras.layers.Dense(3)(counting(features))), "adam", 0.01, 16)
    step.train([FEATURES[:32]], LABELS[:32], ONES[:32])
    step.logits([FEATURES[:32]])
    graphs = counting.graphs
    for length in (70, 16, 5):
        step.train([FEATURES[:length]], LABELS[:length], ONES[:length])
        step.logits([FEATURES[:length]])
    assert counting.graphs == graphs


def test_a_weight_of_two_equals_the_image_twice():
    twice, weighted = TrainStep(head(), "sgd", 0.1, 4), TrainStep(head(), "sgd", 0.1, 4)
    twice.train([FEATURES[[0, 1, 1, 2]]], LABELS[[0, 1, 1, 2]], ONES[:4])
    weights = np.array([0.75, 1.5, 0.75], np.float32)
    weighted.train([FEATURES[:3]], LABELS[:3], weights)
    np.testing.assert_allclose(twice.network.get_weights()[0], weighted.network.get_weights()[0], atol=1e-6)


def test_class_weights_give_each_class_the_same_total():
    labels = np.array([0] * 9 + [1] * 3 + [2])
    weights = class_weights(labels, 3)
    np.testing.assert_allclose([weights[labels == label].sum() for label in range(3)], 13 / 3, rtol=1e-6)


def test_the_order_depends_on_the_seed_and_the_epoch_alone():
    first, second = TrainStep(head(), "adam", 0.01, 16), TrainStep(head(), "adam", 0.01, 16)
    assert epoch(first, 0) == epoch(second, 0)
    assert epoch(first, 1) == epoch(second, 1)


def test_the_chunk_size_does_not_change_the_metrics():
    slow, fast = ChunkSize(), ChunkSize()
    fast.batches = 1024
    assert epoch(TrainStep(head(), "adam", 0.01, 16), chunk_size=slow) == epoch(
        TrainStep(head(), "adam", 0.01, 16), chunk_size=fast
    )


def test_progress_ends_with_the_last_batch():
    reports = []
    loss, accuracy = epoch(TrainStep(head(), "adam", 0.01, 16), on_batches=lambda *one: reports.append(one))
    assert reports[-1] == (5, 5, loss, accuracy)


@pytest.mark.parametrize(("seconds", "batches"), [(0.001, 20), (0.1, 10), (1.0, 5)])
def test_the_chunk_size_follows_the_duration_of_a_call(seconds, batches):
    chunk_size = ChunkSize()
    chunk_size.batches = 10
    chunk_size.update(seconds)
    assert chunk_size.batches == batches


def test_validation_counts_every_image_once():
    step = TrainStep(head(0.5), "adam", 0.01, 16)
    scores = validate(step, split_data(), classes=3, on_batch=lambda: None)
    logits = FEATURES @ step.network.get_weights()[0]
    np.testing.assert_array_equal(scores.confusion.sum(axis=1), np.bincount(LABELS))
    assert scores.accuracy == pytest.approx((logits.argmax(axis=1) == LABELS).mean())
    expected = keras.losses.sparse_categorical_crossentropy(LABELS, logits, from_logits=True).numpy().mean()
    assert scores.loss == pytest.approx(expected, rel=1e-5)


def test_each_epoch_takes_the_next_variation():
    activations = InMemoryActivations()
    step = TrainStep(head(), "adam", 0.01, 70)
    for number in range(4):
        train_epoch(
            step,
            split_data(activations, views=2),
            number=number,
            seed=0,
            batch_size=70,
            chunk_size=ChunkSize(),
            on_batches=lambda *_: None,
        )
    assert activations.views == [0, 1, 2, 0]
