"""The layouts that people bring: each gives these classes, these splits and these sentences."""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest
from intake_files import ONE, zipped

from core.intake import rejection_messages
from core.intake.archives import Zip
from core.intake.plan import IngestionPlan, make_plan
from core.intake.table_rows import ColumnChoice, TableQuestion

EMPTY = b""


def plan_of(*paths: Path, **options: object) -> tuple[IngestionPlan, dict[str, tuple[str | None, str | None]]]:
    """Plan sources; gives the plan, and class and split of each file by its name."""
    with ExitStack() as stack:
        sources = [stack.enter_context(Zip(path, path.name, ONE)) for path in paths]
        plan = make_plan(sources, **options)
    found = {
        one.source.entries[index].name: (annotation.label, annotation.split)
        for one in plan.sources
        for index, annotation in one.annotations.items()
    }
    return plan, found


def sentences(plan: IngestionPlan) -> set[tuple[str, str]]:
    return {(one.name, one.sentence) for one in plan.notes} | {(one.name, one.reason) for one in plan.rejected}


def table(*rows: str) -> bytes:
    return "\n".join(rows).encode()


# Each layout: files, with the bytes of tables; class and split of each image as "class/split"; sentences.
# "-" is no class, a missing split is none.
Layout = tuple[Mapping[str, bytes] | str, Mapping[str, str], set[tuple[str, str]]]
LAYOUTS: dict[str, Layout] = {
    # Folders
    "a folder a class": ("ants/1.jpg bees/2.jpg", {"ants/1.jpg": "ants", "bees/2.jpg": "bees"}, set()),
    "a wrapper": ("set/ants/1.jpg set/bees/2.jpg", {"set/ants/1.jpg": "ants", "set/bees/2.jpg": "bees"}, set()),
    "two wrappers": ("a/b/ants/1.jpg a/b/bees/2.jpg", {"a/b/ants/1.jpg": "ants", "a/b/bees/2.jpg": "bees"}, set()),
    "a licence beside the wrapper": (
        "set/ants/1.jpg set/bees/2.jpg LICENSE.txt",
        {"set/ants/1.jpg": "ants", "set/bees/2.jpg": "bees", "LICENSE.txt": "-"},
        set(),
    ),
    "a licence without suffix beside the wrapper": (
        "set/ants/1.jpg set/bees/2.jpg LICENSE",
        {"set/ants/1.jpg": "ants", "set/bees/2.jpg": "bees", "LICENSE": "-"},
        set(),
    ),
    "a cover image beside the wrapper": (
        "set/ants/1.jpg set/bees/2.jpg set/bees/3.jpg cover.png",
        {"set/ants/1.jpg": "ants", "set/bees/2.jpg": "bees", "set/bees/3.jpg": "bees", "cover.png": "-"},
        set(),
    ),
    "a folder of documents beside the classes": (
        "ants/1.jpg bees/2.jpg docs/readme.md",
        {"ants/1.jpg": "ants", "bees/2.jpg": "bees", "docs/readme.md": "docs"},
        set(),
    ),
    "folders within a class": (
        "ants/red/1.jpg ants/2.jpg bees/3.jpg",
        {"ants/red/1.jpg": "ants", "ants/2.jpg": "ants", "bees/3.jpg": "bees"},
        set(),
    ),
    "no folders": ("1.jpg 2.jpg", {"1.jpg": "-", "2.jpg": "-"}, set()),
    "images beside the classes": (
        "ants/1.jpg bees/2.jpg 3.jpg",
        {"ants/1.jpg": "ants", "bees/2.jpg": "bees", "3.jpg": "-"},
        set(),
    ),
    "names without any suffix": ("ants/1 bees/2", {"ants/1": "ants", "bees/2": "bees"}, set()),
    "class names with spaces at their ends": (
        "ants /1.jpg bees/2.jpg",
        {"ants /1.jpg": "ants", "bees/2.jpg": "bees"},
        set(),
    ),
    "hidden files and system files": (
        "ants/1.jpg bees/2.jpg __MACOSX/ants/._1.jpg .git/x.jpg Thumbs.db",
        {"ants/1.jpg": "ants", "bees/2.jpg": "bees"},
        set(),
    ),
    # Splits
    "train and test": (
        "train/ants/1.jpg train/bees/2.jpg test/ants/3.jpg",
        {"train/ants/1.jpg": "ants/train", "train/bees/2.jpg": "bees/train", "test/ants/3.jpg": "ants/test"},
        set(),
    ),
    "splits below a wrapper": (
        "set/Train/ants/1.jpg set/VALID/bees/2.jpg",
        {"set/Train/ants/1.jpg": "ants/train", "set/VALID/bees/2.jpg": "bees/validation"},
        set(),
    ),
    "training_set and test_set": (
        "training_set/cats/1.jpg test_set/cats/2.jpg training_set/dogs/3.jpg",
        {
            "training_set/cats/1.jpg": "cats/train",
            "test_set/cats/2.jpg": "cats/test",
            "training_set/dogs/3.jpg": "dogs/train",
        },
        set(),
    ),
    "trainset, devset and evalset": (
        "trainset/a/1.jpg devset/a/2.jpg testset/b/3.jpg",
        {"trainset/a/1.jpg": "a/train", "devset/a/2.jpg": "a/validation", "testset/b/3.jpg": "b/test"},
        set(),
    ),
    "a split word with a space": (
        "Train /a/1.jpg Validate/b/2.jpg",
        {"Train /a/1.jpg": "a/train", "Validate/b/2.jpg": "b/validation"},
        set(),
    ),
    "eval": ("train/a/1.jpg eval/b/2.jpg", {"train/a/1.jpg": "a/train", "eval/b/2.jpg": "b/validation"}, set()),
    "years behind the words": (
        "train2017/a/1.jpg val2017/b/2.jpg",
        {"train2017/a/1.jpg": "a/train", "val2017/b/2.jpg": "b/validation"},
        set(),
    ),
    "the same word before each split, twice, and one more folder": (
        "seg_train/seg_train/sea/1.jpg seg_train/seg_train/ice/2.jpg seg_test/seg_test/sea/3.jpg "
        "seg_pred/seg_pred/4.jpg",
        {
            "seg_train/seg_train/sea/1.jpg": "sea/train",
            "seg_train/seg_train/ice/2.jpg": "ice/train",
            "seg_test/seg_test/sea/3.jpg": "sea/test",
            "seg_pred/seg_pred/4.jpg": "-",
        },
        {("seg_pred", rejection_messages.OTHER_FOLDER.format(images=1))},
    ),
    "the set's name before each split": (
        "flowers-train/a/1.jpg flowers-test/b/2.jpg",
        {"flowers-train/a/1.jpg": "a/train", "flowers-test/b/2.jpg": "b/test"},
        set(),
    ),
    "annotations without images beside the splits": (
        "train/a/1.jpg test/b/2.jpg annotations/1.xml",
        {"train/a/1.jpg": "a/train", "test/b/2.jpg": "b/test", "annotations/1.xml": "-"},
        set(),
    ),
    "unlabelled images beside train": (
        "train/a/1.jpg train/b/2.jpg unlabeled/3.jpg unlabeled/4.jpg",
        {"train/a/1.jpg": "a/train", "train/b/2.jpg": "b/train", "unlabeled/3.jpg": "-", "unlabeled/4.jpg": "-"},
        {("unlabeled", rejection_messages.OTHER_FOLDER.format(images=2))},
    ),
    "train alone": (
        "train/a/1.jpg train/b/2.jpg",
        {"train/a/1.jpg": "a/train", "train/b/2.jpg": "b/train"},
        set(),
    ),
    "test alone": ("test/a/1.jpg test/b/2.jpg", {"test/a/1.jpg": "a/test", "test/b/2.jpg": "b/test"}, set()),
    "test alone below a wrapper": (
        "set/test/a/1.jpg set/test/b/2.jpg",
        {"set/test/a/1.jpg": "a/test", "set/test/b/2.jpg": "b/test"},
        set(),
    ),
    "test alone without classes": ("test/1.jpg test/2.jpg", {"test/1.jpg": "-/test", "test/2.jpg": "-/test"}, set()),
    "test without classes": (
        "train/a/1.jpg train/b/2.jpg test/3.jpg",
        {"train/a/1.jpg": "a/train", "train/b/2.jpg": "b/train", "test/3.jpg": "-/test"},
        set(),
    ),
    "images in a folder of the split": (
        "train/images/1.jpg test/images/2.jpg",
        {"train/images/1.jpg": "-/train", "test/images/2.jpg": "-/test"},
        set(),
    ),
    "classes below a folder of the split": (
        "train/images/a/1.jpg train/images/b/2.jpg test/images/a/3.jpg",
        {
            "train/images/a/1.jpg": "a/train",
            "train/images/b/2.jpg": "b/train",
            "test/images/a/3.jpg": "a/test",
        },
        set(),
    ),
    "images above the splits, labels beside": (
        "images/train/1.jpg images/val/2.jpg labels/train/1.txt",
        {"images/train/1.jpg": "-/train", "images/val/2.jpg": "-/validation", "labels/train/1.txt": "-/train"},
        set(),
    ),
    "splits below the classes": (
        "ants/train/1.jpg ants/test/2.jpg bees/train/3.jpg",
        {"ants/train/1.jpg": "ants/train", "ants/test/2.jpg": "ants/test", "bees/train/3.jpg": "bees/train"},
        set(),
    ),
    "a train that is a class": ("train/1.jpg bus/2.jpg", {"train/1.jpg": "train", "bus/2.jpg": "bus"}, set()),
    "trains that are classes": (
        "steam train/1.jpg bullet train/2.jpg",
        {"steam train/1.jpg": "steam train", "bullet train/2.jpg": "bullet train"},
        set(),
    ),
    "valid and invalid are classes": (
        "valid/1.jpg invalid/2.jpg",
        {"valid/1.jpg": "valid", "invalid/2.jpg": "invalid"},
        set(),
    ),
    "splits in Chinese": (
        "训练集/猫/1.jpg 测试集/猫/2.jpg",
        {"训练集/猫/1.jpg": "猫/train", "测试集/猫/2.jpg": "猫/test"},
        set(),
    ),
    "splits in Spanish": (
        "entrenamiento/a/1.jpg Validación/b/2.jpg",
        {"entrenamiento/a/1.jpg": "a/train", "Validación/b/2.jpg": "b/validation"},
        set(),
    ),
    "splits in Japanese": (
        "学習データ/犬/1.jpg テスト/犬/2.jpg",
        {"学習データ/犬/1.jpg": "犬/train", "テスト/犬/2.jpg": "犬/test"},
        set(),
    ),
    "backslashes": ("set\\ants\\1.jpg set\\bees\\2.jpg", {"set/ants/1.jpg": "ants", "set/bees/2.jpg": "bees"}, set()),
    # Tables
    "a table": (
        {"images/1.jpg": EMPTY, "images/2.jpg": EMPTY, "labels.csv": table("file,label", "1.jpg,a", "2.jpg,b")},
        {"images/1.jpg": "a", "images/2.jpg": "b"},
        set(),
    ),
    "a table keeps the folder's split": (
        {"train/1.jpg": EMPTY, "test/2.jpg": EMPTY, "labels.csv": table("file,label", "1.jpg,a", "2.jpg,b")},
        {"train/1.jpg": "a/train", "test/2.jpg": "b/test"},
        set(),
    ),
    "a table in each split folder": (
        {
            "train/1.jpg": EMPTY,
            "test/1.jpg": EMPTY,
            "train/labels.csv": table("file,label", "1.jpg,a"),
            "test/labels.csv": table("file,label", "1.jpg,b"),
        },
        {"train/1.jpg": "a/train", "test/1.jpg": "b/test"},
        set(),
    ),
    "a table's split is stronger than the folder's": (
        {"train/1.jpg": EMPTY, "test/2.jpg": EMPTY, "t.csv": table("file,label,split", "1.jpg,a,val", "2.jpg,b,")},
        {"train/1.jpg": "a/validation", "test/2.jpg": "b/test"},
        set(),
    ),
    "a table of splits alone": (
        {"a/1.jpg": EMPTY, "b/2.jpg": EMPTY, "t.csv": table("file,split", "1.jpg,test", "2.jpg,training")},
        {"a/1.jpg": "a/test", "b/2.jpg": "b/train"},
        set(),
    ),
    "a table of groups alone": (
        {"a/1.jpg": EMPTY, "b/2.jpg": EMPTY, "t.csv": table("file,patient", "1.jpg,p1", "2.jpg,p2")},
        {"a/1.jpg": "a", "b/2.jpg": "b"},
        set(),
    ),
    "images that a table does not name": (
        {"a/1.jpg": EMPTY, "b/2.jpg": EMPTY, "c/3.jpg": EMPTY, "t.csv": table("file,label", "1.jpg,x", "2.jpg,x")},
        {"a/1.jpg": "x", "b/2.jpg": "x", "c/3.jpg": "-"},
        {("t.csv", rejection_messages.NOT_NAMED.format(images=1))},
    ),
    "a table in a folder labels that folder": (
        {
            "train/1.jpg": EMPTY,
            "train/2.jpg": EMPTY,
            "train/t.csv": table("file,label", "1.jpg,x", "2.jpg,y"),
            "test/x/3.jpg": EMPTY,
        },
        {"train/1.jpg": "x/train", "train/2.jpg": "y/train", "test/x/3.jpg": "x/test"},
        set(),
    ),
    "a table in a folder of its own": (
        {"images/1.jpg": EMPTY, "images/2.jpg": EMPTY, "meta/deep/t.csv": table("file,label", "1.jpg,x", "2.jpg,y")},
        {"images/1.jpg": "x", "images/2.jpg": "y"},
        set(),
    ),
    "a sample submission": (
        {
            "train/a/1.jpg": EMPTY,
            "train/b/2.jpg": EMPTY,
            "test/3.jpg": EMPTY,
            "test/4.jpg": EMPTY,
            "sample_submission.csv": table("file,species", "3.jpg,Sugar beet", "4.jpg,Sugar beet"),
        },
        {"train/a/1.jpg": "a/train", "train/b/2.jpg": "b/train", "test/3.jpg": "-/test", "test/4.jpg": "-/test"},
        {("sample_submission.csv", rejection_messages.PLACEHOLDER_TABLE.format(label="Sugar beet"))},
    ),
    "a submission of another name": (
        {
            "train/a/1.jpg": EMPTY,
            "train/b/2.jpg": EMPTY,
            "test/3.jpg": EMPTY,
            "test/4.jpg": EMPTY,
            "example.csv": table("id,label", "3,0.5", "4,0.5"),
        },
        {"train/a/1.jpg": "a/train", "train/b/2.jpg": "b/train", "test/3.jpg": "-/test", "test/4.jpg": "-/test"},
        {("example.csv", rejection_messages.PLACEHOLDER_TABLE.format(label="0.5"))},
    ),
    "a submission of probabilities": (
        {
            "train/a/1.jpg": EMPTY,
            "train/b/2.jpg": EMPTY,
            "test/3.jpg": EMPTY,
            "test/4.jpg": EMPTY,
            "sample_submission.csv": table("id,a,b", "3,0.2,0.2", "4,0.2,0.2"),
        },
        {"train/a/1.jpg": "a/train", "train/b/2.jpg": "b/train", "test/3.jpg": "-/test", "test/4.jpg": "-/test"},
        {("sample_submission.csv", rejection_messages.TABLE_WITHOUT_COLUMNS.format(columns="id, a, b"))},
    ),
    "question marks in every row": (
        {"a/1.jpg": EMPTY, "b/2.jpg": EMPTY, "t.csv": table("file,label", "1.jpg,?", "2.jpg,?")},
        {"a/1.jpg": "a", "b/2.jpg": "b"},
        {("t.csv", rejection_messages.PLACEHOLDER_TABLE.format(label="?"))},
    ),
    "placeholders in some rows": (
        {
            "1.jpg": EMPTY,
            "2.jpg": EMPTY,
            "3.jpg": EMPTY,
            "t.csv": table("file,label", "1.jpg,a", "2.jpg,a", "3.jpg,unknown"),
        },
        {"1.jpg": "a", "2.jpg": "a", "3.jpg": "-"},
        {("t.csv", rejection_messages.PLACEHOLDER_ROWS.format(rows=1, words="unknown"))},
    ),
    "a folder makes a placeholder a class": (
        {"unknown/1.jpg": EMPTY, "a/2.jpg": EMPTY, "t.csv": table("file,label", "1.jpg,unknown", "2.jpg,a")},
        {"unknown/1.jpg": "unknown", "a/2.jpg": "a"},
        set(),
    ),
    "a list of classes": (
        {
            "a/0.jpg": EMPTY,
            "b/1.jpg": EMPTY,
            "b/2.jpg": EMPTY,
            "classes.csv": table("id,class", "0,a", "1,b"),
        },
        {"a/0.jpg": "a", "b/1.jpg": "b", "b/2.jpg": "b"},
        {("classes.csv", rejection_messages.CLASS_LIST)},
    ),
    "a table of each class": (
        {
            "a/1.jpg": EMPTY,
            "a/2.jpg": EMPTY,
            "b/3.jpg": EMPTY,
            "b/4.jpg": EMPTY,
            "a/t.csv": table("file,label", "1.jpg,a", "2.jpg,a"),
            "b/t.csv": table("file,label", "3.jpg,b", "4.jpg,b"),
        },
        {"a/1.jpg": "a", "a/2.jpg": "a", "b/3.jpg": "b", "b/4.jpg": "b"},
        set(),
    ),
    "ids before the file names": (
        {
            "images/f0.jpg": EMPTY,
            "images/f1.jpg": EMPTY,
            "t.csv": table("id,filename,label", "0,f0.jpg,a", "1,f1.jpg,b"),
        },
        {"images/f0.jpg": "a", "images/f1.jpg": "b"},
        set(),
    ),
    "ids that are the stems of other images": (
        {"0.jpg": EMPTY, "1.jpg": EMPTY, "t.csv": table("id,filename,label", "0,1.jpg,a", "1,0.jpg,b")},
        {"0.jpg": "b", "1.jpg": "a"},
        set(),
    ),
    "names that are the stems of other images": (
        {"0.jpg": EMPTY, "1.jpg": EMPTY, "t.csv": table("name,image,label", "0,1.jpg,a", "1,0.jpg,b")},
        {"0.jpg": "b", "1.jpg": "a"},
        set(),
    ),
    "a file column with a name of its own": (
        {"0.jpg": EMPTY, "1.jpg": EMPTY, "t.csv": table("nr,scan,label", "7,0.jpg,a", "8,1.jpg,b")},
        {"0.jpg": "a", "1.jpg": "b"},
        set(),
    ),
    "a column called file that names none": (
        {"0.jpg": EMPTY, "1.jpg": EMPTY, "t.csv": table("file,scan,label", "x,0.jpg,a", "y,1.jpg,b")},
        {"0.jpg": "a", "1.jpg": "b"},
        set(),
    ),
    "rows that contradict": (
        {"1.jpg": EMPTY, "2.jpg": EMPTY, "t.csv": table("file,label", "1.jpg,cat", "1.jpg,dog", "2.jpg,cat")},
        {"1.jpg": "-", "2.jpg": "cat"},
        {("1.jpg", rejection_messages.SEVERAL_CLASSES.format(values="cat, dog"))},
    ),
    "a row for each object of one class": (
        {"1.jpg": EMPTY, "2.jpg": EMPTY, "t.csv": table("file,class,x", "1.jpg,cat,3", "1.jpg,cat,9", "2.jpg,dog,1")},
        {"1.jpg": "cat", "2.jpg": "dog"},
        set(),
    ),
    "two tables that disagree": (
        {
            "1.jpg": EMPTY,
            "2.jpg": EMPTY,
            "a.csv": table("file,label", "1.jpg,cat", "2.jpg,dog"),
            "b.csv": table("file,label", "1.jpg,dog", "2.jpg,dog"),
        },
        {"1.jpg": "-", "2.jpg": "dog"},
        {("1.jpg", rejection_messages.SEVERAL_CLASSES.format(values="cat, dog"))},
    ),
    "a table for train and one for test": (
        {
            "train/1.jpg": EMPTY,
            "test/2.jpg": EMPTY,
            "train.csv": table("file,label", "1.jpg,a"),
            "test.csv": table("file,label", "2.jpg,a"),
        },
        {"train/1.jpg": "a/train", "test/2.jpg": "a/test"},
        set(),
    ),
    "splits that contradict": (
        {
            "train/1.jpg": EMPTY,
            "test/2.jpg": EMPTY,
            "t.csv": table("file,split", "1.jpg,train", "1.jpg,test", "2.jpg,test"),
        },
        {"train/1.jpg": "-", "test/2.jpg": "-/test"},
        {("train/1.jpg", rejection_messages.SEVERAL_SPLITS.format(values="test, train"))},
    ),
    "groups that contradict": (
        {"a/1.jpg": EMPTY, "b/2.jpg": EMPTY, "t.csv": table("file,group", "1.jpg,p1", "1.jpg,p2", "2.jpg,p2")},
        {"a/1.jpg": "a", "b/2.jpg": "b"},
        {("a/1.jpg", rejection_messages.SEVERAL_GROUPS.format(values="p1, p2"))},
    ),
    "words that are no splits": (
        {"a/1.jpg": EMPTY, "b/2.jpg": EMPTY, "t.csv": table("file,split", "1.jpg,Private", "2.jpg,test")},
        {"a/1.jpg": "a", "b/2.jpg": "b/test"},
        {("t.csv", rejection_messages.UNKNOWN_SPLITS.format(words="Private"))},
    ),
    "names in two cases": (
        {"A_1.jpg": EMPTY, "a_1.JPG": EMPTY, "t.csv": table("file,label", "A_1.jpg,x", "a_1.JPG,y")},
        {"A_1.jpg": "x", "a_1.JPG": "y"},
        set(),
    ),
    "names in another case": (
        {"A_1.JPG": EMPTY, "B_2.JPG": EMPTY, "t.csv": table("file,label", "a_1.jpg,x", "b_2.jpg,x")},
        {"A_1.JPG": "x", "B_2.JPG": "x"},
        set(),
    ),
    "absolute paths of another machine": (
        {
            "img/a/1.jpg": EMPTY,
            "img/b/1.jpg": EMPTY,
            "t.csv": table("path,label", "C:\\data\\a\\1.jpg,x", "/home/me/b/1.jpg,y"),
        },
        {"img/a/1.jpg": "x", "img/b/1.jpg": "y"},
        set(),
    ),
    "paths that go up": (
        {"img/1.jpg": EMPTY, "img/2.jpg": EMPTY, "meta/t.csv": table("file,label", "../img/1.jpg,x", "../img/2.jpg,y")},
        {"img/1.jpg": "x", "img/2.jpg": "y"},
        set(),
    ),
    "several files of a name": (
        {"a/1.jpg": EMPTY, "b/1.jpg": EMPTY, "c/2.jpg": EMPTY, "t.csv": table("file,label", "1.jpg,x", "2.jpg,x")},
        {"a/1.jpg": "-", "b/1.jpg": "-", "c/2.jpg": "x"},
        {("1.jpg", rejection_messages.SEVERAL_FILES), ("t.csv", rejection_messages.NOT_NAMED.format(images=2))},
    ),
    "a row of a file that is not there, beside one in another folder": (
        {
            "ants/1.jpg": EMPTY,
            "ants/2.jpg": EMPTY,
            "t.csv": table("file,label", "ants/1.jpg,x", "bees/1.jpg,y", "2.jpg,x"),
        },
        {"ants/1.jpg": "x", "ants/2.jpg": "x"},
        {("bees/1.jpg", rejection_messages.NAMED_BUT_NOT_THERE)},
    ),
    "a table that names no file here": (
        {"a/1.jpg": EMPTY, "b/2.jpg": EMPTY, "t.csv": table("file,label", "8.jpg,x", "9.jpg,y")},
        {"a/1.jpg": "a", "b/2.jpg": "b"},
        {("t.csv", rejection_messages.TABLE_NAMES_NO_FILE.format(rows=2, column="file"))},
    ),
    "a table about other things": (
        {"a/1.jpg": EMPTY, "b/2.jpg": EMPTY, "costs.csv": table("month,costs", "May,70", "June,80")},
        {"a/1.jpg": "a", "b/2.jpg": "b"},
        {("costs.csv", rejection_messages.TABLE_WITHOUT_FILE.format(columns="month, costs"))},
    ),
    "metadata with the class in a column dx": (
        {
            "part_1/I_1.jpg": EMPTY,
            "part_2/I_2.jpg": EMPTY,
            "meta.csv": table("lesion_id,image_id,dx,age", "L1,I_1,nv,40", "L2,I_2,mel,50"),
        },
        {"part_1/I_1.jpg": "nv", "part_2/I_2.jpg": "mel"},
        set(),
    ),
    "metadata with the class in an unknown column": (
        {
            "part_1/I_1.jpg": EMPTY,
            "part_2/I_2.jpg": EMPTY,
            "part_1/I_3.jpg": EMPTY,
            "part_2/I_4.jpg": EMPTY,
            "meta.csv": table("image_id,befund", "I_1,nv", "I_2,mel", "I_3,nv", "I_4,mel"),
        },
        {"part_1/I_1.jpg": "-", "part_2/I_2.jpg": "-", "part_1/I_3.jpg": "-", "part_2/I_4.jpg": "-"},
        {("meta.csv", rejection_messages.TABLE_UNDECIDED.format(images=4, columns="image_id, befund"))},
    ),
    "a column for each class": (
        {"1.jpg": EMPTY, "2.jpg": EMPTY, "t.csv": table("filename, cat, dog", "1.jpg, 1, 0", "2.jpg, 0, 1")},
        {"1.jpg": "cat", "2.jpg": "dog"},
        set(),
    ),
    "no head line": (
        {"1.jpg": EMPTY, "2.jpg": EMPTY, "t.csv": table("1.jpg,cat", "2.jpg,dog")},
        {"1.jpg": "cat", "2.jpg": "dog"},
        set(),
    ),
    "semicolons and a byte order mark": (
        {
            "1.jpg": EMPTY,
            "2.jpg": EMPTY,
            "t.csv": b"\xef\xbb\xbf" + table("Datei;Klasse", "1.jpg;Käfer", "2.jpg;Biene"),
        },
        {"1.jpg": "Käfer", "2.jpg": "Biene"},
        set(),
    ),
    "a table in Japanese": (
        {"1.jpg": EMPTY, "2.jpg": EMPTY, "t.csv": "ファイル名,ラベル\n1.jpg,ねこ\n2.jpg,いぬ\n".encode("shift_jis")},
        {"1.jpg": "ねこ", "2.jpg": "いぬ"},
        set(),
    ),
    "names in another normal form": (
        {"Ba\u0308r.jpg": EMPTY, "x.jpg": EMPTY, "t.csv": "file,label\nB\u00e4r.jpg,a\nx.jpg,b\n".encode()},
        {"B\u00e4r.jpg": "a", "x.jpg": "b"},
        set(),
    ),
    "an empty class cell": (
        {"a/1.jpg": EMPTY, "b/2.jpg": EMPTY, "t.csv": table("file,label", "1.jpg,", "2.jpg,x")},
        {"a/1.jpg": "-", "b/2.jpg": "x"},
        set(),
    ),
    "an empty table": (
        {"a/1.jpg": EMPTY, "b/2.jpg": EMPTY, "t.csv": b"\n"},
        {"a/1.jpg": "a", "b/2.jpg": "b"},
        {("t.csv", rejection_messages.TABLE_EMPTY)},
    ),
    "other words in each split folder": (
        "inat/train_mini/a/1.jpg inat/train_mini/b/2.jpg inat/val/a/3.jpg",
        {
            "inat/train_mini/a/1.jpg": "a/train",
            "inat/train_mini/b/2.jpg": "b/train",
            "inat/val/a/3.jpg": "a/validation",
        },
        set(),
    ),
    "a genus with several species": (
        "Bees/Bombus/terrestris/1.jpg Bees/Bombus/lapidarius/2.jpg Bees/Apis/mellifera/3.jpg",
        {
            "Bees/Bombus/terrestris/1.jpg": "Bombus",
            "Bees/Bombus/lapidarius/2.jpg": "Bombus",
            "Bees/Apis/mellifera/3.jpg": "Apis",
        },
        {("Bees/Bombus", rejection_messages.INNER_FOLDERS.format(folders="lapidarius, terrestris"))},
    ),
    "one set in colour and in grey": (
        "set/color/a/1.jpg set/color/b/2.jpg set/gray/a/1.jpg set/gray/b/2.jpg",
        {
            "set/color/a/1.jpg": "color",
            "set/color/b/2.jpg": "color",
            "set/gray/a/1.jpg": "gray",
            "set/gray/b/2.jpg": "gray",
        },
        {("set/color", rejection_messages.INNER_FOLDERS_OF_SEVERAL.format(folders="a, b", more=1))},
    ),
    "thumbnails of a network drive": (
        "data/cats/1.jpg data/dogs/2.jpg @eaDir/1.jpg data/cats/@eaDir/1.jpg/SYNOPHOTO_THUMB_M.jpg #recycle/3.jpg",
        {"data/cats/1.jpg": "cats", "data/dogs/2.jpg": "dogs"},
        set(),
    ),
    "a folder of masks beside the images": (
        "images/benign/1.png images/malignant/2.png masks/benign/1.png masks/malignant/2.png",
        {
            "images/benign/1.png": "benign",
            "images/malignant/2.png": "malignant",
            "masks/benign/1.png": "-",
            "masks/malignant/2.png": "-",
        },
        {("masks", rejection_messages.MASK_FOLDER.format(images=2))},
    ),
    "masks in each split": (
        "train/images/a/1.png train/images/b/2.png train/masks/1.png test/images/a/3.png test/masks/3.png",
        {
            "train/images/a/1.png": "a/train",
            "train/images/b/2.png": "b/train",
            "train/masks/1.png": "-/train",
            "test/images/a/3.png": "a/test",
            "test/masks/3.png": "-/test",
        },
        {
            ("train/masks", rejection_messages.MASK_FOLDER.format(images=1)),
            ("test/masks", rejection_messages.MASK_FOLDER.format(images=1)),
        },
    ),
    "a class that is called masks": (
        "masks/1.jpg faces/2.jpg",
        {"masks/1.jpg": "masks", "faces/2.jpg": "faces"},
        set(),
    ),
    "masks in the folders of the classes": (
        {
            "benign/b (1).png": EMPTY,
            "benign/b (1)_mask.png": EMPTY,
            "normal/n (1).png": EMPTY,
            "normal/dog_mask.png": EMPTY,
        },
        {
            "benign/b (1).png": "benign",
            "benign/b (1)_mask.png": "-",
            "normal/n (1).png": "normal",
            "normal/dog_mask.png": "normal",
        },
        {("benign", rejection_messages.MASKS.format(images=1, name="b (1)_mask.png"))},
    ),
    "a table of the test images alone": (
        {
            "Train/oak/1.png": EMPTY,
            "Train/elm/2.png": EMPTY,
            "Test/3.png": EMPTY,
            "Test/4.png": EMPTY,
            "Test.csv": table("Width,ClassId,Path", "27,oak,Test/3.png", "28,elm,Test/4.png"),
        },
        {
            "Train/oak/1.png": "oak/train",
            "Train/elm/2.png": "elm/train",
            "Test/3.png": "oak/test",
            "Test/4.png": "elm/test",
        },
        set(),
    ),
    "a table of the test images with other classes": (
        {
            "train/site 1/1.png": EMPTY,
            "train/site 2/2.png": EMPTY,
            "test/3.png": EMPTY,
            "test/4.png": EMPTY,
            "t.csv": table("file,label", "3.png,x", "4.png,y"),
        },
        {
            "train/site 1/1.png": "-/train",
            "train/site 2/2.png": "-/train",
            "test/3.png": "x/test",
            "test/4.png": "y/test",
        },
        {("t.csv", rejection_messages.NOT_NAMED.format(images=2))},
    ),
    "every name is that of several files": (
        {"a/1.jpg": EMPTY, "b/1.jpg": EMPTY, "t.csv": table("file,site", "1.jpg,x")},
        {"a/1.jpg": "a", "b/1.jpg": "b"},
        {("t.csv", rejection_messages.TABLE_NAMES_SEVERAL.format(rows=1, column="file"))},
    ),
    "an export of Label Studio": (
        {
            "images/oak 1.jpg": EMPTY,
            "images/4f2a90c1-elm.jpg": EMPTY,
            "t.csv": table(
                "annotation_id,choice,id,image",
                "7,Oak,1,/data/upload/1/00c0ffee-oak 1.jpg",
                "8,Elm,2,/data/upload/1/4f2a90c1-elm.jpg",
            ),
        },
        {"images/oak 1.jpg": "Oak", "images/4f2a90c1-elm.jpg": "Elm"},
        set(),
    ),
    "observations with two names of each species": (
        {
            "photos/1.jpg": EMPTY,
            "photos/2.jpg": EMPTY,
            "o.csv": table(
                "id,scientific_name,common_name", "1,Apis mellifera,honey bee", "2,Bombus hortorum,bumblebee"
            ),
        },
        {"photos/1.jpg": "Apis mellifera", "photos/2.jpg": "Bombus hortorum"},
        set(),
    ),
    "names of columns in camel case": (
        {"1.jpg": EMPTY, "2.jpg": EMPTY, "t.csv": table("ImagePath,PatientID,ClassName", "1.jpg,p,a", "2.jpg,q,b")},
        {"1.jpg": "a", "2.jpg": "b"},
        set(),
    ),
    "a project file of Teachable Machine": (
        {"Class 1-!-0.jpg": EMPTY, "Class 1-!-1.jpg": EMPTY, "Kein Blatt-!-0.jpg": EMPTY, "manifest.json": b"{}"},
        {
            "Class 1-!-0.jpg": "Class 1",
            "Class 1-!-1.jpg": "Class 1",
            "Kein Blatt-!-0.jpg": "Kein Blatt",
            "manifest.json": "-",
        },
        set(),
    ),
    "Teachable Machine's folders": (
        "Class 1-samples/0.jpg Class 2-samples/0.jpg",
        {"Class 1-samples/0.jpg": "Class 1", "Class 2-samples/0.jpg": "Class 2"},
        set(),
    ),
    "folders of samples in the classes": (
        "cat/samples/0.jpg dog/samples/1.jpg",
        {"cat/samples/0.jpg": "cat", "dog/samples/1.jpg": "dog"},
        set(),
    ),
}


