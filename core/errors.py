"""Everything that can go wrong in a way a person can do something about.

    GraftError
    ├── InputError            what was given cannot be used
    │   ├── ArchiveError      a zip, tar or folder as a whole
    │   ├── ImageError        one image
    │   ├── DatasetError      the classes, labels or splits
    │   ├── RecipeError       a choice of the training
    │   └── WeightsError      a weights or model file
    ├── NotFoundError         a project, run or image that is not (or no longer) there
    ├── ConflictError         somebody else changed the same thing in the meantime
    ├── WorkspaceError        the disk: full, deleted, not writable
    ├── NetworkError          a download did not succeed
    └── RunError              a run or another job ended before its time
        ├── RunStopped        because a person asked for it
        └── WorkerDiedError   because its process died

Each carries one sentence for a person and, where there is one, a hint what to do next. Pages and the command line
catch only the root; anything else is a bug and may be seen as one.
"""


class GraftError(Exception):
    """The root of all errors that are shown to a person.

    Args:
        sentence: What happened, in one plain sentence, with the value that is wrong.
        hint: What to do next, in one plain sentence.
    """

    def __init__(self, sentence: str, hint: str = "") -> None:
        super().__init__(sentence, hint)
        self.sentence = sentence
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.sentence} {self.hint}".strip()


class InputError(GraftError):
    """What was given cannot be used."""


class ArchiveError(InputError):
    """A zip, tar or folder cannot be used as a whole."""


class ImageError(InputError):
    """One image cannot be used."""


class DatasetError(InputError):
    """The classes, labels or splits do not make a training possible."""


class RecipeError(InputError):
    """A choice of the training is impossible, alone or with another."""


class WeightsError(InputError):
    """A weights or model file cannot be used."""


class NotFoundError(GraftError):
    """A project, run or image that is not, or no longer, there."""


class ConflictError(GraftError):
    """Somebody else changed the same thing in the meantime."""


class WorkspaceError(GraftError):
    """The disk is full, the workspace was deleted, or it cannot be written."""


class NetworkError(GraftError):
    """A download did not succeed."""


class RunError(GraftError):
    """A run or another job ended before its time."""


class RunStopped(RunError):  # noqa: N818 - a person's wish is not an error
    """A person asked for the run to stop."""


class WorkerDiedError(RunError):
    """The process that executed the job died."""
