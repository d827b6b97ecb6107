# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option ``extract``: one object or one file out of a backup, into the result or into a file."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.large_results import LIMIT
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.private_file import put_private
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.results import Result
from ansible_collections.arkive.k8s.plugins.module_utils._archive.stored_files import STORED_FILES, StoredFiles
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError

EXTRACT = ArgumentSpec(
    options={
        "extract": ArgumentSpec(
            options={
                "resource": {"type": "str"},
                "namespace": {"type": "str"},
                "name": {"type": "str"},
                "file": {"type": "str", "choices": list(STORED_FILES)},
                "dest": {"type": "path"},
                "show_secrets": {"type": "bool", "default": False},
            },
            mutually_exclusive=(("resource", "file"),),
            required_one_of=(("resource", "file"),),
            required_together=(("resource", "name"),),
            required_by={"namespace": ("resource",)},
        ).to_option(),
    },
    required_by={"extract": ("name",)},
)


def take_out(files: StoredFiles, option: t.Mapping[str, t.Any], *, check_mode: bool) -> tuple[bool, Result]:
    """Whether a file was, or would be, changed, and ``extracted`` of the result. Raises ``ArkiveError``."""
    from ansible_collections.arkive.k8s.plugins.module_utils._catalog.extract import (
        ObjectName,
        extract_file,
        extract_object,
    )

    dest: str | None = option["dest"]
    if option["file"] == "tarball" and not dest:
        raise ValidationError("A tarball is no text for a result.", hint="Set extract.dest to the path of a file.")
    if option["file"]:
        pieces: t.Iterable[bytes] = extract_file(files, option["file"])
    else:
        wanted = ObjectName(resource=option["resource"], namespace=option["namespace"] or "", name=option["name"])
        masked = not (dest or option["show_secrets"])
        pieces = [extract_object(files, wanted, masked=masked).encode()]
    told: Result = {name: option[name] for name in ("resource", "namespace", "name", "file", "dest")}
    if dest:
        changed, size = put_private(dest, pieces, dry_run=check_mode)
        return changed, told | {"size": size, "text": None}
    return False, told | _returned(pieces)


def _returned(pieces: t.Iterable[bytes]) -> Result:
    data = b""
    for piece in pieces:
        data += piece
        if len(data) > LIMIT:
            raise ValidationError(
                f"What is to be extracted has more than {LIMIT} bytes, too many for a result.",
                hint="Set extract.dest to the path of a file.",
            )
    return {"size": len(data), "text": data.decode("utf-8", "replace")}


__all__ = ("EXTRACT", "take_out")
