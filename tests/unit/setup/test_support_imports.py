# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which files of tests may import which."""

from __future__ import annotations

import pathlib

import pytest
from checks.support_imports import check_support_imports

UNITS = "ansible_collections.arkive.k8s.tests.unit.plugins.module_utils"
PYPROJECT = """
[[tool.importlinter.contracts]]
name = "Rooms import from below only, and never from a sibling"
layers = ["(module_utils._backup) | (module_utils._restore)", "(module_utils._kube)", "module_utils._core"]
"""


@pytest.mark.parametrize(
    ("file", "imported", "text", "said"),
    [
        pytest.param("unit/plugins/module_utils/_backup/lab.py", "unit/plugins/module_utils/_kube/api.py",
                     f"from {UNITS}._kube.api import Api", "", id="a room below"),
        pytest.param("unit/plugins/module_utils/_kube/lab.py", "unit/plugins/module_utils/_backup/api.py",
                     f"from {UNITS}._backup import api", "the room that it is for is above", id="a room above"),
        pytest.param("unit/plugins/module_utils/_kube/test_lab.py", "unit/plugins/module_utils/_backup/api.py",
                     f"from {UNITS}._backup import api", "", id="a test may use any support"),
        pytest.param("unit/plugins/module_utils/_kube/lab.py", "unit/plugins/module_utils/_kube/test_api.py",
                     f"from {UNITS}._kube.test_api import run", "in a file that is no test", id="a test"),
        pytest.param("integration/live/lab.py", "integration/live/conftest.py",
                     "from conftest import Kubectl", "it has fixtures", id="a conftest"),
        pytest.param("integration/live/kube/lab.py", "integration/live/pods.py",
                     "from pods import Pods", "", id="by its bare name, from a folder above"),
        pytest.param("integration/live/kube/lab.py", "soak/campaigns/pods.py",
                     "from campaigns.pods import Pods", "support of integration does not use", id="the wrong way"),
        pytest.param("soak/campaigns/lab.py", "integration/live/kube/pods.py",
                     "from pods import Pods", "", id="a campaign in live pods"),
        pytest.param("setup/checks/lab.py", "cluster/kubelab/pods.py",
                     "import kubelab.pods", "support of setup does not use", id="the set-up"),
        pytest.param("setup/checks/lab.py", "cluster/checks.py",
                     "import json", "", id="what is not of ours"),
    ],
)  # fmt: skip
def test_who_may_import_what(tmp_path: pathlib.Path, file: str, imported: str, text: str, said: str) -> None:
    for name, content in ((file, text), (imported, "")):
        path = tmp_path / "tests" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    problems = check_support_imports(tmp_path)
    assert [f"tests/{file} imports tests/{imported}: " in problem and said in problem for problem in problems] == (
        [True] if said else []
    )


def test_no_circles(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "tests/integration/live"
    folder.mkdir(parents=True)
    for name, other in (("a", "b"), ("b", "c"), ("c", "a")):
        (folder / f"{name}.py").write_text(f"import {other}\n")
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (problem,) = check_support_imports(tmp_path)
    assert problem.startswith("A circle of files: ")
    assert problem.count(" imports ") == 3
