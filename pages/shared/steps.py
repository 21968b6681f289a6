"""The pages in the order in which a person walks through them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """A page.

    Attributes:
        file: Its script, from the folder of `app.py`.
        title: Its name on the screen.
        icon: A Material symbol.
        url_path: Its path in links. It must differ from every name in `pages/`: Streamlit would answer the first
            request for `/images` with that script alone, without `app.py`.
    """

    file: str
    title: str
    icon: str
    url_path: str


HOME = Step("pages/home/page.py", "Home", ":material/home:", "start")
IMAGES = Step("pages/images/page.py", "Images", ":material/photo_library:", "dataset")
CHECK = Step("pages/check/page.py", "Check", ":material/fact_check:", "findings")
MODEL = Step("pages/model/page.py", "Model", ":material/account_tree:", "network")
TRAIN = Step("pages/train/page.py", "Train", ":material/model_training:", "training")
RESULTS = Step("pages/results/page.py", "Results", ":material/insights:", "report")
USE = Step("pages/use/page.py", "Use", ":material/center_focus_strong:", "try")
EXPORT = Step("pages/export/page.py", "Export", ":material/archive:", "bundle")

STEPS = (HOME, IMAGES, CHECK, MODEL, TRAIN, RESULTS, USE, EXPORT)
PROJECT_STEPS = STEPS[1:]
