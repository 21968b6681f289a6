"""Compares the starter backbone with a random network, plain pixels and MobileNet 0.25 with ImageNet weights.

    GRAFT_TEST_DATA=... KERAS_HOME=... python -m benchmarks.starter [--size 96] [--weights FILE] [--curves]

A probe is a logistic regression on the pooled and standardised features, trained on half of the images and tested on
the other half; the accuracy is the mean over three splits. In addition to the sets of photographs it uses sets that
played no part in the design: the digits and the photographs of scikit-learn. `--curves` trains the whole network on 20
images of each class of sign_digits at 64 pixels, three times from the starter's weights and three times from random
ones.
"""

import argparse
import io
import os
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

PHOTOGRAPHS = ("sign_digits", "rock_paper_scissors", "cats_dogs", "hymenoptera", "cifar10", "flowers5_small")
SPLITS = 3
SIDE = 224  # of the decoded images, and the input size of MobileNet
PIXELS = 16
SHOTS, TEST_IMAGES, EPOCHS = 20, 30, 12
CURVE_SIZE = 64
Features = Callable[[np.ndarray], np.ndarray]


def read_set(archive: Path, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Images of a zip with one folder per class: (n, size, size, 3) uint8 and (n,) class numbers."""
    images, folders = [], []
    with zipfile.ZipFile(archive) as opened:
        for name in sorted(opened.namelist()):
            if name.lower().endswith((".jpg", ".jpeg", ".png")):
                images.append(_square(Image.open(io.BytesIO(opened.read(name))), size))
                folders.append(Path(name).parent.name)
    return np.stack(images), np.unique(folders, return_inverse=True)[1]


def _square(image: Image.Image, size: int) -> np.ndarray:
    upright = ImageOps.exif_transpose(image).convert("RGB")
    return np.asarray(upright.resize((size, size), Image.Resampling.BILINEAR))


def scanned_digits(size: int) -> tuple[np.ndarray, np.ndarray]:
    """The 8 x 8 digits of scikit-learn, enlarged; 60 of each."""
    from sklearn.datasets import load_digits

    digits, labels = load_digits(return_X_y=True)
    rows = np.concatenate([np.flatnonzero(labels == label)[:60] for label in range(10)])
    grey = (digits[rows].reshape(-1, 8, 8) * 15.9).astype(np.uint8)
    return np.stack([_square(Image.fromarray(image), size) for image in grey]), labels[rows]


def photograph_patches(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Patches of 64 pixels; the class is the one of 12 tiles of two photographs that a patch was cut from."""
    from sklearn.datasets import load_sample_images

    rng = np.random.default_rng(0)
    patches, labels = [], []
    for photograph in load_sample_images().images:
        height, width = photograph.shape[0] // 2, photograph.shape[1] // 3
        for tile in range(6):
            top, left = tile // 3 * height, tile % 3 * width
            for _ in range(40):
                y, x = top + rng.integers(height - 64), left + rng.integers(width - 64)
                patches.append(_square(Image.fromarray(photograph[y : y + 64, x : x + 64]), size))
                labels.append(len(labels) // 40)
    return np.stack(patches), np.array(labels)


def probe(features: np.ndarray, labels: np.ndarray) -> float:
    """Mean accuracy of a logistic regression over the splits."""
    scores = []
    for seed in range(SPLITS):
        train, test = train_test_split(np.arange(len(labels)), test_size=0.5, stratify=labels, random_state=seed)
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000))
        scores.append(model.fit(features[train], labels[train]).score(features[test], labels[test]))
    return float(np.mean(scores))


def pooled(network, size: int) -> Features:
    """A function from images to the pooled features of a network."""
    import keras
    import tensorflow as tf

    averaged = keras.Model(network.input, keras.layers.GlobalAveragePooling2D()(network.output))

    def features(images: np.ndarray) -> np.ndarray:
        batches = [images[start : start + 64] for start in range(0, len(images), 64)]
        resized = (tf.image.resize(tf.cast(batch, tf.float32), (size, size), antialias=True) for batch in batches)
        return np.concatenate([averaged.predict_on_batch(batch) for batch in resized])

    return features


def plain_pixels(images: np.ndarray) -> np.ndarray:
    """The pixels of 16 x 16 copies of the images."""
    return np.stack([_square(Image.fromarray(image), PIXELS).ravel() for image in images]).astype(np.float32)


