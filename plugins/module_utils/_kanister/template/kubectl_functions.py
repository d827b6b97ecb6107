# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What kubectl's printer adds to the functions of Go's templates; the conditions of WaitV2 go through it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.errors import Fault
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.functions import function, table
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.indexing import Opens
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.sprig.encoding import (
    CorruptText,
    decode_base64,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.template.values import (
    from_bytes,
    indirect,
    is_integer,
    is_nil,
)


def _exists(run: Opens, value: t.Any, *path: t.Any) -> bool:
    """Whether there is something at the end of a path of keys and places."""
    for step in path:
        value = run.open(indirect(value))
        if isinstance(value, dict):
            value = value.get(step) if isinstance(step, str) else None
        elif isinstance(value, (list, str, bytes)) and is_integer(step) and 0 <= step < len(value):
            value = value[step]
        else:
            return False
    return not is_nil(run.open(value))


def _decode(text: str) -> str:
    try:
        return from_bytes(decode_base64(text))
    except CorruptText as exc:
        raise Fault("failed", f"this is no base64: the byte {exc.place} does not belong") from None


KUBECTL_FUNCTIONS = table(
    function("exists", _exists, "any any...", with_run=True, shallow=True),
    function("base64decode", _decode, "string"),
)

__all__ = ("KUBECTL_FUNCTIONS",)
