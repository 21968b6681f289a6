"""The certificate of a bundle: how far each file's answers are from the app's, measured on real images."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

VERSION: Literal[1] = 1
FILE_NAME = "certificate.json"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Certified(_Frozen):
    """One format, compared with the app's own predictions.

    Attributes:
        largest_difference: Largest difference of any probability of any image.
        same_class: Images that got the same class.
        tolerance: Difference up to which the format is certified.
    """

    largest_difference: float
    same_class: int
    tolerance: float


class Certificate(_Frozen):
    """What a bundle's files were proved to do.

    Attributes:
        version: Version of this schema.
        images: Real test images that each format was asked about.
        formats: By file or folder in the bundle.
        left_out: Why a format that was asked for is not in the bundle, by file or folder.
        made_with: Versions of the packages that wrote the files.
    """

    version: Literal[1] = VERSION
    images: int
    formats: dict[str, Certified]
    left_out: dict[str, str] = {}
    made_with: dict[str, str] = {}
