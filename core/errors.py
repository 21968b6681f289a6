"""The errors that a person can do something about.

    GraftError
    ├── InputError            the input cannot be used
    │   ├── ArchiveError      a zip, tar or folder as a whole
    │   ├── ImageError        one image
    │   ├── DatasetError      the classes, labels or splits
    │   ├── RecipeError       a choice of the training
    │   └── WeightsError      a weights or model file
    ├── NotFoundError         a project, run or image does not exist, or no longer
    ├── ConflictError         another tab or person changed the same thing meanwhile
    ├── WorkspaceError        the disk is full, or the workspace was deleted or cannot be written
    ├── NetworkError          a download failed
    └── RunError              a run or another job ended early
        ├── RunStopped        a person stopped it
        └── WorkerDiedError   its process died

Each has one sentence for a person and, if there is one, a hint what to do next. Pages and the command line catch only
the root; any other exception is a bug and may look like one.
"""


class GraftError(Exception):
    """The root of all errors that a person sees.

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
    """The input cannot be used."""


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
    """A project, run or image does not exist, or no longer."""


class ConflictError(GraftError):
    """Another tab or person changed the same thing meanwhile."""


class WorkspaceError(GraftError):
    """The disk is full, or the workspace was deleted or cannot be written."""


class NetworkError(GraftError):
    """A download failed."""


class RunError(GraftError):
    """A run or another job ended early."""


class RunStopped(RunError):  # noqa: N818 - what a person asked for is not an error
    """A person stopped the run."""


class WorkerDiedError(RunError):
    """The process that executed the job died."""