def expected(found: Mapping[str, str]) -> dict[str, tuple[str | None, str | None]]:
    parts = {name: text.partition("/") for name, text in found.items()}
    return {name: (None if label == "-" else label, split or None) for name, (label, _, split) in parts.items()}


@pytest.mark.parametrize(("files", "found", "said"), LAYOUTS.values(), ids=list(LAYOUTS))
def test_layouts(tmp_path: Path, files: Mapping[str, bytes] | str, found: Mapping[str, str], said: set):
    if isinstance(files, str):
        files = dict.fromkeys(_names(files), EMPTY)
    plan, annotations = plan_of(zipped(tmp_path / "a.zip", files))
    assert annotations == expected(found)
    assert sentences(plan) == said


def _names(text: str) -> list[str]:
    """Names divided by a space behind a suffix or a folder's file, so that folders may have spaces."""
    names: list[str] = []
    for part in text.split(" "):
        if names and "/" not in names[-1] and "." not in names[-1] and "\\" not in names[-1]:
            names[-1] += f" {part}"
        else:
            names.append(part)
    return names


def test_an_archive_of_samples_names_its_class(tmp_path: Path):
    paths = [zipped(tmp_path / f"{name}.zip", {"0.jpg": EMPTY}) for name in ("Class 1-samples", "Class 2-samples (1)")]
    plan, _ = plan_of(*paths)
    assert plan.classes() == {"Class 1": 1, "Class 2": 1}