def candidates(size: int, weights: Path) -> dict[str, Features]:
    """The compared features by column title."""
    import keras

    from core.backbones.starter.network import build_starter

    keras.utils.set_random_seed(0)
    random, starter = build_starter(size), build_starter(size)
    starter.load_weights(weights)
    imagenet = keras.applications.MobileNet(alpha=0.25, input_shape=(SIDE, SIDE, 3), include_top=False)
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1)(image := keras.Input((SIDE, SIDE, 3)))
    return {
        "16 x 16 pixels": plain_pixels,
        "same network, random": pooled(random, size),
        "starter": pooled(starter, size),
        "ImageNet MobileNet 0.25": pooled(keras.Model(image, imagenet(scaled)), SIDE),
    }


def print_table(sets: dict[str, tuple[np.ndarray, np.ndarray]], compared: dict[str, Features]) -> None:
    """Print one row per set, one column per candidate, and the means."""
    print("| set | " + " | ".join(compared) + " |\n|" + " --- |" * (1 + len(compared)))
    rows = []
    for name, (images, labels) in sets.items():
        rows.append([probe(features(images), labels) for features in compared.values()])
        print(f"| {name} | " + " | ".join(f"{score:.3f}" for score in rows[-1]) + " |", flush=True)
    print("| mean | " + " | ".join(f"{mean:.3f}" for mean in np.mean(rows, axis=0)) + " |\n")


def print_curves(images: np.ndarray, labels: np.ndarray, size: int, weights: Path) -> None:
    """Print the mean accuracy on unseen images after each epoch, with starter weights and random weights."""
    small = np.stack([_square(Image.fromarray(image), size) for image in images]).astype(np.float32)
    for name, file in (("from scratch", None), ("starter", weights)):
        began = time.monotonic()
        curves = []
        for seed in range(SPLITS):
            rng = np.random.default_rng(seed)
            shuffled = [rng.permutation(np.flatnonzero(labels == label)) for label in np.unique(labels)]
            train = np.concatenate([rows[:SHOTS] for rows in shuffled])
            test = np.concatenate([rows[SHOTS : SHOTS + TEST_IMAGES] for rows in shuffled])
            curves.append(_curve((small[train], labels[train]), (small[test], labels[test]), file, seed))
        seconds = (time.monotonic() - began) / SPLITS
        accuracies = " | ".join(f"{accuracy:.2f}" for accuracy in np.mean(curves, axis=0))
        print(f"| {name} | {accuracies} | {seconds:.0f} s |", flush=True)


def _curve(
    train: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray], weights: Path | None, seed: int
) -> list[float]:
    """Train the whole network with batch normalisation, with the momentum of Graft's trainings."""
    import keras

    from core.backbones.starter.network import build_starter
    from core.training.networks import MOMENTUM

    keras.utils.set_random_seed(seed)
    network = build_starter(train[0].shape[1])
    if weights:
        network.load_weights(weights)
    for layer in network.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = MOMENTUM
    features = keras.layers.GlobalAveragePooling2D()(network.output)
    model = keras.Model(network.input, keras.layers.Dense(int(train[1].max()) + 1, activation="softmax")(features))
    model.compile(keras.optimizers.Adam(1e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model.fit(*train, batch_size=20, epochs=EPOCHS, validation_data=test, verbose=0).history["val_accuracy"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=96, help="input size of the starter")
    parser.add_argument("--weights", type=Path, default=Path(__file__).parents[1] / "assets" / "starter.weights.h5")
    parser.add_argument("--curves", action="store_true", help="print learning curves instead of the tables")
    given = parser.parse_args()
    data = Path(os.environ.get("GRAFT_TEST_DATA", ""), "sets")
    if not data.is_dir():
        print("GRAFT_TEST_DATA does not name the folder of the sample photographs.", file=sys.stderr)
        return 1
    if given.curves:
        print_curves(*read_set(data / "sign_digits.zip", SIDE), CURVE_SIZE, given.weights)
        return 0
    compared = candidates(given.size, given.weights)
    print_table({name: read_set(data / f"{name}.zip", SIDE) for name in PHOTOGRAPHS}, compared)
    print_table({"digits": scanned_digits(SIDE), "patches of photographs": photograph_patches(SIDE)}, compared)
    return 0


if __name__ == "__main__":
    sys.exit(main())
