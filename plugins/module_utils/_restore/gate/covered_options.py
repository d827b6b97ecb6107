# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that a plan's digest covers: those that decide what is written, as they were understood.

Who reads a plan's file learns whether an option is another one, and not what it is.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._aws.access import AwsAccess
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan_digest import digest_of
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest

#: How fast it goes, how long is waited, what is told of it and where, and what a plan is compared with.
NOT_COVERED = frozenset(
    {
        "uid",
        "terminating_timeout",
        "resource_timeout",
        "hook_wait_limit",
        "wait_timeout",
        "log_output",
        "workers",
        "want_diff",
        "max_diffs",
        "write_records",
        "from_manifest",
        "expected_plan",
        "mover",
        "repository_password",
    }
)
#: Of the backup there is more to say than its name.
_NOT_OF_SPEC = ("backupName", "scheduleName", "itemOperationTimeout", "uploaderConfig")
_SECRET = frozenset(field.name for field in dataclasses.fields(AwsAccess) if not field.repr) | {"profile", "ca_bundle"}


def covered_options(request: RestoreRequest) -> dict[str, str]:
    """Digests by names. Fields of the spec have Velero's names."""
    spec = {name: value for name, value in request.spec.to_dict().items() if name not in _NOT_OF_SPEC}
    own = {
        field.name: plain(getattr(request, field.name))
        for field in dataclasses.fields(request)
        if field.name != "spec" and field.name not in NOT_COVERED
    }
    return {name: digest_of(value) for name, value in sorted({**own, **spec}.items())}


def plain(value: t.Any) -> t.Any:
    """A value of JSON types that is the same whenever ``value`` is. No credentials."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, re.Pattern):
        return value.pattern
    if isinstance(value, t.Mapping):
        return {str(name): plain(entry) for name, entry in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(map(str, value))
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value) if field.name not in _SECRET]
        return {name: plain(getattr(value, name)) for name in names}
    return str(value)


__all__ = ("NOT_COVERED", "covered_options", "plain")
