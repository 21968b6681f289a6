"""Reads the images that `predict.py` is given, and prints its answers or writes them to a table."""

import argparse
import csv
import io
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base
from preprocess import list_images, read_input, read_rgb

COLUMNS = (
    "file",
    "predicted_class",
    "confidence",
    "second_class",
    "second_confidence",
    "third_class",
    "third_confidence",
    "none_of_these",
    "needs_look",
    "error",
    "width",
    "height",
    "time",
    "camera",
    "latitude",
    "longitude",
)


class Output:
    """Gives the images of the command line one by one, and takes the answers.

    Args:
        classes: Names of the classes, in the order of the probabilities.
        folder: The folder with `input.json`.
    """

    def __init__(self, classes: list[str], folder: Path) -> None:
        parser = argparse.ArgumentParser(description="Classifies images.")
        parser.add_argument("images", nargs="+", help="images, and folders of them")
        parser.add_argument("--out", type=Path, metavar="TABLE", help="write a table with a row a file (.csv)")
        parser.add_argument(
            "--threshold", type=float, default=0.5, help="confidence below which an answer needs a look (default: 0.5)"
        )
        self._options = parser.parse_args()
        if not 0 <= self._options.threshold <= 1:
            parser.error(f"--threshold is {self._options.threshold:g}: give a confidence from 0 to 1")
        self._classes, self._failed = classes, 0
        *_, self._background, self._bit_depth = read_input(folder)
        self._file = self._options.out and _open_table(parser, self._options.out)
        self._table = self._file and csv.writer(self._file)
        if self._table:
            self._table.writerow(COLUMNS)
        elif isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")  # names of files that are no text

    def images(self) -> Iterator[tuple[Path, np.ndarray]]:
        """Yield each image that can be read with its (height, width, 3) uint8 pixels; the others get their reason."""
        for path in list_images(self._options.images):
            try:
                pixels = read_rgb(path, self._background, self._bit_depth)
            except Exception as error:  # whatever a broken file does to a decoder
                self._add_unreadable(path, str(error) or type(error).__name__)
            else:
                yield path, pixels

    def _add_unreadable(self, path: Path, reason: str) -> None:
        self._failed += 1
        if self._table:
            row = {"file": path, "error": f"It cannot be read as an image ({reason})."}
            self._table.writerow(_safe(row.get(name, "")) for name in COLUMNS)
        else:
            print(f"{path}: cannot be read as an image ({reason})", file=sys.stderr)

    def add(self, path: Path, pixels: np.ndarray, probabilities: np.ndarray, ood_score: float | None) -> None:
        """Take the answer for an image.

        Args:
            path: The file.
            pixels: Its pixels.
            probabilities: (n_classes,) probabilities.
            ood_score: Above 1 it is none of the classes; None if unknown.
        """
        ranked = [(self._classes[row], float(probabilities[row])) for row in np.argsort(-probabilities, kind="stable")]
        unlike = None if ood_score is None else ood_score > 1
        best, confidence = ranked[0]
        if not self._table:
            note = " - unlike the training images: none of these?" if unlike else ""
            print(f"{path}: {best} ({confidence:.1%}){note}")
            return
        answers = [cell for name, share in ranked[:3] for cell in (name, round(share, 6))]
        looks = bool(unlike) or confidence < self._options.threshold
        height, width = pixels.shape[:2]
        row = (path, *answers, *[""] * (6 - len(answers)), unlike, looks, "", width, height, *_metadata(path))
        self._table.writerow(map(_safe, row))

    def end(self) -> None:
        """Close the table; without one, end the program with status 2 if a file could not be read."""
        if self._file:
            self._file.close()
        elif self._failed:
            sys.exit(2)


def _open_table(parser: argparse.ArgumentParser, path: Path) -> IO[str]:
    if path.suffix.lower() != ".csv":
        parser.error(f"{path} is no .csv, the only table that is written")
    try:
        return path.open("w", encoding="utf-8", errors="replace", newline="")
    except OSError as error:
        parser.error(f"{path} cannot be written: {error.strerror}")


def _safe(cell: object) -> object:
    """Keep a spreadsheet from computing a text that begins like a formula."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if not isinstance(cell, str | Path):
        return cell
    text = str(cell).replace("\0", "")
    return f"'{text}" if re.match(r"'*[=+\-@\t\r]", text) else text


def _metadata(path: Path) -> tuple[object, ...]:
    """Read time, camera, latitude and longitude, as far as the camera wrote them."""
    with suppress(Exception), Image.open(path) as image:
        exif = image.getexif()
        details, place = exif.get_ifd(IFD.Exif), exif.get_ifd(IFD.GPSInfo)
        make, model = (" ".join(str(exif.get(tag, "")).replace("\0", "").split()) for tag in (Base.Make, Base.Model))
        camera = model if model.lower().startswith(make.lower()) else f"{make} {model}".strip()
        latitude = _degrees(place, GPS.GPSLatitude, GPS.GPSLatitudeRef, "S", 90)
        longitude = _degrees(place, GPS.GPSLongitude, GPS.GPSLongitudeRef, "W", 180)
        known = "" not in (latitude, longitude)
        time = _time(details.get(Base.DateTimeOriginal)) or _time(exif.get(Base.DateTime))
        return time, camera, latitude if known else "", longitude if known else ""
    return "", "", "", ""


def _time(value: object) -> str:
    with suppress(ValueError):
        return datetime.strptime(str(value).strip("\0 "), "%Y:%m:%d %H:%M:%S").isoformat()
    return ""


def _degrees(place: dict[int, Any], tag: int, reference: int, negative: str, most: int) -> float | str:
    try:
        degrees, minutes, seconds = map(float, place[tag])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return ""
    value = degrees + minutes / 60 + seconds / 3600
    if not 0 <= value <= most:
        return ""
    return round(-value if str(place.get(reference)).strip("\0 ").upper() == negative else value, 6)
