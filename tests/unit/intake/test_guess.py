"""Classes are guessed from file names only where that is plausible."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from intake_files import accepted_and_rejected, picture, zipped

from core.intake.guess import guess_classes


def classes(*names):
    guess = guess_classes(names)
    return {one.name: one.images for one in guess.classes} if guess else None


@pytest.mark.parametrize(
    "pattern",
    [
        "{}_001.jpg",
        "{} (3).png",
        "{}-12.jpg",
        "{}.0.jpg",
        "{}7.JPEG",
        "007_{}.webp",
        "{}_2023-04-01_12.30.05.jpg",
        "{}_1 - Copy.jpg",
    ],
)
def test_ways_to_number_a_class(pattern):
    names = [pattern.format(label).replace("1", str(n)) for label in ("cat", "dog") for n in (1, 2)]
    assert classes(*names) == {"cat": 2, "dog": 2}


def test_words_and_digits_of_a_name_stay():
    assert classes("n01440764_1.JPEG", "n01440764_2.JPEG", "great_dane_5.jpg", "great_dane_6.jpg") == {
        "great_dane": 2,
        "n01440764": 2,
    }


def test_spellings_that_differ_by_case_are_one_class_in_the_usual_spelling():
    assert classes("Cat_1.jpg", "cat_2.jpg", "Cat_3.jpg", "dog_1.jpg", "dog_2.jpg") == {"Cat": 3, "dog": 2}


@pytest.mark.parametrize(
    "names",
    [
        ["cat_1.jpg", "cat_2.jpg", "cat_3.jpg"],
        ["IMG_0001.jpg", "IMG_0002.jpg", "DSC_0001.jpg", "DSC_0002.jpg"],
        ["1.jpg", "2.jpg", "003.png", "20230401_123000.jpg"],
        ["beach.jpg", "forest.jpg", "lake.jpg", "sun.jpg"],
        ["3f2a9c1b77.jpg", "3f2a9c1b78.jpg", "aa2a9c1b77.jpg", "aa2a9c1b78.jpg"],
        ["readme_1.txt", "readme_2.txt", "notes_1.txt", "notes_2.txt"],
        ["cat_1.jpg", "cat_2.jpg", "dog_1.jpg", "dog_2.jpg", *(f"IMG_{n}.jpg" for n in range(9))],
        [],
    ],
)
def test_uninformative_names_give_no_classes(names):
    assert classes(*names) is None


def test_a_guess_has_examples_and_the_number_of_other_images():
    guess = guess_classes(["cat_1.jpg", "cat_2.jpg", "dog_1.jpg", "dog_2.jpg", "IMG_1.jpg", "readme.txt"])
    assert guess.rows == ("cat", "cat", "dog", "dog", "", "")
    assert (guess.unnamed, guess.classes[0].examples) == (1, ("cat_1.jpg", "cat_2.jpg"))


@given(st.lists(st.text(max_size=20)))
def test_any_names_are_accepted(names):
    guess = guess_classes(names)
    assert guess is None or sum(one.images for one in guess.classes) == sum(row != "" for row in guess.rows)


def flat(tmp_path, wrap="", **more):
    names = ["cat_1.png", "cat_2.png", "dog_1.png", "dog_2.png", "IMG_5.png"]
    return zipped(tmp_path / "a.zip", {wrap + name: picture(seed) for seed, name in enumerate(names)} | more)


@pytest.mark.parametrize("wrap", ["", "photos/"])
def test_files_without_folders_get_the_confirmed_classes(tmp_path, store, wrap):
    accepted, _ = accepted_and_rejected(
        flat(tmp_path, wrap), store, name_classes=lambda _guess: {"cat": "cats", "dog": None, "": "others"}
    )
    labels = {name.removeprefix(wrap): one.label for name, one in accepted.items()}
    assert labels == {
        "cat_1.png": "cats",
        "cat_2.png": "cats",
        "dog_1.png": None,
        "dog_2.png": None,
        "IMG_5.png": "others",
    }


def test_no_guess_is_made_where_folders_a_table_or_a_person_give_the_class(tmp_path, store):
    def refuse(_guess):
        raise AssertionError("asked")

    folders = zipped(tmp_path / "b.zip", {f"{label}/cat_{n}.png": picture(n) for n, label in enumerate("aabb")})
    assert len(accepted_and_rejected(folders, store, name_classes=refuse)[0]) == 4
    table = {"labels.csv": "file,label\ncat_1.png,tabby\n"}
    accepted, _ = accepted_and_rejected(flat(tmp_path, **table), store, name_classes=refuse)
    assert accepted["cat_1.png"].label == "tabby"
    accepted, _ = accepted_and_rejected(flat(tmp_path), store, label="pets", name_classes=refuse)
    assert {one.label for one in accepted.values()} == {"pets"}


def test_a_declined_guess_changes_nothing(tmp_path, store):
    accepted, _ = accepted_and_rejected(flat(tmp_path, "photos/"), store, name_classes=lambda _guess: None)
    assert {one.label for one in accepted.values()} == {"photos"}
