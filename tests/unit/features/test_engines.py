"""Every engine computes what Keras computes, and an unusual choice of engine is reported."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from core.errors import WorkspaceError
from core.features import openvino_cache
from core.features.engine import choose_engine, usable_precision
from core.features.fingerprint import fingerprint
from core.features.numerical_check import relative_difference
from core.features.openvino_cache import converted_network
from core.features.openvino_engine import OpenVinoEngine, supports_bfloat16
from core.features.tensorflow_engine import TensorFlowEngine
from core.settings import Settings
from tests.unit.features.small_networks import SIZE, small_network, two_tensors


def squares(count: int, size: int = SIZE, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, size, size, 3), np.uint8)


def keras_computes(network: keras.Model, images: np.ndarray) -> tuple[np.ndarray, ...]:
    return tuple(tensor.numpy() for tensor in keras.tree.flatten(network(images.astype(np.float32), training=False)))


def choose(network: keras.Model, settings: Settings, precision="float32", **options):
    messages: list[str] = []
    address = fingerprint(network, size=SIZE, resize="crop", precision=precision)
    return choose_engine(network, address, settings, precision, messages.append, **options), messages


def unconvertible_network() -> keras.Model:
    pixels = keras.Input((SIZE, SIZE, 3))
    x = keras.layers.GlobalAveragePooling2D()(pixels)
    odd = keras.layers.Lambda(tf.math.bessel_i0e, output_shape=(3,))
    return keras.Model(pixels, odd(x))


@pytest.mark.parametrize("make", [small_network, two_tensors], ids=["one tensor", "two tensors"])
def test_openvino_computes_what_keras_computes(make, settings):
    network = make()
    engine, _ = choose(network, settings)
    assert engine.description.startswith("OpenVINO")
    images = squares(37)
    for value, wanted in zip(next(engine.run([images])), keras_computes(network, images), strict=True):
        np.testing.assert_allclose(value, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.data
def test_a_real_network_agrees_to_four_places(settings, keras_home):
    from core.backbones.network import build
    from core.backbones.zoo import find_backbone

    backbone = build(find_backbone("MobileNetV2_050_96"), weights="imagenet", keras_home=keras_home, input_size=96)
    images = squares(16, 96)
    value, wanted = next(choose(backbone, settings)[0].run([images])), keras_computes(backbone, images)
    assert relative_difference(value, wanted) < 1e-4


@pytest.mark.parametrize("kind", ["OpenVINO", "TensorFlow"])
def test_results_come_in_order_for_batches_of_any_size(kind, settings):
    network = small_network()
    engine = choose(network, settings)[0] if kind == "OpenVINO" else TensorFlowEngine(network, "the processor")
    batches = [squares(size, seed=size) for size in (1, 50, 3, 17, 1, 2)]
    results = [tensors[0] for tensors in engine.run(iter(batches))]
    assert [len(result) for result in results] == [1, 50, 3, 17, 1, 2]
    wanted = keras_computes(network, np.concatenate(batches))[0]
    np.testing.assert_allclose(np.concatenate(results), wanted, rtol=1e-4, atol=1e-5)


def test_the_next_batch_is_read_while_others_are_computed(settings):
    engine, _ = choose(small_network(), settings)
    asked = []

    def batches():
        for number in range(40):
            asked.append(number)
            yield squares(16)

    results = engine.run(batches())
    next(results)
    assert len(asked) > 1
    results.close()


def test_an_abandoned_run_leaves_the_engine_usable(settings):
    engine, _ = choose(small_network(), settings)
    results = engine.run(squares(64) for _ in range(10))
    next(results)
    results.close()
    assert next(engine.run([squares(5)]))[0].shape == (5, 8)


def test_a_network_is_converted_once_and_found_by_the_next_process(settings):
    network = small_network()
    first_messages = choose(network, settings)[1]
    second_messages = choose(small_network(), settings)[1]
    assert first_messages == ["Converting this network for OpenVINO, once."]
    assert second_messages == []


def test_a_damaged_conversion_is_repeated(settings):
    network = small_network()
    choose(network, settings)
    stored = list((settings.cache / "networks").glob("*/network.bin"))
    stored[0].write_bytes(stored[0].read_bytes()[:100])
    engine, messages = choose(network, settings)
    assert engine.description.startswith("OpenVINO")
    assert messages == ["Converting this network for OpenVINO, once."]


def test_files_of_a_killed_conversion_are_removed(settings):
    left = settings.cache / "networks" / ".part.0123456789abcdef"
    left.mkdir(parents=True)
    choose(small_network(), settings)
    assert not left.exists()


def test_the_least_recently_used_networks_are_evicted(tmp_path):
    one = 8 * 12 * 4 * 20
    settings = Settings(workspace=tmp_path, cache_bytes=8 * 3 * one)
    for seed in range(6):
        choose(small_network(seed=seed), settings)
    left = list((settings.cache / "networks").glob("*/network.xml"))
    assert 1 <= len(left) < 6
    assert choose(small_network(seed=5), settings)[1] == []


def test_tensorflow_computes_what_openvino_cannot_convert(settings):
    engine, messages = choose(unconvertible_network(), settings)
    assert engine.description.startswith("TensorFlow")
    assert messages[-1].startswith("OpenVINO cannot compute this network (")
    images = squares(3)
    np.testing.assert_allclose(
        next(engine.run([images]))[0], keras_computes(unconvertible_network(), images)[0], rtol=1e-4
    )


def test_tensorflow_computes_what_openvino_computes_differently(settings, monkeypatch):
    monkeypatch.setattr(openvino_cache, "TOLERANCE", -1)
    engine, messages = choose(small_network(), settings)
    assert engine.description.startswith("TensorFlow")
    assert messages[-1] == (
        "OpenVINO cannot compute this network (its features would differ by 0.0%). "
        "TensorFlow computes it, which takes longer."
    )


def test_a_failed_conversion_is_not_repeated(settings):
    network = unconvertible_network()
    choose(network, settings)
    _, messages = choose(network, settings)
    assert len(messages) == 1
    assert "while converting it" in messages[0]


def test_a_gpu_uses_tensorflow(settings, monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [kind])
    engine, messages = choose(small_network(), settings)
    assert engine.description == f"TensorFlow {tf.__version__} on the GPU in float32"
    assert messages == []


def test_bfloat16_on_a_gpu_is_reported_as_float32(monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [kind])
    messages: list[str] = []
    assert usable_precision("bfloat16", messages.append) == "float32"
    assert messages == ["bfloat16 speeds up processors; on the GPU features are computed in float32."]


def test_bfloat16_on_a_processor_without_it_is_reported_as_float32(monkeypatch):
    monkeypatch.setattr("core.features.engine.supports_bfloat16", lambda: False)
    messages: list[str] = []
    assert usable_precision("bfloat16", messages.append) == "float32"
    assert messages == ["This processor does not support bfloat16: features are computed in float32."]


@pytest.mark.skipif(not supports_bfloat16(), reason="this processor does not compute in bfloat16")
def test_bfloat16_reports_the_difference_from_float32(settings):
    network, images = small_network(), squares(20)
    engine, messages = choose(network, settings, "bfloat16", sample=images)
    assert engine.description.endswith("in bfloat16")
    assert messages[-1].startswith("In bfloat16 the features of the first 16 images differ from float32 by ")
    assert 0 < relative_difference(next(engine.run([images])), keras_computes(network, images)) < 0.1


def test_the_processor_is_shared_with_other_workers(settings):
    network = converted_network(small_network(), "0" * 64, settings, lambda _: None)
    alone, one_of_many = OpenVinoEngine(network, "float32"), OpenVinoEngine(network, "float32", share=64)
    images = squares(4)
    np.testing.assert_allclose(next(alone.run([images]))[0], next(one_of_many.run([images]))[0], rtol=1e-5)


def test_a_cache_that_cannot_be_written_raises_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(WorkspaceError, match=r"The cache .* cannot be written"):
        choose(small_network(), Settings(workspace=Path(tmp_path / "file")))


def test_other_shapes_or_nan_give_an_infinite_difference():
    ones = (np.ones((2, 3), np.float32),)
    assert relative_difference(ones, ones) == 0
    assert relative_difference((np.ones((2, 2), np.float32),), ones) == float("inf")
    assert relative_difference((np.full((2, 3), np.nan, np.float32),), ones) == float("inf")
    assert relative_difference((ones[0] * 1.1,), ones) == pytest.approx(0.1)
