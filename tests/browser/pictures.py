"""Files for uploads: small drawn pictures, and things that are none."""

import io
import zipfile
from pathlib import Path

from PIL import Image, ImageDraw

COLOURS = {"robins": "#d55e00", "wrens": "#0072b2"}


def jpeg(label: str, number: int) -> bytes:
    """A circle with a number, in the colour of its class."""
    picture = Image.new("RGB", (80, 60), "#f4f1ea")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((10 + number % 9, 5, 60 + number % 9, 55), fill=COLOURS.get(label, "#009e73"))
    draw.text((30, 24), str(number), fill="white")
    out = io.BytesIO()
    picture.save(out, "JPEG")
    return out.getvalue()


def write_zip(folder: Path, images: int = 10) -> Path:
    """A zip with so many pictures in each of two classes, and two files that are rejected."""
    path = folder / "birds.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for label in COLOURS:
            for number in range(images):
                archive.writestr(f"birds/{label}/{label}-{number:02}.jpg", jpeg(label, number))
        archive.writestr("birds/robins/notes.jpg", "This is a text.")
        archive.writestr("birds/wrens/half.jpg", jpeg("wrens", 99)[:400])
    return path


def write_folder(folder: Path) -> Path:
    """A folder with one picture in each of two classes."""
    for label in COLOURS:
        (folder / "more" / label).mkdir(parents=True)
        (folder / "more" / label / f"{label}-folder.jpg").write_bytes(jpeg(label, 50))
    return folder / "more"
