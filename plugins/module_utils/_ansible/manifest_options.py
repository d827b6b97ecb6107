# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A manifest given with a task: the options ``definition`` and ``src``."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.yaml_documents import read_yaml

MANIFEST = ArgumentSpec(
    options={"definition": {"type": "dict"}, "src": {"type": "path"}},
    mutually_exclusive=(("definition", "src"),),
)


def manifest_documents(params: t.Mapping[str, t.Any]) -> tuple[list[t.Any], str]:
    """The documents, and what to call their source in sentences; none at all when no manifest was given."""
    if params["definition"] is not None:
        return [params["definition"]], "the definition"
    if params["src"] is None:
        return [], ""
    path: str = params["src"]
    source = f"the file {path}"
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except OSError as exc:
        raise ValidationError(f"The file {path} cannot be read: {exc.strerror}.", hint="Check the option src.") from exc
    except UnicodeDecodeError as exc:
        raise ValidationError(f"The file {path} is not text in UTF-8.", hint="Check the option src.") from exc
    documents = read_yaml(text, source=source)
    if not documents:
        raise ValidationError(f"The file {path} is empty.", hint="Put a manifest into it.")
    return documents, source


__all__ = ("MANIFEST", "manifest_documents")
