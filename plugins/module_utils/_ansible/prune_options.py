# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of retention (documented in ``k8s_backup_prune``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.duration_options import seconds
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.ebs_options import EBS
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.mover_options import MOVER
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.calendar_span import CalendarSpan, parse_span
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.retention_plan import Retention
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.retention_rules import PERIODS, RetentionRules

_COUNTS = ("last", *PERIODS)

PRUNE = ArgumentSpec(
    options={
        **{f"keep_{name}": {"type": "int", "default": 0} for name in _COUNTS},
        "keep_within": {"type": "str"},
        "timezone": {"type": "str", "default": "UTC"},
        "ttl": {"type": "str", "choices": ["honored", "ignored"], "default": "honored"},
        "min_good": {"type": "int", "default": 1},
        "min_good_verified": {"type": "bool", "default": False},
        "failed_ttl": {"type": "str"},
        "schedules": {"type": "list", "elements": "str", "default": []},
        "on_demand": {"type": "str", "choices": ["ttl", "rules"], "default": "ttl"},
        "allow_empty_group": {"type": "bool", "default": False},
        "apply_changes": {"type": "bool", "default": False},
        "leftovers": {"type": "str", "choices": ["ignored", "found", "removed"], "default": "found"},
        "velero_namespace": {"type": "str", "default": "velero"},
    },
).merge(EBS, MOVER)


def retention(params: t.Mapping[str, t.Any]) -> Retention:
    """Raises ``ValidationError``."""
    if params["min_good"] < 0:
        raise ValidationError(f"min_good is {params['min_good']}.", hint="Give a number; 0 protects none.")
    return Retention(
        rules=RetentionRules(
            **{name: params[f"keep_{name}"] for name in _COUNTS},
            within=_named("keep_within", params, parse_span) or CalendarSpan(),
            zone=params["timezone"],
        ),
        ttl=params["ttl"],
        min_good=params["min_good"],
        min_good_verified=params["min_good_verified"],
        failed_ttl=seconds(params, "failed_ttl") if params["failed_ttl"] is not None else None,
        schedules=tuple(params["schedules"]),
        on_demand=params["on_demand"],
        allow_empty_group=params["allow_empty_group"],
        apply_changes=params["apply_changes"],
    )


_T = t.TypeVar("_T")


def _named(name: str, params: t.Mapping[str, t.Any], parse: t.Callable[[str], _T]) -> _T | None:
    if params[name] is None:
        return None
    try:
        return parse(params[name])
    except ValidationError as exc:
        raise ValidationError(f"{name}: {exc.message}", hint=exc.hint) from exc


__all__ = ("PRUNE", "retention")
