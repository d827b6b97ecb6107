# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How pods move the data of volumes (documented in the fragment ``_mover``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import secrets
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._core.durations import parse_duration
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.quantities import parse_quantity
from ansible_collections.arkive.k8s.plugins.module_utils._core.run_context import RunContext
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_object import DEFAULT_NAMESPACE
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import MoverSettings, Moving

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import Task
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store

_OBJECTS: dict[str, t.Any] = {"type": "list", "elements": "dict"}

_SETTINGS = ArgumentSpec(
    options={
        "image": {"type": "str"},
        "image_pull_secrets": {"type": "list", "elements": "str", "no_log": False},
        "s3_url": {"type": "str"},
        "concurrency": {"type": "int"},
        "per_node": {"type": "int"},
        "bandwidth": {"type": "str"},
        "resources": {"type": "dict"},
        "node_selector": {"type": "dict"},
        "tolerations": _OBJECTS,
        "priority_class": {"type": "str"},
        "security_context": {"type": "str", "choices": ["root", "workload"]},
        "credentials": {"type": "str", "choices": ["auto", "sts", "static"]},
        "pod_start_timeout": {"type": "str"},
        "keep_failed": {"type": "bool"},
        "ephemeral_containers": {"type": "bool"},
        "namespace": {"type": "str"},
    }
)

MOVER = ArgumentSpec(
    options={"mover": _SETTINGS.to_option(), "repository_password": {"type": "str", "no_log": True}},
)


def mover_settings(params: t.Mapping[str, t.Any]) -> MoverSettings:
    """What the option says, with the defaults for the rest. Raises ``ValidationError``."""
    given = {name: value for name, value in (params.get("mover") or {}).items() if value is not None}
    for name in ("concurrency", "per_node"):
        if given.get(name, 1) < 1:
            raise ValidationError(f"mover.{name} is {given[name]}; it must be at least 1.")
    if "bandwidth" in given:
        given["bandwidth"] = _bytes(given["bandwidth"])
    if "pod_start_timeout" in given:
        given["pod_start_timeout"] = _seconds(given["pod_start_timeout"])
    for name in ("image_pull_secrets", "tolerations"):
        if name in given:
            given[name] = tuple(given[name])
    if "node_selector" in given:
        given["node_selector"] = {str(name): str(value) for name, value in given["node_selector"].items()}
    return MoverSettings(**given)


def moving_of(task: Task, store: Store) -> Moving:
    """How a task that makes no backup has what is in repositories of ``store`` seen to. Raises ``ValidationError``."""
    params = task.params
    return Moving(
        settings=mover_settings(params),
        store=store,
        password=repository_password(params),
        velero_namespace=params.get("velero_namespace") or DEFAULT_NAMESPACE,
        run=RunContext(progress=task.progress, cancel=task.cancel, run_id=secrets.token_hex(8)),
    )


def repository_password(params: t.Mapping[str, t.Any]) -> str:
    """As given; empty for that of Velero."""
    return params.get("repository_password") or ""


def _bytes(text: str) -> int:
    try:
        found = int(parse_quantity(text))
    except ValidationError:
        found = 0
    if found < 1:
        raise ValidationError(
            f"mover.bandwidth is '{text}'.", hint="Write bytes a second, such as 50M, or leave it out for no limit."
        )
    return found


def _seconds(text: str) -> float:
    found = parse_duration(text, "mover.pod_start_timeout")
    if found <= 0:
        raise ValidationError(f"mover.pod_start_timeout is {text}; it must be more than 0s.")
    return found


__all__ = ("MOVER", "mover_settings", "moving_of", "repository_password")
