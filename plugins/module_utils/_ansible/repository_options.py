# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is to be done with the repository of a namespace's volumes (documented in ``k8s_backup_repository``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.aws_options import AWS
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.duration_options import seconds
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.mover_options import mover_settings, moving_of
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.repositories.request import (
    CopyTo,
    RepositoryRequest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._store.kinds import make_location
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_object import DEFAULT_NAMESPACE
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import Moving

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._ansible.task import Task
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store

#: Only a bucket takes the data of volumes. ``s3_url`` and ``delete`` are not of the location.
_COPY_TO = ArgumentSpec(
    options={
        "name": {"type": "str", "default": "copy"},
        "bucket": {"type": "str", "required": True},
        "prefix": {"type": "str"},
        "addressing_style": {"type": "str", "choices": ["auto", "path", "virtual"]},
        "sse": {"type": "str", "choices": ["AES256", "aws:kms"]},
        "s3_url": {"type": "str"},
        "delete": {"type": "bool", "default": False},
    },
).merge(AWS)

REPOSITORY = ArgumentSpec(
    options={
        "state": {
            "type": "str",
            "choices": ["present", "listed", "maintained", "verified", "copied", "pruned"],
            "default": "present",
        },
        "namespace": {"type": "str"},
        "mover_namespace": {"type": "str"},
        "full": {"type": "bool", "default": False},
        "force": {"type": "bool", "default": False},
        "percentage": {"type": "int", "default": 100},
        "older_than": {"type": "str", "default": "168h"},
        "copy_to": _COPY_TO.to_option(),
        "timeout": {"type": "str", "default": "4h"},
        "velero_namespace": {"type": "str", "default": DEFAULT_NAMESPACE},
    },
    required_if=(
        *(("state", state, ("namespace",)) for state in ("present", "maintained", "verified", "copied", "pruned")),
        ("state", "copied", ("copy_to",)),
    ),
)


def repository_request(params: t.Mapping[str, t.Any]) -> RepositoryRequest:
    """Raises ``ValidationError``."""
    percentage = params["percentage"]
    if not 0 <= percentage <= 100:
        raise ValidationError(f"percentage is {percentage}; it must be from 0 to 100.")
    return RepositoryRequest(
        state=params["state"],
        namespace=params["namespace"] or "",
        mover_namespace=params["mover_namespace"] or mover_settings(params).namespace or params["namespace"] or "",
        full=params["full"],
        force=params["force"],
        percentage=percentage,
        older_than=seconds(params, "older_than"),
        velero_namespace=params["velero_namespace"],
    )


def repository_moving(task: Task, store: Store, issues: Issues) -> Moving:
    """How its pods work, and where what they notice goes. Raises ``ValidationError``."""
    moving = moving_of(task, store)
    settings = dataclasses.replace(moving.settings, timeout=seconds(task.params, "timeout", least=1.0))
    return dataclasses.replace(moving, settings=settings, run=dataclasses.replace(moving.run, issues=issues))


def copy_location(params: t.Mapping[str, t.Any]) -> CopyTo | None:
    """The second location, for the state ``copied``. Raises ``ValidationError``."""
    given = params["copy_to"]
    if given is None or params["state"] != "copied":
        return None
    location = make_location({name: value for name, value in given.items() if name not in ("s3_url", "delete")})
    return CopyTo(location=location, s3_url=given["s3_url"] or "", delete=given["delete"])


__all__ = ("REPOSITORY", "copy_location", "repository_moving", "repository_request")
