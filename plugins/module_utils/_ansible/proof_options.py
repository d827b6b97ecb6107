# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that say which database is proven, and how (documented with the module ``k8s_db_verify``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.duration_options import seconds
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.kinds import PROOFS
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.request import ProofLimits, ProofRequest

_TEXTS: dict[str, t.Any] = {"type": "list", "elements": "str", "default": []}
_SOURCES = ("backup", "schedule", "snapshot")

PROOF = ArgumentSpec(
    meant={"name": "backup"},
    options={
        "backup": {"type": "str"},
        "schedule": {"type": "str"},
        "snapshot": {"type": "str"},
        "namespace": {"type": "str"},
        "pod": {"type": "str"},
        "container": {"type": "str"},
        "kind": {"type": "str", "choices": [row.name for row in PROOFS]},
        "user": {"type": "str"},
        "quiesce": {"type": "dict", "default": {}},
        "secrets": {**_TEXTS, "no_log": False},
        "config_maps": _TEXTS,
        "server_arguments": _TEXTS,
        "scratch_namespace": {"type": "str"},
        "storage_class_mapping": {"type": "dict", "default": {}},
        "network_targets": _TEXTS,
        "allow_unenforced_network": {"type": "bool", "default": False},
        "compare_live": {"type": "bool", "default": False},
        "record": {"type": "bool", "default": True},
        "volume_timeout": {"type": "str", "default": "10m"},
        "network_timeout": {"type": "str", "default": "30s"},
        "recovery_timeout": {"type": "str", "default": "30m"},
        "check_timeout": {"type": "str", "default": "2h"},
    },
    mutually_exclusive=(_SOURCES,),
    required_one_of=(_SOURCES,),
    required_by={"snapshot": ("namespace",)},
)


def proof_request(params: t.Mapping[str, t.Any], newest: str) -> ProofRequest:
    """The options as the proof takes them; ``newest``: the backup of the schedule. Raises ``ValidationError``."""
    limits = {
        "volumes": "volume_timeout",
        "network": "network_timeout",
        "recovery": "recovery_timeout",
        "check": "check_timeout",
    }
    return ProofRequest(
        name=newest or params["backup"] or params["snapshot"],
        from_set=bool(params["snapshot"]),
        **{name: params[name] or "" for name in ("namespace", "pod", "kind", "container", "user")},
        quiesce=params["quiesce"],
        secrets=tuple(dict.fromkeys(params["secrets"])),
        config_maps=tuple(dict.fromkeys(params["config_maps"])),
        server_arguments=tuple(params["server_arguments"]),
        storage_classes={str(old): str(new) for old, new in params["storage_class_mapping"].items()},
        scratch=params["scratch_namespace"] or "",
        targets=tuple(params["network_targets"]),
        allow_unenforced_network=params["allow_unenforced_network"],
        compare_live=params["compare_live"],
        record=params["record"],
        limits=ProofLimits(**{name: seconds(params, option, least=1.0) for name, option in limits.items()}),
    )


__all__ = ("PROOF", "proof_request")
