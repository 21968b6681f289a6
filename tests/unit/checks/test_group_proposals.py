"""Groups that file names and folders suggest."""

from core.checks.group_proposals import propose_groups

SLIDES = [f"BloodImage_{slide:05}_{cell:03}.jpg" for slide in range(6) for cell in range(4)]


def test_names_that_differ_in_their_last_number_alone_are_proposed_as_one_group():
    (proposal,) = propose_groups(SLIDES, ["red", "white"] * 12)
    assert (proposal.n_groups, proposal.n_images) == (6, 24)
    assert proposal.groups[:5] == ("BloodImage_00000",) * 4 + ("BloodImage_00001",)
    assert proposal.examples[0] == ("BloodImage_00000", tuple(SLIDES[:3]))


def test_numbers_of_a_camera_are_no_groups():
    assert propose_groups([f"IMG_{number:04}.JPG" for number in range(50)], ["a", "b"] * 25) == []


def test_patients_and_their_visits_are_two_proposals_the_finer_one_first():
    names = [f"patient{p}-visit{v}-{n}.png" for p in range(4) for v in range(3) for n in range(3)]
    visits, patients = propose_groups(names, ["ill", "well"] * 18)
    assert (visits.n_groups, patients.n_groups) == (12, 4)
    assert patients.groups[0] == "patient0"


def test_folders_below_the_classes_are_groups_and_the_folders_of_classes_are_not():
    names = [f"{'cat' if n % 2 else 'dog'}/garden {n % 6}/{n}.jpg" for n in range(60)]
    labels = ["cat" if n % 2 else "dog" for n in range(60)]
    (proposal,) = propose_groups(names, labels)
    assert proposal.n_groups == 6
    assert propose_groups([f"{label}/{n}.jpg" for n, label in enumerate(labels)], labels) == []


def test_groups_that_only_repeat_the_classes_are_not_proposed():
    labels = [f"sort {n % 3}" for n in range(30)]
    assert propose_groups([f"sort{n % 3}_{n:03}.jpg" for n in range(30)], labels) == []


def test_a_set_of_which_half_would_be_one_group_is_not_divided():
    assert propose_groups([f"a1_{n}.jpg" for n in range(20)] + ["b2_1.jpg", "b2_2.jpg"], ["x", "y"] * 11) == []


def test_no_images_are_no_groups():
    assert propose_groups([], []) == []
