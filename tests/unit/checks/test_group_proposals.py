"""Groups that file names, folders and cameras suggest."""

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


def test_photographs_of_one_camera_less_than_half_an_hour_apart_are_one_group():
    labels = ["fox", "deer"] * 6
    names = [f"IMG_{n:04}.JPG" for n in range(12)]
    times = [f"2024-05-{1 + n // 3:02}T06:{25 * (n % 3):02}:00" for n in range(12)]
    (visits,) = propose_groups(names, labels, times)
    assert (visits.by, visits.n_groups) == ("time", 4)
    assert visits.groups[:4] == ("2024-05-01 06:00",) * 3 + ("2024-05-02 06:00",)

    cameras = ["Browning A", "Reconyx B", "Bushnell C"] * 4
    by_camera, by_time = propose_groups(names, ["fox"] * 6 + ["deer"] * 6, ["2024-05-01T06:00:00"] * 12, cameras)
    assert by_camera.n_groups == by_time.n_groups == 3
    assert by_time.groups[0] == "2024-05-01 06:00 Browning A"

    assert propose_groups(names, labels, [None] * 12, [None] * 12) == []


def test_no_images_are_no_groups():
    assert propose_groups([], []) == []
