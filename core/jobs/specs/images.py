"""Jobs on the images of a project: adding them, giving them back as a zip, and drawing the splits."""

from typing import ClassVar, Literal

from pydantic import Field

from core.jobs.specs.base import Frozen, Resource, Result, Spec


class SplitGroup(Frozen):
    """Images that stay in one split.

    Attributes:
        name: Of the group that a table or a person named, or of its first image.
        kinds: Why they belong together: `copies`, `burst`, `scene`, `group`.
        images: How many they are, at least 2.
        splits: Where they are; several only where they were fixed so.
    """

    name: str
    kinds: tuple[str, ...]
    images: int
    splits: tuple[str, ...]


class SplitGroups(Frozen):
    """All groups of a project that stay in one split.

    Attributes:
        groups: How many there are.
        images: How many images they have together.
        largest: The largest of them, in descending order.
    """

    groups: int
    images: int
    largest: tuple[SplitGroup, ...]


class GuessedClass(Frozen):
    """A class that file names suggest.

    Attributes:
        name: As most of the files spell it.
        images: How many files name it.
        examples: Some of their names.
    """

    name: str
    images: int
    examples: tuple[str, ...]


class ClassGuess(Frozen):
    """Classes that were read off file names, for a person to confirm.

    Attributes:
        classes: The classes.
        unnamed: How many images have a name that suggests none.
    """

    classes: tuple[GuessedClass, ...]
    unnamed: int


class TableColumn(Frozen):
    """A column of a table, with some of its cells."""

    name: str
    examples: tuple[str, ...]


class TableQuestion(Frozen):
    """A table that names images, and of which a person has to say which column is the class.

    Attributes:
        table: Its path in the upload.
        columns: Its columns.
        file: Name of the column that names the images.
        images: How many images it names.
    """

    table: str
    columns: tuple[TableColumn, ...]
    file: str
    images: int


class NameReading(Frozen):
    """How file names of a zip read in one encoding.

    Attributes:
        encoding: Its name.
        names: Some of the file names.
    """

    encoding: str
    names: tuple[str, ...]


class NameQuestion(Frozen):
    """A zip whose file names do not say their encoding.

    Attributes:
        archive: Its name.
        readings: The encodings in which they can be read, the guessed one first.
    """

    archive: str
    readings: tuple[NameReading, ...]


class TableColumns(Frozen):
    """A person's choice of columns; no `label` if the table has no classes."""

    file: str | None = None
    label: str | None = None


class WebLink(Frozen):
    """Address of an image, with its class if the list names one."""

    url: str
    label: str | None = None


class IngestResult(Result):
    """What came of the files.

    Attributes:
        accepted: Images that were added.
        rejected: Files that were not; the catalog has the reasons.
        already_present: Images that the project had before: when copying from another project, or named by a table.
        guess: Classes to confirm; nothing was added then.
        split_groups: Groups that stay in one split; None without any.
        question: A table whose columns a person has to choose; nothing was added then.
        names: A zip whose file names a person should see first; nothing was added then.
        relabelled: Images that were there before, and got the class that a table gives now.
        corrected: Images that were there before, and got the class, the split or the group that a table gives now.
    """

    accepted: int
    rejected: int
    already_present: int = 0
    guess: ClassGuess | None = None
    split_groups: SplitGroups | None = None
    question: TableQuestion | None = None
    names: NameQuestion | None = None
    relabelled: int = 0
    corrected: int = 0


class IngestSpec(Spec):
    """Add images to a project, from one of four sources.

    Attributes:
        paths: Source 1: files and folders.
        links: Source 2: addresses in the web.
        sample: Source 3: name of a sample set.
        from_project: Source 4: id of another project.
        from_classes: Ids of the classes of `from_project` to copy.
        label: Class of files that have none of their own.
        group: Group of all images, which keeps them in one split.
        images_only: Whether each path is an image, and none is an archive or a table.
        remove_uploads: Remove `paths` at the end, if they are uploads.
        class_names: A person's answer to a guess: the class for each guessed name, None for no class; the empty name
            stands for the files whose names suggest none.
        columns: A person's choices of columns, by path of the table in the upload.
        name_encoding: A person's choice for file names in zips that do not say their encoding.
    """

    kind: Literal["ingest"] = "ingest"
    handler: ClassVar[str] = "core.jobs.handlers.ingest:ingest"
    resource: ClassVar[Resource] = "data"
    result: ClassVar[type[Result]] = IngestResult
    paths: tuple[str, ...] = ()
    links: tuple[WebLink, ...] = ()
    sample: str | None = None
    from_project: str | None = None
    from_classes: tuple[str, ...] = ()
    label: str | None = None
    group: str | None = None
    images_only: bool = False
    remove_uploads: bool = False
    class_names: dict[str, str | None] | None = None
    columns: dict[str, TableColumns] = Field(default_factory=dict)
    name_encoding: str | None = None


class ExportDatasetResult(Result):
    """The zip.

    Attributes:
        path: Of the zip.
        images: How many are in it.
        missing: Names of images whose files are gone.
    """

    path: str
    images: int
    missing: tuple[str, ...]


class ExportDatasetSpec(Spec):
    """Write all images of a project, with classes, splits and groups, as one zip."""

    kind: Literal["export-dataset"] = "export-dataset"
    handler: ClassVar[str] = "core.jobs.handlers.export_dataset:export_dataset"
    resource: ClassVar[Resource] = "data"
    result: ClassVar[type[Result]] = ExportDatasetResult


class SplitDatasetResult(Result):
    """Groups that stay in one split; None without any."""

    split_groups: SplitGroups | None = None


class SplitDatasetSpec(Spec):
    """Draw the splits of a project again.

    Attributes:
        shares: Of train, validation and test, in any unit; None for the default.
        seed: Of the draw.
    """

    kind: Literal["split-dataset"] = "split-dataset"
    handler: ClassVar[str] = "core.jobs.handlers.split_dataset:split_dataset"
    resource: ClassVar[Resource] = "data"
    result: ClassVar[type[Result]] = SplitDatasetResult
    shares: tuple[float, float, float] | None = None
    seed: int = 0
