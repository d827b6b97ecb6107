# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options for commands in pods, and for the leases of freezes (documented in the fragment ``_hooks``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import math
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.duration_options import seconds
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.annotations import parse_command
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.model import DEFAULT_TIMEOUT_SECONDS
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.model import (
    LONGEST_FREEZE_SECONDS,
    FreezePolicy,
    HelperPod,
)

#: What all hooks have.
HOOKS = ArgumentSpec(options={"no_log_output": {"type": "bool", "default": False}})

#: How carefully a file system is frozen.
FREEZE = ArgumentSpec(
    options={
        "require_lease": {"type": "bool", "default": False},
        "allow_shared_freeze": {"type": "bool", "default": False},
        "helper_pod": {
            "type": "dict",
            "options": {
                "image": {"type": "str", "required": True},
                "namespace": {"type": "str"},
                "service_account": {"type": "str"},
            },
        },
    }
)

#: Freezes that end with the task.
LEASE = ArgumentSpec(
    options={
        "freeze_lease": {"type": "str", "default": "60s"},
        "freeze_max": {"type": "str", "default": "5m"},
    }
)


def freeze_policy(params: t.Mapping[str, t.Any]) -> FreezePolicy:
    """How freezes are guarded that end with the task."""
    lease, longest = seconds(params, "freeze_lease", least=1.0), seconds(params, "freeze_max", least=1.0)
    if max(lease, longest) > LONGEST_FREEZE_SECONDS:
        raise ValidationError(f"freeze_max is {params['freeze_max']}; a freeze may last at most 24h.")
    if longest < lease:
        raise ValidationError(
            f"freeze_max ({params['freeze_max']}) is shorter than freeze_lease ({params['freeze_lease']}).",
            hint="A lease lasts at most as long as the freeze that it guards.",
        )
    return FreezePolicy(
        lease_seconds=lease,
        freeze_max_seconds=longest,
        require_lease=params["require_lease"],
        allow_shared_freeze=params["allow_shared_freeze"],
        helper_pod=_helper_pod(params),
    )


def task_freeze_policy(params: t.Mapping[str, t.Any]) -> FreezePolicy:
    """How a freeze is guarded that outlives the task: nobody renews it."""
    lease: int = params["lease_seconds"]
    if lease < 1:
        raise ValidationError(f"lease_seconds is {lease}; it must be at least 1.")
    if lease > LONGEST_FREEZE_SECONDS:
        raise ValidationError(f"lease_seconds is {lease}; a freeze may last at most {LONGEST_FREEZE_SECONDS:.0f}.")
    return FreezePolicy(
        lease_seconds=float(lease),
        freeze_max_seconds=float(lease),
        require_lease=params["require_lease"],
        allow_shared_freeze=params["allow_shared_freeze"],
        helper_pod=_helper_pod(params),
    )


def _helper_pod(params: t.Mapping[str, t.Any]) -> HelperPod | None:
    given = params.get("helper_pod")
    if not given:
        return None
    return HelperPod(
        image=given["image"],
        namespace=given["namespace"] or "",
        service_account=given["service_account"] or "",
    )


def hook_argv(params: t.Mapping[str, t.Any]) -> tuple[str, ...]:
    """``argv``, or ``command`` in the syntax of the annotation. Raises ``ValidationError``."""
    text = params["command"]
    if text is None:
        return tuple(params["argv"] or ())
    argv = parse_command(text)
    # Ansible makes a text of a list; the shell's own "[" is a word by itself.
    if argv == (text,) and text.startswith("[") and len(text) > 1:
        raise ValidationError(
            "'command' begins with [ but is no JSON list of strings, so that it would be the name of one program.",
            hint="Give a list as 'argv'.",
        )
    return argv


def hook_timeout(params: t.Mapping[str, t.Any]) -> float | None:
    """The option ``timeout`` as in annotations: zero stands for the default, below it for no limit (Velero 1.18)."""
    limit = seconds(params, "timeout", least=-math.inf)
    return None if limit < 0 else limit or DEFAULT_TIMEOUT_SECONDS


__all__ = ("FREEZE", "HOOKS", "LEASE", "freeze_policy", "hook_argv", "hook_timeout", "task_freeze_policy")
