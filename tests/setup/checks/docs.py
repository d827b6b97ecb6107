# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation as pages: the reference of modules and roles, and the guides, by antsibull-docs and Sphinx.

Whatever either warns of is an error: a link that leads nowhere, a page that no list names, text that is no
reStructuredText.
"""

from __future__ import annotations

import pathlib
import shutil

from checks import environments
from checks.console import run
from checks.paths import TREE, WORK

#: The pages of the copied tree, with ``index.html``.
PAGES = WORK / "docs" / "html"

_SETTINGS = TREE / "tests" / "setup" / "docs"
#: A link in modules/, for which antsibull-docs makes a page all the same.
_NO_MODULE = "_run_here_module.rst"


def build_docs() -> bool:
    """Whether ``PAGES`` could be made with no warning. What is wrong has been printed."""
    programs = environments.docs()
    variables = programs.variables
    pages, sources = PAGES, PAGES.with_name("rst")
    shutil.rmtree(pages, ignore_errors=True)
    sources.mkdir(mode=0o755, parents=True, exist_ok=True)
    reference = [
        programs.program("antsibull-docs"),
        "--config-file",
        str(_SETTINGS / "antsibull-docs.cfg"),
        "collection",
    ]
    reference += ["--cleanup", "everything", "--fail-on-error", "--use-current", "--squash-hierarchy"]
    code, _printed = run([*reference, "--dest-dir", str(sources), "arkive.k8s"], cwd=WORK, env=variables)
    if code:
        return False
    (sources / _NO_MODULE).unlink(missing_ok=True)
    # Sphinx keeps what it has read beside the pages, by which it reads a page again only when that has changed.
    sphinx = [programs.program("sphinx-build"), "-q", "-W", "--keep-going", "-b", "html", "-c", str(_SETTINGS)]
    sphinx += ["-d", str(sources.with_name("doctrees"))]
    code, _printed = run([*sphinx, str(sources), str(pages)], cwd=WORK, env=variables)
    return code == 0


def keep_docs(target: pathlib.Path) -> None:
    """Copy the pages to ``target``, in the place of what was there."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(PAGES, target)


__all__ = ("PAGES", "build_docs", "keep_docs")
