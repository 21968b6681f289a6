"""Projects with images for tests of pages, written into the catalog without an intake."""

import hashlib
import io

from PIL import Image, ImageDraw

from core.catalog.database import Database
from core.catalog.items import NewItem, add_items
from core.catalog.projects import create_project
from core.settings import Settings
from core.storage.blobs import OriginalStore

COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7")
SPLITS = ("train",) * 7 + ("validation",) * 2 + ("test",)


def fill_project(
    settings: Settings,
    database: Database,
    name: str = "Birds",
    classes: tuple[str, ...] = ("robins", "wrens"),
    images: int = 40,
    *,
    files: bool = True,
) -> str:
    """A project whose images are circles with a number; without `files`, only its rows."""
    project = create_project(database, name)
    store = OriginalStore(settings.originals, settings.thumbnails)
    add_items(database, project, [_item(store, classes, number, files) for number in range(images)])
    return project


def _item(store: OriginalStore, classes: tuple[str, ...], number: int, files: bool) -> NewItem:
    row = number % len(classes)
    jpeg = _jpeg(COLOURS[row % len(COLOURS)], number) if files else str((classes, number)).encode()
    digest = hashlib.sha256(jpeg).hexdigest()
    if files:
        store.path(digest).parent.mkdir(parents=True, exist_ok=True)
        store.path(digest).write_bytes(jpeg)
        store.put_thumbnail(digest, jpeg)
    return NewItem(
        digest=digest,
        name=f"{classes[row]}-{number:04}.jpg",
        label=classes[row],
        split=SPLITS[number // len(classes) % len(SPLITS)],
        group=None,
        width=96,
        height=96,
        format="JPEG",
        size_bytes=len(jpeg),
        brightness=0.5,
        contrast=0.2,
        sharpness=0.1,
        dhash=f"{number:016x}",
    )


def _jpeg(colour: str, number: int) -> bytes:
    picture = Image.new("RGB", (96, 96), "#f4f1ea")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((12, 12, 84, 84), fill=colour)
    draw.text((36, 42), str(number), fill="white")
    out = io.BytesIO()
    picture.save(out, "JPEG")
    return out.getvalue()
