"""The web process never imports a framework: pages stay quick, and a crash in native code takes none with it."""

import json
import os
import subprocess
import sys
from pathlib import Path

from pages.shared.steps import STEPS
from tests.finished_runs import add_project, add_run, open_workspace

ROOT = Path(__file__).parents[2]
SCRIPT = """
import json, os, sys
from streamlit.testing.v1 import AppTest
from core.jobs import queue

queue.ensure_dispatcher = lambda settings: None
project, run, *files = sys.argv[1:]
tab = AppTest.from_file(os.path.abspath("app.py"), default_timeout=60).run()
found = {}
for file in files:
    tab.query_params["project"], tab.query_params["run"] = project, run
    tab.switch_page(file).run()
    frameworks = {"tensorflow", "keras", "openvino", "dask", "distributed"} & set(sys.modules)
    found[file] = sorted(frameworks) + [one.message for one in tab.exception]
print(json.dumps(found))
"""


def test_no_page_imports_a_framework(settings):
    workspace = open_workspace(settings)
    project = add_project(workspace, images=8)
    run = add_run(workspace, project, epochs=3)
    files = [step.file for step in STEPS]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, project, run, *files],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | {"GRAFT_WORKSPACE": str(settings.workspace)},
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {file: [] for file in files}
