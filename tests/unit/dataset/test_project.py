from dataclasses import replace

import numpy as np
import pytest

from core.catalog import projects
from core.catalog.database import Database
from core.catalog.edits import change_items
from core.catalog.items import NewItem, add_items, list_items
from core.dataset.manifest import TEST, TRAIN, VALIDATION
from core.dataset.project import draw_splits, project_bit_depth, project_manifest


def image(number: int, split: str | None = None, group: str | None = None) -> NewItem:
    label = "ants" if number % 2 else "bees"
    facts = {"brightness": 0.5, "contrast": 0.2, "sharpness": 1.0, "dhash": "0" * 16}
    size = {"width": 4, "height": 3, "format": "JPEG", "size_bytes": 10}
    name = {"digest": f"{number:064x}", "name": f"{number}.jpg"}
    return NewItem(**name, label=label, split=split, group=group, **size, **facts)


def deep_image(number: int, bit_depth: int | None, name: str = "TIFF") -> NewItem:
    return replace(image(number), bit_depth=bit_depth, format=name)


@pytest.fixture
def database(settings) -> Database:
    return Database(settings)


@pytest.fixture
def project(database: Database) -> str:
    return projects.create_project(database, "Insects")


def counts(database: Database, project: str) -> list[int]:
    return project_manifest(database, project).counts().sum(axis=0).tolist()


def test_a_draw_is_stratified_and_the_same_again(database: Database, project: str):
    add_items(database, project, [image(number) for number in range(200)])
    draw_splits(database, project, seed=7)
    first = list_items(database, project)
    assert counts(database, project) == [140, 30, 30]
    draw_splits(database, project, seed=7)
    assert list_items(database, project) == first


def test_what_came_with_a_split_keeps_it(database: Database, project: str):
    given = ["train"] * 60 + ["validation"] * 20 + ["test"] * 20
    add_items(database, project, [image(number, split) for number, split in enumerate(given)])
    draw_splits(database, project, seed=1)
    assert [item.split for item in list_items(database, project)] == given


def test_a_missing_validation_split_is_cut_out_of_train_alone(database: Database, project: str):
    add_items(database, project, [image(number, "test" if number < 20 else "train") for number in range(100)])
    draw_splits(database, project)
    splits = project_manifest(database, project).splits
    assert (splits[:20] == TEST).all()
    assert (splits[20:] == VALIDATION).sum() > 0
    assert (splits[20:] == TEST).sum() == 0


def test_new_images_are_drawn_and_the_others_stay(database: Database, project: str):
    add_items(database, project, [image(number) for number in range(100)])
    draw_splits(database, project)
    before = [item.split for item in list_items(database, project)]
    add_items(database, project, [image(number) for number in range(100, 140)])
    draw_splits(database, project, seed=9, missing_only=True)
    after = [item.split for item in list_items(database, project)]
    assert after[:100] == before
    assert None not in after


def test_new_images_follow_the_shares_and_move_no_other_one(database: Database, project: str):
    add_items(database, project, [image(number) for number in range(100)])
    draw_splits(database, project, shares=(80, 20, 0))
    before = [item.split for item in list_items(database, project)]
    add_items(database, project, [image(number) for number in range(100, 140)])
    draw_splits(database, project, shares=(80, 20, 0), missing_only=True)
    assert [item.split for item in list_items(database, project)][:100] == before
    assert counts(database, project) == [112, 28, 0]


def test_a_split_that_was_given_no_share_is_not_cut_out_of_what_was_drawn(database: Database, project: str):
    add_items(database, project, [image(number) for number in range(100)])
    draw_splits(database, project, shares=(80, 20, 0))
    before = [item.split for item in list_items(database, project)]
    add_items(database, project, [image(number) for number in range(100, 104)])
    draw_splits(database, project, missing_only=True)
    assert [item.split for item in list_items(database, project)][:100] == before


def test_what_was_cut_out_of_train_is_drawn_again_and_the_given_test_split_stays(database: Database, project: str):
    add_items(database, project, [image(number, "test" if number < 6 else "train") for number in range(100)])
    draw_splits(database, project, missing_only=True)
    first = project_manifest(database, project).splits
    for seed, shares in ((1, (70, 15, 15)), (2, (50, 35, 15))):
        draw_splits(database, project, seed=seed, shares=shares)
        splits = project_manifest(database, project).splits
        assert np.flatnonzero(splits == TEST).tolist() == list(range(6))
        assert (splits == VALIDATION).sum() == pytest.approx(94 * shares[1] / (shares[0] + shares[1]), abs=1)
        assert (splits != first).any()
    fixed = [item for item in list_items(database, project) if item.split_fixed]
    assert {item.split for item in fixed} == {"test"}


def test_what_a_person_fixed_by_hand_stays_and_the_rest_is_drawn_around_it(database: Database, project: str):
    add_items(database, project, [image(number) for number in range(100)])
    draw_splits(database, project)
    chosen = [item.id for item in list_items(database, project)][:4]
    change_items(database, project, chosen, "4 images put into Test", split="test")
    draw_splits(database, project, seed=5)
    found = list_items(database, project)
    assert [item.split for item in found[:4]] == ["test"] * 4
    assert counts(database, project) == pytest.approx([70, 15, 15], abs=1)


def test_groups_and_what_belongs_together_stay_in_one_split(database: Database, project: str):
    add_items(database, project, [image(number, group=f"patient {number // 10}") for number in range(100)])
    draw_splits(database, project)
    splits = project_manifest(database, project).splits.reshape(10, 10)
    assert (splits == splits[:, :1]).all()
    ids = [item.id for item in list_items(database, project)]
    draw_splits(database, project, groups=dict(zip(ids, np.arange(100) // 20, strict=True)))
    splits = project_manifest(database, project).splits.reshape(5, 20)
    assert (splits == splits[:, :1]).all()


def test_an_image_without_a_split_counts_as_training(database: Database, project: str):
    add_items(database, project, [image(0), image(1)])
    assert (project_manifest(database, project).splits == TRAIN).all()


def test_all_deep_images_of_a_project_are_read_at_one_depth(database: Database, project: str):
    add_items(database, project, [image(0), deep_image(1, 8), deep_image(2, 12), deep_image(3, 0, "PNG")])
    assert project_bit_depth(database, project) == 12
    add_items(database, project, [deep_image(4, 16)])
    assert project_bit_depth(database, project) == 16
    (deepest,) = [item.id for item in list_items(database, project) if item.name == "4.jpg"]
    change_items(database, project, [deepest], "1 image set aside", excluded=True)
    assert project_bit_depth(database, project) == 12


def test_deep_images_of_a_version_that_did_not_measure_them_are_read_as_before(database: Database, project: str):
    add_items(database, project, [deep_image(1, None), deep_image(2, 12), image(3)])
    assert project_bit_depth(database, project) is None
