"""Splits partition, are stable under a seed, keep groups whole and keep what was fixed."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.dataset.manifest import TEST, TRAIN, VALIDATION
from core.dataset.splits import FREE, assign_splits, complete_splits
from core.errors import DatasetError

LABELS = st.lists(st.integers(0, 4), max_size=120).map(lambda rows: np.array(rows, np.int64))
SHARES = st.tuples(st.floats(1, 100), st.floats(0, 100), st.floats(0, 100))
SEEDS = st.integers(0, 2**31 - 1)


@st.composite
def grouped(draw):
    labels = draw(LABELS)
    groups = draw(st.lists(st.none() | st.integers(0, 20), min_size=len(labels), max_size=len(labels)))
    return labels, groups


@given(LABELS, SHARES, SEEDS)
def test_every_image_gets_one_of_the_splits_that_have_a_share(labels, shares, seed):
    splits = assign_splits(labels, shares=shares, seed=seed)
    assert splits.shape == labels.shape
    assert all(shares[split] > 0 for split in splits)


@given(grouped(), SEEDS)
def test_the_same_seed_gives_the_same_splits(rows, seed):
    labels, groups = rows
    first = assign_splits(labels, seed=seed, groups=groups)
    assert (first == assign_splits(labels.copy(), seed=seed, groups=list(groups))).all()


@given(LABELS, SEEDS)
def test_each_class_is_divided_by_the_shares_to_within_an_image(labels, seed):
    splits = assign_splits(labels, seed=seed)
    for label in np.unique(labels):
        counts = np.bincount(splits[labels == label], minlength=3)
        if counts.sum() >= 7:
            assert np.abs(counts - counts.sum() * np.array([0.7, 0.15, 0.15])).max() < 1


@given(LABELS, SHARES, SEEDS)
@example(np.zeros(3, np.int64), (1.0, 1.0, 5e-324), 0)
@example(np.zeros(3, np.int64), (1e308, 1e308, 1e308), 0)
def test_a_class_of_three_is_in_every_split_that_has_a_share(labels, shares, seed):
    splits = assign_splits(labels, shares=shares, seed=seed)
    for label in np.unique(labels):
        mine = splits[labels == label]
        if len(mine) >= 3:
            assert set(mine) == {split for split in range(3) if shares[split] >= 1e-12 * max(shares)}


@given(grouped(), SHARES, SEEDS)
def test_groups_stay_whole(rows, shares, seed):
    labels, groups = rows
    splits = assign_splits(labels, shares=shares, seed=seed, groups=groups)
    for group in set(groups) - {None}:
        assert len({split for split, mine in zip(splits, groups, strict=True) if mine == group}) == 1


@given(st.integers(3, 30), st.integers(1, 8), SEEDS)
def test_a_class_of_three_groups_is_in_every_split(n_groups, largest, seed):
    sizes = np.random.default_rng(seed).integers(1, largest + 1, n_groups)
    splits = assign_splits(
        np.zeros(sizes.sum(), np.int64), seed=seed, groups=np.repeat(np.arange(n_groups), sizes).tolist()
    )
    assert set(splits) == {TRAIN, VALIDATION, TEST}


def test_groups_do_not_distort_the_shares():
    labels = np.repeat([0, 1], 500)
    splits = assign_splits(labels, groups=(np.arange(1000) // 5).tolist())
    for label in (0, 1):
        assert np.abs(np.bincount(splits[labels == label]) - [350, 75, 75]).max() <= 5


@given(grouped(), SEEDS)
def test_fixed_splits_are_kept(rows, seed):
    labels, groups = rows
    fixed = np.random.default_rng(seed).integers(FREE, 3, len(labels)).astype(np.int8)
    splits = assign_splits(labels, seed=seed, groups=groups, fixed=fixed)
    assert (splits[fixed != FREE] == fixed[fixed != FREE]).all()
    assert (splits != FREE).all()


def test_free_images_follow_the_decided_ones_of_their_group():
    fixed = np.array([TEST, FREE, FREE, FREE], np.int8)
    splits = assign_splits(np.zeros(4, np.int64), groups=["burst", "burst", "burst", None], fixed=fixed)
    assert splits[:3].tolist() == [TEST] * 3


def test_new_images_fill_what_the_fixed_ones_lack():
    fixed = np.array([TRAIN] * 70 + [FREE] * 30, np.int8)
    splits = assign_splits(np.zeros(100, np.int64), fixed=fixed)
    assert np.bincount(splits).tolist() == [70, 15, 15]


def test_another_class_changes_nothing_for_this_one():
    alone = assign_splits(np.zeros(50, np.int64), seed=3)
    assert (assign_splits(np.repeat([0, 1], [50, 20]), seed=3)[:50] == alone).all()


def test_another_seed_gives_other_splits():
    labels = np.zeros(100, np.int64)
    assert (assign_splits(labels, seed=0) != assign_splits(labels, seed=1)).any()


@pytest.mark.parametrize(("n", "expected"), [(1, [1, 0, 0]), (2, [1, 1, 0]), (3, [1, 1, 1]), (20, [14, 3, 3])])
def test_tiny_classes(n, expected):
    assert np.bincount(assign_splits(np.zeros(n, np.int64)), minlength=3).tolist() == expected


@pytest.mark.parametrize("shares", [(70, 30), (0, 50, 50), (70, -1, 31), (float("nan"), 1, 1), (0, 0, 0)])
def test_shares_that_cannot_divide_are_refused(shares):
    with pytest.raises(DatasetError, match="cannot divide the images"):
        assign_splits(np.zeros(10, np.int64), shares=shares)


def test_a_missing_validation_split_is_cut_out_of_train():
    labels = np.tile([0, 1], 50)
    fixed = np.repeat([TRAIN, TEST], [85, 15]).astype(np.int8)
    splits = complete_splits(labels, fixed)
    assert np.bincount(splits).tolist() == [70, 15, 15]
    assert (splits[85:] == TEST).all()


def test_a_missing_test_split_is_cut_out_of_train_with_groups_whole():
    labels = np.zeros(90, np.int64)
    fixed = np.repeat([TRAIN, VALIDATION], [80, 10]).astype(np.int8)
    groups = (np.arange(90) // 4).tolist()
    splits = complete_splits(labels, fixed, groups=groups)
    assert (splits[80:] == VALIDATION).all()
    assert all(len(set(splits[start : start + 4])) == 1 for start in range(0, 80, 4))
    assert (splits == TEST).sum() == pytest.approx(80 * 15 / 85, abs=4)


def test_without_fixed_splits_carving_is_assigning():
    labels = np.tile([0, 1], 50)
    assert (complete_splits(labels, np.full(100, FREE, np.int8), seed=4) == assign_splits(labels, seed=4)).all()


def test_images_without_a_split_join_those_that_have_one():
    labels = np.zeros(100, np.int64)
    fixed = np.repeat([TRAIN, VALIDATION, TEST, FREE], [60, 15, 15, 10]).astype(np.int8)
    assert np.bincount(complete_splits(labels, fixed)).tolist() == [70, 15, 15]


@st.composite
def half_given(draw):
    """Images of which some came with a split, as from a table or from folders, with groups."""
    labels, groups = draw(grouped())
    given = draw(st.lists(st.sampled_from([FREE, TRAIN, VALIDATION, TEST]), min_size=len(labels), max_size=len(labels)))
    return labels, groups, np.array(given, np.int8)


@given(half_given(), SHARES, SEEDS)
def test_completing_splits_partitions_and_is_stable_and_keeps_what_came_to_measure(rows, shares, seed):
    labels, groups, given = rows
    splits = complete_splits(labels, given, shares=shares, seed=seed, groups=groups)
    assert np.isin(splits, (TRAIN, VALIDATION, TEST)).all()
    assert (splits == complete_splits(labels, given.copy(), shares=shares, seed=seed, groups=list(groups))).all()
    measured = (given == VALIDATION) | (given == TEST)
    assert (splits[measured] == given[measured]).all()


@given(half_given(), SEEDS)
def test_completing_splits_keeps_groups_whole_that_came_whole(rows, seed):
    labels, groups, given = rows
    splits = complete_splits(labels, given, seed=seed, groups=groups)
    for group in set(groups) - {None}:
        mine = np.array([one == group for one in groups])
        if len(set(given[mine]) - {FREE}) <= 1:
            assert len(set(splits[mine])) == 1


@given(half_given(), SHARES, SEEDS)
def test_without_carving_nothing_moves_that_has_a_split(rows, shares, seed):
    labels, groups, given = rows
    splits = complete_splits(labels, given, shares=shares, seed=seed, groups=groups, closed=(), take_from_train=False)
    assert (splits[given != FREE] == given[given != FREE]).all()


def test_few_images_without_a_split_do_not_become_a_split_of_their_own():
    given = np.repeat([TRAIN, TEST, FREE], [83, 15, 2]).astype(np.int8)
    splits = complete_splits(np.zeros(100, np.int64), given)
    assert np.bincount(splits).tolist() == [70, 15, 15]


def test_an_image_joins_a_given_test_split_only_as_a_copy():
    given = np.repeat([TRAIN, VALIDATION, TEST, FREE], [50, 10, 4, 30]).astype(np.int8)
    groups = [None] * 63 + ["twins"] + ["twins"] + [None] * 29
    splits = complete_splits(np.zeros(94, np.int64), given, groups=groups)
    assert np.flatnonzero(splits == TEST).tolist() == [60, 61, 62, 63, 64]
