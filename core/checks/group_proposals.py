"""Groups that file names, folders and cameras suggest, such as the images of one slide, one patient or one visit.

`BloodImage_00006_006` and `BloodImage_00006_007` share all but their last number, so they probably show one slide. A
name is divided into words and numbers, and each beginning that ends with a number is a possible name of a group.
Photographs of one camera within 30 minutes of each other probably show one scene or animal (the usual interval between
independent events of a camera trap: O'Brien, Kinnaird and Wibisono, "Crouching tigers, hidden prey", 2003).
"""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Final, Literal, NamedTuple

LEAST_SHARE: Final = 0.5
"""Share of the images that must be in groups of two or more for a proposal."""
LARGEST_SHARE: Final = 0.5
"""Share of the images above which one group says nothing."""
EXAMPLES: Final = 3
PAUSE: Final = timedelta(minutes=30)
"""Time without a photograph after which the next one starts another group."""
_MOST_PARTS: Final = 6


By = Literal["name", "folder", "time", "camera"]


class GroupProposal(NamedTuple):
    """One way to group the images.

    Attributes:
        by: What the groups follow from.
        groups: (n,) name of the group of each image; empty for an image without one.
        n_groups: Number of groups of two images or more.
        n_images: Number of images in these.
        examples: Names of a few groups, each with the names of a few of its images.
    """

    by: By
    groups: tuple[str, ...]
    n_groups: int
    n_images: int
    examples: tuple[tuple[str, tuple[str, ...]], ...]


def propose_groups(
    names: Sequence[str],
    labels: Sequence[str],
    times: Sequence[str | None] = (),
    cameras: Sequence[str | None] = (),
) -> list[GroupProposal]:
    """Propose groups by the beginnings of file names, by folders, by time and by camera, the finest first.

    Args:
        names: (n,) file names, with folders where they are known.
        labels: (n,) name of the class of each image; groups that only repeat the classes are not proposed.
        times: (n,) when each was taken, ISO 8601 without a zone, None where it is unknown; empty if none is known.
        cameras: (n,) maker and model of each camera, None where it is unknown; empty if none is known.
    """
    keys = [[*_beginnings(name)] for name in names]
    found: dict[tuple[str, ...], GroupProposal] = {}
    candidates: list[tuple[By, tuple[str, ...]]] = []
    for part in range(_MOST_PARTS):
        groups = tuple(key[part] if part < len(key) else "" for key in keys)
        candidates.append(("name", groups))
    candidates.append(("folder", tuple(_folder(name, label) for name, label in zip(names, labels, strict=True))))
    devices = tuple(camera or "" for camera in cameras) or ("",) * len(names)
    candidates.append(("camera", devices))
    if times:
        candidates.append(("time", _sessions(times, devices)))
    for by, groups in candidates:
        proposal = _proposal(by, groups, names, labels)
        if proposal is not None:
            found.setdefault(proposal.groups, proposal)
    return sorted(found.values(), key=lambda one: -one.n_groups)


def _beginnings(name: str) -> list[str]:
    """The beginnings of a name that end before a further part and hold a number, the shortest first."""
    stem = PurePosixPath(name).stem
    ends = [part.end() for part in re.finditer(r"[^\W\d_]+|\d+", stem)]
    return [stem[:end] for end in ends[:-1] if stem[end - 1].isdigit() and not stem[end : end + 1].isalpha()]


def _folder(name: str, label: str) -> str:
    """The folder below that of the class; empty where there is none."""
    parts = PurePosixPath(name).parts[:-1]
    return "/".join(parts) if parts and parts[-1].casefold() != label.casefold() else ""


def _sessions(times: Sequence[str | None], cameras: Sequence[str]) -> tuple[str, ...]:
    """Name the group of each image by camera and by the time of the group's first photograph."""
    groups = [""] * len(times)
    taken = sorted((camera, time, row) for row, (time, camera) in enumerate(zip(times, cameras, strict=True)) if time)
    last: tuple[str, datetime] | None = None
    group = ""
    for camera, time, row in taken:
        now = datetime.fromisoformat(time)
        if last is None or last[0] != camera or now - last[1] > PAUSE:
            group = f"{now:%Y-%m-%d %H:%M} {camera}".strip()
        groups[row], last = group, (camera, now)
    return tuple(groups)


def _proposal(by: By, groups: tuple[str, ...], names: Sequence[str], labels: Sequence[str]) -> GroupProposal | None:
    sizes = Counter(group for group in groups if group)
    shared = {group for group, size in sizes.items() if size > 1}
    images = sum(sizes[group] for group in shared)
    if len(shared) < 2 or images < LEAST_SHARE * len(groups):  # noqa: PLR2004 - one group divides nothing
        return None
    if max(sizes.values()) > LARGEST_SHARE * len(groups) or _repeats(groups, labels):
        return None
    examples = []
    for group, _ in sizes.most_common(EXAMPLES):
        members = [name for name, one in zip(names, groups, strict=True) if one == group]
        examples.append((group, tuple(members[:EXAMPLES])))
    kept = tuple(group if group in shared else "" for group in groups)
    return GroupProposal(by, kept, len(shared), images, tuple(examples))


def _repeats(groups: Sequence[str], labels: Sequence[str]) -> bool:
    """Whether there is no more than one group a class."""
    pairs = {(group, label) for group, label in zip(groups, labels, strict=True) if group}
    return len({group for group, _ in pairs}) <= len({label for _, label in pairs})
