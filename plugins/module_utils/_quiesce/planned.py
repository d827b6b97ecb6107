# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private: not for use outside of this collection.

"""What a hook would do, for check mode: read from the command and the API, nothing is executed."""

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._hooks.errors import HookError
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import pod_identity, resolve_container
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import Hook
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.errors import QuiesceError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.guard import ObjectReader, check_pod_spec
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import FreezePolicy
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.recognition import recognise_hook


def plan_hook(
    pod: t.Mapping[str, t.Any], hook: Hook, *, reader: ObjectReader, policy: FreezePolicy
) -> dict[str, t.Any]:
    """The entry of a check mode's ``hooks`` list. ``refused``: why the guard's first check says no."""
    namespace, name = pod_identity(pod)
    found = recognise_hook(hook)
    entry: dict[str, t.Any] = {
        "namespace": namespace,
        "pod": name,
        "container": hook.container,
        "phase": hook.phase,
        "source": hook.source,
        "name": hook.name,
        "argv": list(hook.argv),
        "timeout_seconds": hook.timeout_seconds,
        "state": "planned",
        "freezes": [freeze.path for freeze in found.freezes],
        "thaws": [thaw.path for thaw in found.thaws],
        "refused": "",
    }
    try:
        entry["container"] = resolve_container(pod, hook.container)
        if not policy.allow_shared_freeze:
            if found.unclear:
                raise QuiesceError("The command freezes a path that cannot be read from its text.")
            for freeze in found.freezes:
                check_pod_spec(reader, pod, container=entry["container"], path=freeze.path)
    except (QuiesceError, HookError) as exc:
        entry["refused"] = exc.sentence
    return entry


__all__ = ("plan_hook",)
