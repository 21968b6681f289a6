"""The certificate of a bundle: how far each file's predictions are from the app's, measured on test images."""

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict

VERSION: Final = 2
CERTIFICATE_FILE = "certificate.json"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class FormatCertificate(_Frozen):
    """One format, compared with the app's predictions.

    Attributes:
        largest_difference: Largest difference of any probability of any image.
        same_class: Images with the same predicted class.
        tolerance: Largest difference that is certified.
        largest_ood_difference: Largest difference of the out-of-distribution score; None where there is none.
    """

    largest_difference: float
    same_class: int
    tolerance: float
    largest_ood_difference: float | None = None


class Certificate(_Frozen):
    """The verification of a bundle's files.

    Attributes:
        version: Version of this schema.
        images: Test images that each format was verified on.
        formats: By file or folder in the bundle.
        left_out: By file or folder, why a requested format is not in the bundle.
        made_with: Versions of the packages that wrote the files.
    """

    version: Literal[1, 2] = VERSION
    images: int
    formats: dict[str, FormatCertificate]
    left_out: dict[str, str] = {}
    made_with: dict[str, str] = {}
