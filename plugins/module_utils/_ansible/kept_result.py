# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the parts of a large result are kept whole: in the storage location, or in files on this machine."""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.large_results import LIMIT, Result, shrink
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError

#: Stores the parts and returns their key. Raises ``ArkiveError``.
StoreParts: t.TypeAlias = "t.Callable[[Result], str]"


def fit_result(
    result: Result, *, store: StoreParts | None, path: str | None, limit: int = LIMIT
) -> tuple[Result, list[str]]:
    """``result`` with less in it, and warnings. What it lacks is kept whole, where ``result`` says then.

    ``path`` is a file, or a folder for one, that the user has chosen. Without it ``store`` is asked, and where there is
    none, or it fails, a file is made among the temporary ones.
    """
    small, left_out = shrink(result, limit=limit)
    parts = {name: result[name] for name in left_out}
    warnings: list[str] = []
    places: Result = {}
    if store is not None and not path:
        try:
            places = {"result_key": store(parts)}
        except ArkiveError as exc:
            warnings.append(f"The whole result could not be stored, and is kept on this machine: {exc.message}")
    if not places:
        try:
            places = _write_files(parts, path, with_plan=not result.get("plan_path"))
            if not path:
                names = ", ".join(f"{name} ({count})" for name, count in left_out.items())
                warnings.append(
                    f"The result would be more than a page of AWX takes, and has not all of {names}. The whole is in"
                    f" {places['result_path']}; result_path chooses another file."
                )
        except OSError as exc:
            warnings.append(f"What is left out of the result could not be kept anywhere: {exc}.")
    return {**small, **places, "left_out": left_out}, warnings


def _write_files(parts: Result, path: str | None, *, with_plan: bool) -> Result:
    """A file of all parts, and one of the plan alone. They are for the user, who removes them."""
    folder = path if path and os.path.isdir(path) else os.path.dirname(path) if path else None
    target = None if not path or folder == path else path
    places: Result = {"result_path": _write(parts, "arkive-result-", folder or None, target)}
    if "plan" in parts and with_plan:
        places["plan_path"] = _write(parts["plan"], "arkive-plan-", folder or None, None)
    return places


def _write(value: t.Any, prefix: str, folder: str | None, target: str | None) -> str:
    """A file that its owner alone may read: mkstemp makes it so, and nobody sees half of it under its name."""
    descriptor, made = tempfile.mkstemp(prefix=prefix, suffix=".json", dir=folder)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            # Without indents: with them, Python's own code writes a plan of 50,000 objects for seconds.
            file.write(json.dumps(value))
        if target is not None:
            os.replace(made, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(made)
        raise
    return target or made


__all__ = ("StoreParts", "fit_result")
