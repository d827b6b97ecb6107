# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of passes over Velero's custom resources (documented in ``k8s_velero_operations``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.duration_options import seconds
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.ebs_options import EBS, snapshot_location
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.mover_options import (
    MOVER,
    mover_settings,
    repository_password,
)
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.storage_options import LOCATION
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.unknown_options import find_unknown
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operations_request import (
    OperationsRequest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.velero_types import FAMILIES
from ansible_collections.arkive.k8s.plugins.module_utils._velero.cron import DIALECTS, NEW_VELERO

OPERATIONS = ArgumentSpec(
    options={
        "state": {"type": "str", "choices": ["passed", "present", "absent"], "default": "passed"},
        "namespace": {"type": "str", "aliases": ["velero_namespace"]},
        "api_group": {"type": "str", "choices": [family.group for family in FAMILIES]},
        # What is secret in it is masked by its name: see secret_params.
        "locations": {"type": "dict", "default": {}, "no_log": False},
        "restore_only": {"type": "bool", "default": False},
        "duration": {"type": "str"},
        "interval": {"type": "str", "default": "2s"},
        "dialect": {"type": "str", "choices": list(DIALECTS), "default": NEW_VELERO},
        "hook_on_error_default": {"type": "str", "choices": ["Fail", "Continue"], "default": "Fail"},
        "on_missing_volume_data": {"type": "str", "choices": ["fail", "warn"], "default": "fail"},
        "ignore_unsupported": {"type": "bool", "default": False},
        "force": {"type": "bool", "default": False},
    }
).merge(EBS, MOVER)

_TAKEN_OVER = (
    "restore_only",
    "dialect",
    "hook_on_error_default",
    "on_missing_volume_data",
    "ignore_unsupported",
)

#: Passes without a pause would only burden the API server.
_SHORTEST_INTERVAL = 0.1


def operations_request(params: t.Mapping[str, t.Any]) -> OperationsRequest:
    """Raises ``ValidationError``."""
    return OperationsRequest(
        family=next((family for family in FAMILIES if family.group == params["api_group"]), None),
        namespace=params["namespace"] or "",
        locations={name: _location(name, given) for name, given in params["locations"].items()},
        duration=seconds(params, "duration") if params["duration"] else 0.0,
        interval=seconds(params, "interval", least=_SHORTEST_INTERVAL),
        snapshot_location=snapshot_location(params),
        mover=mover_settings(params),
        repository_password=repository_password(params),
        **{name: params[name] for name in _TAKEN_OVER},
    )


def _location(name: str, given: t.Any) -> dict[str, t.Any]:
    """The options of one location, with their defaults."""
    place = f"locations.{name}"
    if not isinstance(given, dict):
        raise ValidationError(f"{place} is not a dictionary.", hint="Give it the options of storage_location.")
    unknown = find_unknown(LOCATION.options, given, place)
    if unknown:
        raise ValidationError(" ".join(each.sentence for each in unknown))
    return {key: value for key, value in LOCATION.validate(given, place).items() if value is not None}


__all__ = ("OPERATIONS", "operations_request")
