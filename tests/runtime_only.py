"""What a person has who installed `requirements.txt` alone: nothing else can be imported in the processes of a test."""

import re
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).parents[1]
_PIN = re.compile(r"^([A-Za-z0-9_.-]+)==([^\s;]+)", re.MULTILINE)
_HOOK = """
import sys


class _Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names!r}:
            raise ModuleNotFoundError(f"{{name}} is not in requirements.txt", name=name)
        return None


sys.meta_path.insert(0, _Refuse())
"""


def pins(requirements: str) -> dict[str, str]:
    """The versions in a file of requirements, by normalised name."""
    found = _PIN.findall((ROOT / requirements).read_text(encoding="utf-8"))
    return {_normalised(name): version for name, version in found}


def hide_the_rest(folder: Path) -> dict[str, str]:
    """Give environment variables under which Python and its children import only what `requirements.txt` names.

    Args:
        folder: Takes the file that Python runs at its start.
    """
    required = pins("requirements.txt")
    hidden = {
        module
        for module, owners in packages_distributions().items()
        if not any(_normalised(owner) in required for owner in owners)
    }
    (folder / "sitecustomize.py").write_text(_HOOK.format(names=hidden), encoding="utf-8")
    return {"PYTHONPATH": str(folder)}


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
