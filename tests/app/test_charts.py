"""Charts of two tabs at once."""

import subprocess
import sys
from pathlib import Path

SCRIPT = "import sys, pages.components.charts; print(hasattr(sys.modules.get('pandas'), 'Series'))"


def test_pandas_is_whole_before_the_first_figure_is_made():
    """Plotly takes pandas from `sys.modules`: while another tab's thread still imports it, a figure would fail."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.strip() == "True"
