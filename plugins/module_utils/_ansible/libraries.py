# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Python libraries that a task needs, looked for before anything is begun.

The versions are those of ``requirements.txt`` and of the fragment ``_requirements``.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys

from ansible.module_utils.compat.version import LooseVersion

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError

#: jmespath is one that boto3 brings along.
MINIMUM_VERSIONS = {"kubernetes": "30.1.0", "boto3": "1.35.70", "jmespath": "1.0.0"}


class MissingLibraryError(ArkiveError):
    """The interpreter that runs the module lacks a library."""


def require_library(name: str) -> None:
    """Raise ``MissingLibraryError``, with the interpreter's name, unless ``name`` is there and new enough.

    The library is not loaded.
    """
    wanted = MINIMUM_VERSIONS[name]
    hint = (
        f"Install it with: {sys.executable} -m pip install '{name}>={wanted}'. If another interpreter has it, "
        "name that one in ansible_python_interpreter."
    )
    if importlib.util.find_spec(name) is None:
        raise MissingLibraryError(
            f"The Python library {name} is needed, and {sys.executable} does not have it.", hint=hint
        )
    try:
        found = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return  # Installed without its metadata: the version is not known.
    if LooseVersion(found) < LooseVersion(wanted):
        raise MissingLibraryError(
            f"The Python library {name} must be {wanted} or newer, and {sys.executable} has {found}.", hint=hint
        )


__all__ = ("MINIMUM_VERSIONS", "MissingLibraryError", "require_library")
