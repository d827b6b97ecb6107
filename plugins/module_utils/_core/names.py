# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names: group-resources, label values, object names."""

# Private: not for use outside of this collection.

from __future__ import annotations

import hashlib
import re
import typing as t

_LABEL_VALUE_LIMIT = 63
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


class GroupResource(t.NamedTuple):
    """``pods`` or ``deployments.apps``: the plural, and the group unless it is the core one."""

    resource: str
    group: str = ""

    def __str__(self) -> str:
        return f"{self.resource}.{self.group}" if self.group else self.resource

    @classmethod
    def parse(cls, text: str) -> GroupResource:
        resource, _dot, group = text.partition(".")
        return cls(resource, group)


def label_value(name: str) -> str:
    """``name`` as a label value: 57 characters and 6 hex digits of its SHA-256 when it is longer than 63 (Velero)."""
    if len(name) <= _LABEL_VALUE_LIMIT:
        return name
    return name[: _LABEL_VALUE_LIMIT - 6] + hashlib.sha256(name.encode()).hexdigest()[:6]


def is_subdomain_name(name: str) -> bool:
    """True for a DNS-1123 subdomain of at most 253 characters, which a backup's and a restore's name must be."""
    return len(name) <= 253 and _SUBDOMAIN.fullmatch(name) is not None


__all__ = ("GroupResource", "is_subdomain_name", "label_value")
