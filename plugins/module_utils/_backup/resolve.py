# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a request to the plan of lists: discovery, policy, filters, and whether the caller may read all of it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._backup.access import (
    forbidden_error,
    list_needs,
)
from ansible_collections.arkive.k8s.plugins.module_utils._backup.list_plan import ListPlan, plan_lists
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import NAMESPACES
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.spec_hooks import (
    ResolvedRule,
    resolve_rules,
    rules_for_others,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import find_forbidden
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.rights import rights_text
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_filter import ResourceFilter

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_policy import ResourcePolicy


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What a request means in this cluster. ``version``: the answer of ``/version``."""

    version: t.Mapping[str, str]
    discovery: Discovery
    policy: ResourcePolicy | None
    list_plan: ListPlan
    rules: tuple[ResolvedRule, ...]


def resolve_request(request: BackupRequest, run: ClusterRun) -> Resolved:
    """Ask the cluster what the request means. What looks wrong is reported to the run.

    Raises ``ValidationError`` for a request that means nothing here, and ``KubeError`` for missing rights.
    """
    client, issues = run.client, run.issues
    for sentence in request.unsupported():
        issues.warning(sentence)
    version = client.version()
    discovery = Discovery.read(client)
    for group in discovery.failed_groups:
        issues.warning(f"Unable to discover API group {group}")
    policy = _read_policy(request, client, issues)
    list_plan = plan_lists(
        client,
        discovery,
        request.spec,
        policy=policy,
        all_api_versions=request.all_api_versions,
        spell=request.spell,
    )
    _refuse_unknown(request, list_plan.filter)
    for warning in (*list_plan.namespaces.warnings, *list_plan.filter.warnings):
        issues.warning(warning)
    for name in list_plan.namespaces.missing:
        # In no namespace: it is reported, and stored among the results, as a cluster-scoped object.
        issues.error("An included namespace does not exist", name=name, namespace="", resource=str(NAMESPACES))

    def resolve_name(name: str) -> str | None:
        found = discovery.resolve(name)
        return str(found.group_resource) if found else None

    rules = resolve_rules(request.spec.hooks, resolve_name)
    for sentence in rules_for_others(request.spec.hooks, rules):
        issues.warning(sentence)
    return Resolved(
        version=version,
        discovery=discovery,
        policy=policy,
        list_plan=_check_access(request, client, list_plan, issues),
        rules=rules,
    )


def _refuse_unknown(request: BackupRequest, resource_filter: ResourceFilter) -> None:
    """Types that a task includes by name and the cluster does not have: without them the backup is not what is meant.

    What stands in a manifest is treated as Velero treats it, unless the selection is to be strict.
    """
    errors = [
        unknown.sentence
        for unknown in resource_filter.unknown
        if unknown.field.startswith("included")
        and (request.strict_selection or unknown.field not in request.from_manifest)
    ]
    if errors:
        raise ValidationError(
            f"Backup '{request.name}' was not begun: {' '.join(errors)}",
            hint="Name resources as kubectl api-resources shows them. A pattern, such as widget[s].example.org, is "
            "for a type that a cluster may not have.",
            details={"phase": "FailedValidation", "validation_errors": errors},
        )


def _check_access(request: BackupRequest, client: KubeClient, list_plan: ListPlan, issues: Issues) -> ListPlan:
    """Without what may not be listed, where that is wanted; else a refusal that names it."""
    forbidden = find_forbidden(client, list_needs(list_plan), workers=request.workers)
    if not forbidden:
        return list_plan
    if not request.skip_forbidden:
        raise forbidden_error(forbidden, server=client.server)
    issues.warning(f"Left out, because the API server does not let you: {rights_text(forbidden)}")
    places = {(need.group, need.resource, need.namespace) for need in forbidden}
    left_out = frozenset(
        scope
        for resource in list_plan.types
        for scope in list_plan.scopes(resource)
        if (resource.group, resource.plural, scope.namespace) in places
    )
    return dataclasses.replace(list_plan, left_out=left_out)


def _read_policy(request: BackupRequest, client: KubeClient, issues: Issues) -> ResourcePolicy | None:
    """The resource policy: given with the request, or the ConfigMap that the spec names."""
    if request.policy is not None:
        return request.policy
    reference = request.spec.resource_policy
    if not reference:
        return None
    where = f"ConfigMap {request.namespace}/{reference['name']}"
    try:
        found = client.get(f"/api/v1/namespaces/{request.namespace}/configmaps/{reference['name']}")
    except KubeError as exc:
        if not exc.not_found:
            raise
        raise ValidationError(
            f"The resource policy {where} does not exist.",
            hint="Create it, or give the policy itself in resource_policies.",
        ) from exc
    from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_policy import policy_of_config_map

    policy = policy_of_config_map(found)
    unsupported = request.unsupported_actions(policy)
    request.refuse(unsupported)
    for sentence in unsupported:
        issues.warning(sentence)
    return policy


__all__ = ("Resolved", "resolve_request")
