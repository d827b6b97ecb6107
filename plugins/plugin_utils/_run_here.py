# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a module of this collection from a copy of its code on this machine; ``plugin_utils/_code_copy.py`` says why.

Ansible takes a module from ``plugins/modules`` only. A symbolic link to this file is there: for a link, and for such a
name, Ansible's tools expect no documentation, and show none.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import atexit
import contextlib
import json
import os
import runpy
import sys

# What our modules need of Ansible comes with this file: most of it with Ansible's `basic`, which always comes.
import ansible.module_utils.compat.version  # noqa: F401  # pylint: disable=unused-import

from ansible_collections.arkive.k8s import plugins

#: Set by the action plugin: the folder of the copy, and which module runs.
CODE_VARIABLE = "ARKIVE_CODE"
MODULE_VARIABLE = "ARKIVE_MODULE"

#: The key of a result that only says that there was nothing to run.
MISSING = "arkive_code_missing"


def main() -> None:
    code = os.environ.get(CODE_VARIABLE, "")
    name = os.environ.get(MODULE_VARIABLE, "")
    if not os.path.isfile(f"{code}/modules/{name}.py"):
        # An interpreter of the user's may be a command that hides our variables, or the folder.
        print(json.dumps({MISSING: True, "failed": True, "msg": f"There is no module {name} in {code}."}))
        sys.exit(1)
    if sys.dont_write_bytecode:
        atexit.register(_keep_compiled, code, name)
    modules = sys.modules[f"{plugins.__name__}.modules"]
    # Ansible's zip holds these two packages, and nothing of ours in them but this file.
    plugins.__path__.append(code)
    modules.__path__.append(f"{code}/modules")
    runpy.run_module(f"{modules.__name__}.{name}", run_name="__main__")


def _keep_compiled(code: str, name: str) -> None:
    """Images often tell Python to keep no compiled files. It shall keep ours, in the copy, and no others."""
    specs = [getattr(module, "__spec__", None) for module in list(sys.modules.values())]
    ours = [spec for spec in specs if spec and (spec.origin or "").startswith(code)]
    missing = [spec.origin for spec in ours if spec.cached and not os.path.exists(spec.cached)]
    if missing:
        import py_compile

        with contextlib.suppress(OSError):
            for path in (*missing, f"{code}/modules/{name}.py"):
                py_compile.compile(path, quiet=2)


if __name__ == "__main__":
    main()
