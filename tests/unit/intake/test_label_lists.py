"""The lists in text files that public sets have: each form gives these classes, splits and sentences."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from intake_files import zipped
from test_intake_plan import plan_of, sentences, table

from core.intake import rejection_messages
from core.intake.formats import is_image_name

SYNSETS = table("n01440764 tench, Tinca tinca", "n02012849 crane", "n03126707 crane")
PETS = ("Abyssinian_1 1 1 1", "Abyssinian_2 1 1 1", "beagle_1 5 2 4", "beagle_2 5 2 4")

# Each form: images, text files and tables; class and split of each image as "class/split", "-" for no class.
Form = tuple[str, Mapping[str, bytes], Sequence[str], set[tuple[str, str]]]
FORMS: dict[str, Form] = {
    "CUB-200": (
        "CUB/images/001.Auk/A_1.jpg CUB/images/001.Auk/A_2.jpg CUB/images/002.Owl/B_1.jpg",
        {
            "CUB/images.txt": table("1 001.Auk/A_1.jpg", "2 001.Auk/A_2.jpg", "3 002.Owl/B_1.jpg"),
            "CUB/image_class_labels.txt": table("1 1", "2 1", "3 2"),
            "CUB/classes.txt": table("1 001.Auk", "2 002.Owl"),
            "CUB/train_test_split.txt": table("1 0", "2 1", "3 1"),
            "CUB/bounding_boxes.txt": table("1 60.0 27.0 325.0 304.0", "2 1.0 2.0 3.0 4.0", "3 1.0 2.0 3.0 4.0"),
        },
        ["001.Auk/test", "001.Auk/train", "002.Owl/train"],
        set(),
    ),
    "CUB-200 without folders, where ids are the names of other images": (
        "1.jpg 2.jpg 3.jpg",
        {
            "images.txt": table("1 2.jpg", "2 3.jpg", "3 1.jpg"),
            "image_class_labels.txt": table("1 17", "2 17", "3 4"),
            "classes.txt": table("0 Birds", "17 Oak Titmouse", "4 Crow"),
        },
        ["Crow", "Oak Titmouse", "Oak Titmouse"],
        set(),
    ),
    "ImageNet's val.txt, two classes of one name": (
        "val/v1.JPEG val/v2.JPEG val/v3.JPEG",
        {"val.txt": table("v1.JPEG 1", "v2.JPEG 0", "v9.JPEG 1"), "synset_words.txt": SYNSETS},
        ["n02012849 crane/validation", "tench, Tinca tinca/validation", "-/validation"],
        {
            ("val.txt", rejection_messages.NOT_NAMED.format(images=1)),
            ("val.txt", rejection_messages.LIST_NAMES_MORE.format(rows=1)),
        },
    ),
    "ImageNet for Caffe: numbers that folders name, zeros for the test": (
        "train/n1/a.JPEG train/n2/b.JPEG val/c.JPEG val/d.JPEG test/e.JPEG test/f.JPEG",
        {
            "train.txt": table("n1/a.JPEG 0", "n2/b.JPEG 1"),
            "val.txt": table("c.JPEG 1", "d.JPEG 0"),
            "test.txt": table("e.JPEG 0", "f.JPEG 0"),
        },
        ["n1/train", "n2/train", "n2/validation", "n1/validation", "-/test", "-/test"],
        {
            ("test.txt", rejection_messages.PLACEHOLDER_TABLE.format(label="0")),
            ("train.txt", rejection_messages.NOT_NAMED.format(images=2)),
        },
    ),
    "ImageNet's devkit, whose numbers have an order of their own": (
        "val/v1.JPEG val/v2.JPEG",
        {"ILSVRC2012_validation_ground_truth.txt": table("490", "361")},
        ["-/validation", "-/validation"],
        {("ILSVRC2012_validation_ground_truth.txt", rejection_messages.LIST_WITHOUT_FILES.format(line="490"))},
    ),
    "ImageNet's LOC_val_solution.csv": (
        "L/train/n01440764/a.JPEG L/train/n02012849/b.JPEG L/val/c.JPEG L/val/d.JPEG L/val/e.JPEG",
        {
            "LOC_val_solution.csv": table(
                "ImageId,PredictionString",
                "c,n01440764 1 2 3 4 n01440764 5 6 7 8 ",
                "d,n02012849 1 2 3 4",
                "e,n02012849 1 2 3 4 n01440764 5 6 7 8",
            ),
            "LOC_synset_mapping.txt": SYNSETS,
        },
        ["n01440764/train", "n02012849/train", "n01440764/validation", "n02012849/validation", "-/validation"],
        {("L/val/e.JPEG", rejection_messages.SEVERAL_CLASSES.format(values="n01440764, n02012849"))},
    ),
    "Tiny ImageNet": (
        "t/train/n1/images/a.JPEG t/train/n2/images/b.JPEG t/val/images/v0.JPEG t/val/images/v1.JPEG "
        "t/test/images/t0.JPEG",
        {
            "t/val/val_annotations.txt": table("v0.JPEG\tn2\t0\t32\t44\t62", "v1.JPEG\tn1\t0\t2\t4\t6"),
            "t/wnids.txt": table("n1", "n2"),
            "t/train/n1/n1_boxes.txt": table("a.JPEG\t0\t10\t63\t58"),
        },
        ["n1/train", "n2/train", "n2/validation", "n1/validation", "-/test"],
        set(),
    ),
    "Food-101": (
        "food/images/apple_pie/1.jpg food/images/apple_pie/2.jpg food/images/crab_cakes/3.jpg",
        {
            "food/meta/train.txt": table("apple_pie/1", "crab_cakes/3"),
            "food/meta/test.txt": table("apple_pie/2"),
            "food/meta/classes.txt": table("apple_pie", "crab_cakes"),
            "food/meta/labels.txt": table("Apple pie", "Crab cakes"),
        },
        ["apple_pie/train", "apple_pie/test", "crab_cakes/train"],
        set(),
    ),
    "Oxford-IIIT Pet, with masks of the same names": (
        "images/Abyssinian_1.jpg images/Abyssinian_2.jpg images/beagle_1.jpg images/beagle_2.jpg "
        "annotations/trimaps/beagle_1.png",
        {
            "annotations/list.txt": table("#Image CLASS-ID SPECIES BREED ID", "#ID: 1:37 Class ids", *PETS),
            "annotations/trainval.txt": table(PETS[0], PETS[2]),
            "annotations/test.txt": table(PETS[1], PETS[3]),
            "annotations/xmls/beagle_1.xml": b"<annotation/>",
        },
        ["Abyssinian/train", "Abyssinian/test", "beagle/train", "beagle/test", "-"],
        {("annotations", rejection_messages.MASK_FOLDER.format(images=1))},
    ),
    "MIT Indoor": (
        "Images/kitchen/a.jpg Images/kitchen/b.jpg Images/bar/c.jpg",
        {"TrainImages.txt": table("kitchen/a.jpg", "bar/c.jpg"), "TestImages.txt": table("kitchen/b.jpg")},
        ["kitchen/train", "kitchen/test", "bar/train"],
        set(),
    ),
    "SUN: paths from a root of their own": (
        "abbey/sun_1.jpg abbey/sun_2.jpg airport/sun_3.jpg",
        {
            "Training_01.txt": table("/a/abbey/sun_1.jpg", "/a/airport/sun_3.jpg"),
            "Testing_01.txt": table("/a/abbey/sun_2.jpg"),
        },
        ["abbey/train", "abbey/test", "airport/train"],
        set(),
    ),
    "DTD: ten divisions, of which none is the one": (
        "images/dots/a.jpg images/dots/b.jpg images/grid/c.jpg",
        {
            "labels/train1.txt": table("dots/a.jpg"),
            "labels/test1.txt": table("dots/b.jpg", "grid/c.jpg"),
            "labels/train2.txt": table("dots/b.jpg"),
            "labels/test2.txt": table("dots/a.jpg", "grid/c.jpg"),
            "labels/labels_joint_anno.txt": table("dots/a.jpg dots grid", "dots/b.jpg dots", "grid/c.jpg grid"),
        },
        ["dots", "dots", "grid"],
        {
            (
                "labels/train1.txt",
                rejection_messages.OTHER_LISTS.format(
                    sentence=rejection_messages.LIST_DIVIDES.format(lists=4), lists=3
                ),
            )
        },
    ),
    "FGVC Aircraft: two levels of classes": (
        "1.jpg 2.jpg 3.jpg",
        {
            "images_variant_train.txt": table("1 707-320", "2 707-320", "3 737-800"),
            "images_family_train.txt": table("1 Boeing 707", "2 Boeing 707", "3 Boeing 707"),
            "images_train.txt": table("1", "2", "3"),
        },
        ["-/train", "-/train", "-/train"],
        {
            (name, rejection_messages.LIST_CONTRADICTS.format(other=other))
            for name, other in (
                ("images_variant_train.txt", "images_family_train.txt"),
                ("images_family_train.txt", "images_variant_train.txt"),
            )
        },
    ),
    "VOC: trainval holds train and val": (
        "JPEG/a.jpg JPEG/b.jpg JPEG/c.jpg",
        {"s/train.txt": table("a"), "s/val.txt": table("b"), "s/trainval.txt": table("a", "b"), "s/test.txt": b"c"},
        ["JPEG/train", "JPEG/validation", "JPEG/test"],
        set(),
    ),
    "GTSRB: signs for the classes": (
        "Train/0/a.png Train/0/b.png Train/1/c.png Test/d.png Test/e.png Test/f.png Meta/0.png Meta/1.png",
        {
            "Train.csv": table("ClassId,Path", "0,Train/0/a.png", "0,Train/0/b.png", "1,Train/1/c.png"),
            "Test.csv": table("ClassId,Path", "1,Test/d.png", "0,Test/e.png", "0,Test/f.png"),
            "Meta.csv": table("Path,ClassId,ShapeId", "Meta/0.png,0,1", "Meta/1.png,1,1"),
        },
        ["0/train", "0/train", "1/train", "1/test", "0/test", "0/test", "-", "-"],
        {
            ("Meta", rejection_messages.OTHER_FOLDER.format(images=2)),
            ("Meta.csv", rejection_messages.CLASS_ICONS),
            ("Train.csv", rejection_messages.NOT_NAMED.format(images=2)),
        },
    ),
    "spaces in paths": (
        "my photos/img 1.jpg my photos/img 2.jpg",
        {"labels.txt": table("my photos/img 1.jpg 0", "my photos/img 2.jpg 1"), "classes.txt": table("cat", "dog")},
        ["cat", "dog"],
        set(),
    ),
    "names that may count from 0 or from 1": (
        "1.jpg 2.jpg",
        {"train.txt": table("1.jpg 1", "2.jpg 2"), "classes.txt": table("cat", "dog", "eel")},
        ["1/train", "2/train"],
        {("train.txt", rejection_messages.LIST_NUMBERS)},
    ),
    "classes before the names": (
        "1.jpg 2.jpg 3.jpg",
        {"list.txt": table("cat 1.jpg", "cat 2.jpg", "dog 3.jpg")},
        ["cat", "cat", "dog"],
        set(),
    ),
    "a table that is called .txt": (
        "1.jpg 2.jpg",
        {"labels.txt": table("\ufeffimage;label", "1.jpg;a ", "2.jpg; b")},
        ["a", "b"],
        set(),
    ),
    "names and classes with spaces": (
        "Bild 1.jpg Bild 2.jpg Bild 3.jpg Bild 4.jpg",
        {"a.txt": table("Bild 1.jpg Schöner Bär", "Bild 2.jpg Schöner Bär", "Bild 3.jpg Kuh", "Bild 4.jpg Kuh")},
        ["Schöner Bär", "Schöner Bär", "Kuh", "Kuh"],
        set(),
    ),
    "words that are not the classes of the folders": (
        "oak/1.jpg oak/2.jpg ash/3.jpg ash/4.jpg",
        {"camera.txt": table("oak/1.jpg Nikon", "oak/2.jpg Canon", "ash/3.jpg Nikon", "ash/4.jpg Canon")},
        ["oak", "oak", "ash", "ash"],
        {("camera.txt", rejection_messages.LIST_BESIDE_FOLDERS.format(line="oak/1.jpg Nikon"))},
    ),
    "numbers that are not the classes of the folders": (
        "oak/1.jpg oak/2.jpg ash/3.jpg ash/4.jpg",
        {"size.txt": table("oak/1.jpg 50", "oak/2.jpg 150", "ash/3.jpg 50", "ash/4.jpg 150")},
        ["oak", "oak", "ash", "ash"],
        {("size.txt", rejection_messages.LIST_BESIDE_FOLDERS.format(line="oak/1.jpg 50"))},
    ),
    "pairs of images": (
        "1.jpg 2.jpg 3.jpg 4.jpg",
        {"pairs.txt": table("1.jpg 2.jpg", "3.jpg 4.jpg")},
        ["-", "-", "-", "-"],
        {("pairs.txt", rejection_messages.LIST_UNCLEAR.format(images=2, line="1.jpg 2.jpg"))},
    ),
    "names below a header": (
        "1.jpg 2.jpg 3.jpg",
        {"list.txt": table("1.jpg 0", "2.jpg 1", "3.jpg 2"), "class_names.txt": table("name", "oak", "ash", "elm")},
        ["0", "1", "2"],
        {("list.txt", rejection_messages.LIST_NUMBERS)},
    ),
    "names with a gap": (
        "1.jpg 2.jpg 3.jpg",
        {"list.txt": table("1.jpg 0", "2.jpg 1", "3.jpg 2"), "classes.txt": table("oak", "", "elm", "ash")},
        ["0", "1", "2"],
        {("list.txt", rejection_messages.LIST_NUMBERS)},
    ),
    "two lists of names, one called so": (
        "a.jpg b.jpg",
        {
            "list.txt": table("a.jpg 0", "b.jpg 1"),
            "classes.txt": table("0 oak", "1 ash"),
            "class_groups.txt": table("0 tree", "1 shrub"),
        },
        ["oak", "ash"],
        set(),
    ),
    "two lists of names in order": (
        "1.jpg 2.jpg",
        {
            "list.txt": table("1.jpg 0", "2.jpg 1"),
            "category_colours.txt": table("red", "green"),
            "species_list.txt": table("oak", "ash"),
        },
        ["0", "1"],
        {("list.txt", rejection_messages.LIST_NUMBERS)},
    ),
    "ids with several values": (
        "1.jpg 2.jpg 3.jpg",
        {
            "images.txt": table("1 1.jpg", "2 2.jpg", "3 3.jpg"),
            "image_class_labels.txt": table("1 oak", "2 ash", "3 ash", "1 elm"),
            "train_test_split.txt": table("1 1", "2 1", "3 0", "2 0"),
        },
        ["-/train", "ash", "ash/test"],
        {
            (name, rejection_messages.LIST_SEVERAL_VALUES.format(other=other, images=1))
            for name, other in (("images.txt", "image_class_labels.txt"), ("images.txt", "train_test_split.txt"))
        },
    ),
    "two lists of classes by id": (
        "1.jpg 2.jpg",
        {
            "images.txt": table("1 1.jpg", "2 2.jpg"),
            "coarse_labels.txt": table("1 tree", "2 tree"),
            "image_class_labels.txt": table("1 oak", "2 ash"),
        },
        ["-", "-"],
        {("images.txt", rejection_messages.LIST_CONTRADICTS.format(other="image_class_labels.txt"))},
    ),
    "numbers of thousands of digits": (
        "1.jpg 2.jpg",
        {"labels.txt": table("1.jpg " + "1" * 5000, "2.jpg " + "2" * 5000), "classes.txt": table("9" * 5000 + " a")},
        ["-", "-"],
        {("labels.txt", rejection_messages.LIST_UNCLEAR.format(images=2, line="1.jpg " + "1" * 54 + "…"))},
    ),
    "letters that a terminal would obey": (
        "1.jpg 2.jpg",
        {"labels.txt": table("1.jpg 1 \x1b[2J2", "2.jpg 3 4")},
        ["-", "-"],
        {("labels.txt", rejection_messages.LIST_UNCLEAR.format(images=2, line="1.jpg 1 [2J2"))},
    ),
    "several attributes": (
        "1.jpg 2.jpg",
        {"list_attr.txt": table("2", "Male Young Old", "1.jpg -1  1 1", "2.jpg 1 1 -1")},
        ["-", "-"],
        {("list_attr.txt", rejection_messages.LIST_UNCLEAR.format(images=2, line="2"))},
    ),
    "images that a list does not name": (
        "a/1.jpg b/2.jpg c/3.jpg",
        {"labels.txt": table("1.jpg x", "2.jpg y")},
        ["x", "y", "-"],
        {("labels.txt", rejection_messages.NOT_NAMED.format(images=1))},
    ),
    "text that is no list": (
        "a/1.jpg b/2.jpg",
        {
            "train.txt": b"This is the train set.\nIt has two images.\n",
            "a/notes.txt": b"1 ant",
            "b/1.txt": b"0 0.5 0.5 0.1 0.1",
            "labels.txt": b"\xff\xfe\x00",
        },
        ["a", "b"],
        set(),
    ),
}


@pytest.mark.parametrize(("images", "files", "found", "said"), FORMS.values(), ids=list(FORMS))
def test_a_form_of_list(
    images: str, files: Mapping[str, bytes], found: Sequence[str], said: set[tuple[str, str]], tmp_path: Path
):
    names = re.findall(r"\S.*?\.\w+(?=\s|$)", images)
    plan, annotations = plan_of(zipped(tmp_path / "set.zip", dict.fromkeys(names, b"") | dict(files)))
    told = {name: f"{label or '-'}{f'/{split}' if split else ''}" for name, (label, split) in annotations.items()}
    assert {name: told[name] for name in told if is_image_name(name)} == dict(zip(names, found, strict=True))
    assert sentences(plan) == said


def test_a_list_is_no_rejected_file_but_other_texts_are_read_as_before(tmp_path: Path):
    files = {"1.jpg": b"", "2.jpg": b"", "train.txt": table("1.jpg a", "2.jpg b"), "notes.txt": b"hello"}
    _, annotations = plan_of(zipped(tmp_path / "set.zip", files))
    assert set(annotations) == {"1.jpg", "2.jpg", "notes.txt"}
