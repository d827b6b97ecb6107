# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why the API server does not serve a stored object's type, and what to do about it."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._archive.members import PREFERRED_SUFFIX
from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import CRDS
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.chosen import Chosen
from ansible_collections.arkive.k8s.plugins.module_utils._restore.cluster.live_state import ApiTypes, LiveState
from ansible_collections.arkive.k8s.plugins.module_utils._restore.run import RestoreRun
from ansible_collections.arkive.k8s.plugins.module_utils._velero.builtin_types import builtin_type

_GONE = ", which Kubernetes has no more since"


class Unserved(t.NamedTuple):
    """A reason, and what to do about it. ``for_good``: Kubernetes itself has no such type any more."""

    reason: str
    hint: str
    for_good: bool = False


class UnservedTypes:
    """Explains each type once. Safe to use from any thread."""

    def __init__(self, run: RestoreRun, chosen: Chosen, live: LiveState) -> None:
        self._run = run
        self._chosen = chosen
        self._live = live
        self._known: dict[tuple[GroupResource, str, str], Unserved] = {}

    def explain(self, group_resource: GroupResource, api_version: str, kind: str, api: ApiTypes) -> Unserved:
        key = (group_resource, api_version, kind)
        if key not in self._known:
            what = f"the API server does not serve {api_version} {kind}"
            more, hint = self._find_out(*key, api)
            self._known[key] = Unserved(f"{what}{more}", hint, for_good=_GONE in more)
        return self._known[key]

    def _find_out(self, group_resource: GroupResource, api_version: str, kind: str, api: ApiTypes) -> tuple[str, str]:
        from ansible_collections.arkive.k8s.plugins.module_utils._restore.conversions.converter import Converter
        from ansible_collections.arkive.k8s.plugins.module_utils._restore.conversions.gone import GONE

        leave_out = f"leave the type out with excluded_resources: {group_resource}"
        gone = GONE.get((api_version, kind))
        if gone is not None:
            return f"{_GONE} {gone.since}", f"{gone.advice}; {leave_out}."
        target = Converter(lambda *wanted: api.find_kind(*wanted) is not None).target_of(api_version, kind)
        if target:
            return f"; it serves {target}", "Set convert_api_versions: true to have it converted on the way."
        served = [version for version in api.versions(group_resource) if version != api_version]
        if served:
            return f"; it serves {', '.join(served)}", self._hint_for_versions(group_resource, served)
        group = api_version.rpartition("/")[0]
        down = next((why for why in self._chosen.discovery.failed_groups if why.startswith(f"{group}/")), "")
        if down:
            return "", f"The API group {down}. Restore again when it answers, or {leave_out}."
        if builtin_type(group_resource) is not None:
            return "", f"This cluster has no such type; {leave_out}."
        return "", self._hint_for_definition(group_resource, leave_out, api)

    def _hint_for_versions(self, group_resource: GroupResource, served: t.Sequence[str]) -> str:
        stored = {name.removesuffix(PREFERRED_SUFFIX) for name in self._chosen.contents.version_dirs(group_resource)}
        if not self._run.request.all_api_versions and stored & {version.rpartition("/")[2] for version in served}:
            return "Set all_api_versions: true: the backup holds it in a version that is served."
        return (
            f"Where its fields are the same, replace /apiVersion by {served[0]} in a rule of resource_modifiers; "
            "or let the definition serve the old version again."
        )

    def _hint_for_definition(self, group_resource: GroupResource, leave_out: str, api: ApiTypes) -> str:
        name, chosen = str(group_resource), self._chosen
        definitions = api.find(CRDS)
        if definitions is not None and name in self._live.names(self._run.client, definitions, None):
            return (
                f"Its CustomResourceDefinition {name} is in the cluster and does not serve it: look at its "
                f"spec.versions and its conditions, or {leave_out}."
            )
        if any(ref.name == name for ref in chosen.items.refs.get(CRDS, ())):
            return f"Its CustomResourceDefinition {name} is to come back with this restore: see what is said of that."
        if name in chosen.contents.names(CRDS, None):
            return (
                f"Its CustomResourceDefinition {name} is in the backup, and was not chosen: restore it "
                f"{self._way_to_definition(name)}, or {leave_out}."
            )
        return (
            f"Install what brings its CustomResourceDefinition {name}, which the backup does not hold, or {leave_out}."
        )

    def _way_to_definition(self, name: str) -> str:
        """What brings the definition: a filter that is narrower than the cluster's scope keeps it out in any case."""
        request = self._run.request
        spec = request.spec
        narrow = (
            request.names,
            request.select,
            spec.included_resources,
            spec.excluded_resources,
            spec.label_selector,
            spec.or_label_selectors,
        )
        if spec.include_cluster_resources is not True and not any(narrow):
            return "as well, with include_cluster_resources: true"
        return f"before, by a task with names: [customresourcedefinitions/{name}] and no other filters"


__all__ = ("Unserved", "UnservedTypes")
