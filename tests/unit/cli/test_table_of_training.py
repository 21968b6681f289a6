"""From images as they were taken in to what a training reads."""

from core.cli.train import manifest_from
from core.intake.results import ImageFacts, Taken


def taken(number: int, label: str | None, **changes) -> Taken:
    facts = ImageFacts(0.5, 0.2, 1.0, "0" * 16)
    values = {"split": None, "group": None, "width": 4, "height": 3, "format": "PNG", "size_bytes": 1} | changes
    return Taken(name=f"{number}.png", label=label, digest=f"{number:064x}", facts=facts, **values)


def test_images_without_a_class_and_those_set_aside_take_no_part():
    images = [taken(number, "ab"[number % 2]) for number in range(40)]
    images += [taken(98, None), taken(99, "a", excluded=True)]
    manifest = manifest_from(images, (70, 15, 15), seed=0)
    assert set(manifest.names) == {f"{number}.png" for number in range(40)}
