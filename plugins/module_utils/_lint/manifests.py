# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manifests in files, with the line at which each object begins."""

# Private: not for use outside of this collection.

from __future__ import annotations

import os
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.whole_files import open_regular
from ansible_collections.arkive.k8s.plugins.module_utils._core.yaml_documents import read_yaml
from ansible_collections.arkive.k8s.plugins.module_utils._lint.finding import Finding, Place
from ansible_collections.arkive.k8s.plugins.module_utils._lint.subjects import Subjects

_SUFFIXES = (".yml", ".yaml", ".json")
_LARGEST = 16 << 20


def read_subjects(path: str, subjects: Subjects) -> int:
    """The objects of a file, or of the YAML and JSON files in a folder and below it; how many files.

    What cannot be read in a folder is a finding. Raises ``ValidationError`` for a single file.
    """
    if not os.path.isdir(path):
        _read_file(path, path, subjects)
        return 1
    number = 0
    for file in _files(path):
        shown = os.path.relpath(file, path)
        number += 1
        try:
            _read_file(file, shown, subjects)
        except ValidationError as exc:
            subjects.findings.append(Finding.of("unreadable", Place(file=shown), exc.message, hint=exc.hint or ""))
    if not number:
        raise ValidationError(f"There is no {', '.join(_SUFFIXES)} file in {path}.", hint="Check the option src.")
    return number


def _files(folder: str) -> t.Iterator[str]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (os.path.join(root, name) for name in sorted(files) if name.lower().endswith(_SUFFIXES))


def _read_file(path: str, shown: str, subjects: Subjects) -> None:
    try:
        with open_regular(os.path.realpath(path)) as file:
            data = file.read(_LARGEST + 1)
        text = data.decode("utf-8")
    except OSError as exc:
        raise ValidationError(f"The file {path} cannot be read: {exc.strerror}.", hint="Check the option src.") from exc
    except UnicodeDecodeError as exc:
        raise ValidationError(f"The file {path} is not text in UTF-8.", hint="Check the option src.") from exc
    if len(data) > _LARGEST:
        raise ValidationError(f"The file {path} is larger than {_LARGEST >> 20} MiB.")
    documents = read_yaml(text, source=f"the file {shown}", as_kubernetes=True)
    lines = _first_lines(text)
    for at, document in enumerate(documents):
        subjects.add(document, file=shown, line=lines[at] if len(lines) == len(documents) else 0)


def _first_lines(text: str) -> list[int]:
    """Of each document that is not empty, the line at which it begins."""
    found: list[int] = []
    waiting = True
    for number, line in enumerate(text.splitlines(), start=1):
        begins = line == "---" or line.startswith(("--- ", "---\t"))
        said = (line[3:] if begins else line).strip()
        waiting = waiting or begins
        if waiting and said and not said.startswith("#"):
            found.append(number)
            waiting = False
    return found


__all__ = ("read_subjects",)