@pytest.mark.parametrize("first", ["train", "test"])
def test_archives_of_one_split_each_in_any_order(tmp_path: Path, first: str):
    names = {"train": ["train/a/1.jpg", "train/b/2.jpg"], "test": ["test/a/3.jpg"]}
    paths = [zipped(tmp_path / f"{split}.zip", dict.fromkeys(files, EMPTY)) for split, files in names.items()]
    _, found = plan_of(*sorted(paths, key=lambda path: path.stem != first))
    assert found == expected({"train/a/1.jpg": "a/train", "train/b/2.jpg": "b/train", "test/a/3.jpg": "a/test"})


METADATA = {
    "part_1/1.jpg": EMPTY,
    "part_2/2.jpg": EMPTY,
    "part_1/3.jpg": EMPTY,
    "part_2/4.jpg": EMPTY,
    "meta.csv": table("image,befund,kamera", "1,x,A", "2,y,A", "3,x,B", "4,y,B"),
}


def test_a_person_chooses_the_column_of_the_classes(tmp_path: Path):
    asked = []

    def answer(question: TableQuestion) -> ColumnChoice:
        asked.append(question)
        return ColumnChoice(label="befund")

    plan, found = plan_of(zipped(tmp_path / "a.zip", METADATA), choose_columns=answer)
    assert [(one.table, one.file, one.images) for one in asked] == [("meta.csv", "image", 4)]
    assert [column.examples for column in asked[0].columns] == [("1", "2", "3"), ("x", "y"), ("A", "B")]
    assert found == expected({"part_1/1.jpg": "x", "part_2/2.jpg": "y", "part_1/3.jpg": "x", "part_2/4.jpg": "y"})
    assert (plan.questions, sentences(plan)) == ([], set())


def test_a_person_says_that_a_table_has_no_classes(tmp_path: Path):
    plan, found = plan_of(zipped(tmp_path / "a.zip", METADATA), choose_columns=lambda _question: ColumnChoice())
    assert {label for label, _ in found.values()} == {"part_1", "part_2"}
    columns = "image, befund, kamera"
    assert sentences(plan) == {("meta.csv", rejection_messages.TABLE_WITHOUT_COLUMNS.format(columns=columns))}


def test_columns_that_were_chosen_before_are_not_asked_about(tmp_path: Path):
    for key in ("meta.csv", ""):
        _, found = plan_of(zipped(tmp_path / "a.zip", METADATA), columns={key: ColumnChoice("image", "kamera")})
        assert {label for label, _ in found.values()} == {"A", "B"}
