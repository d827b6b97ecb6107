# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The archive of the collection as Galaxy's own importer takes it: names of plugins, metadata, documentation.

What it runs ansible-lint and ansible-test for is done by other steps.
"""

from __future__ import annotations

import pathlib
import re
import shutil

from checks import environments
from checks.console import run
from checks.paths import WORK

_CONFIGURATION = """[galaxy-importer]
LOG_LEVEL_MAIN = INFO
RUN_ANSIBLE_TEST = False
RUN_ANSIBLE_LINT = False
RUN_ANSIBLE_DOC = True
CHECK_REQUIRED_TAGS = True
CHECK_CHANGELOG = True
CHECK_RUNTIME_AND_METADATA = True
"""
_COMPLAINT = re.compile(r"^(WARNING|ERROR)\b|\b(WARNING|ERROR):")


def check_importer(tree: pathlib.Path) -> list[str]:
    """What the importer says against the collection of ``tree``, a line each."""
    programs = environments.galaxy()
    place = WORK / "galaxy"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    configuration = place / "galaxy-importer.cfg"
    configuration.write_text(_CONFIGURATION)
    build = [programs.program("ansible-galaxy"), "collection", "build", "--force", "--output-path", str(place)]
    code, printed = run(build, cwd=tree, env=programs.variables, quiet=True)
    archives = sorted(place.glob("*.tar.gz"))
    if code or len(archives) != 1:
        return printed.splitlines() or ["No archive was built."]
    variables = {**programs.variables, "GALAXY_IMPORTER_CONFIG": str(configuration)}
    importer = [programs.program("python"), "-m", "galaxy_importer.main", str(archives[0])]
    code, printed = run(importer, cwd=place, env=variables, quiet=True)
    complaints = [line for line in printed.splitlines() if _COMPLAINT.search(line)]
    return complaints or (printed.splitlines()[-20:] if code else [])


__all__ = ("check_importer",)
