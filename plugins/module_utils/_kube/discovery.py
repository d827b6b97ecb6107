# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the API server serves: groups, versions, resources, and the names that people call them by."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import difflib
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.answer_shapes import check_discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.paths import api_path

_AGGREGATED = ",".join(
    f"application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList" for version in ("v2", "v2beta1")
)
_ACCEPT = f"{_AGGREGATED},application/json"


@dataclasses.dataclass(frozen=True, slots=True)
class ApiResource:
    """One resource in one version. ``preferred``: this version is the one to use for the group-resource."""

    group: str
    version: str
    plural: str
    singular: str
    kind: str
    namespaced: bool
    verbs: frozenset[str]
    short_names: tuple[str, ...] = ()
    preferred: bool = False

    @classmethod
    def known(cls, group: str, plural: str, kind: str) -> ApiResource:
        """A namespaced type of version ``v1`` that is worked with whatever discovery says.

        It has no verbs: what is not served, or not allowed, is noticed when it is tried.
        """
        return cls(
            group=group,
            version="v1",
            plural=plural,
            singular=kind.lower(),
            kind=kind,
            namespaced=True,
            verbs=frozenset(),
            preferred=True,
        )

    @property
    def group_resource(self) -> GroupResource:
        return GroupResource(self.plural, self.group)

    @property
    def api_version(self) -> str:
        """``apps/v1``, or ``v1`` for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str | None = None) -> str:
        """``/apis/apps/v1/namespaces/x/deployments/y/status``; a namespace is left out for cluster-scoped resources.

        Raises ``KubeError`` for a name that no object can have.
        """
        parts = ["apis", self.group, self.version] if self.group else ["api", self.version]
        if namespace and self.namespaced:
            parts += ["namespaces", namespace]
        parts += [part for part in (self.plural, name, subresource) if part]
        return api_path(*parts)


class Discovery:
    """What one read of the API found; immutable.

    resources: all groups and versions in discovery order, the core group first.
    failed_groups: ``group/version: why`` for what could not be read (an aggregated API server that is down).
    """

    def __init__(self, resources: t.Iterable[ApiResource], failed_groups: t.Iterable[str] = ()) -> None:
        self.resources = tuple(_with_preferred(list(resources)))
        self.failed_groups = tuple(failed_groups)

    @classmethod
    def read(cls, client: KubeClient) -> Discovery:
        """Two requests where the server knows aggregated discovery (1.26 and newer), else one for each version."""
        found: list[ApiResource] = []
        failed: list[str] = []
        for root in ("/api", "/apis"):
            answer = _read_checked(client, root, accept=_ACCEPT)
            if answer.get("kind") == "APIGroupDiscoveryList":
                _read_aggregated(answer, found, failed)
            else:
                _read_each(client, root, answer, found, failed)
        return cls(found, failed)

    def preferred(self) -> list[ApiResource]:
        """Each group-resource once, in its preferred version, in discovery order."""
        return [resource for resource in self.resources if resource.preferred]

    def find(self, gr: GroupResource) -> ApiResource | None:
        """The preferred version of a group-resource."""
        return next((resource for resource in self.preferred() if resource.group_resource == gr), None)

    def find_kind(self, api_version: str, kind: str) -> ApiResource | None:
        """The resource that an object with this apiVersion and kind belongs to."""
        return next((res for res in self.resources if res.api_version == api_version and res.kind == kind), None)

    def resolve(self, text: str) -> ApiResource | None:
        """A resource by plural, singular, short name or kind, alone or with its group, or with version and group.

        ``pods``, ``po``, ``Pod``, ``deployments.apps``, ``deployments.v1.apps``. As kubectl: a plural wins over a
        singular, that over a short name, that over a kind; the core group wins over others.
        """
        name, _dot, rest = text.strip().lower().partition(".")
        if not rest:
            return _pick(name, self.preferred())
        in_group = _pick(name, [resource for resource in self.preferred() if resource.group == rest])
        if in_group:
            return in_group
        version, _dot, group = rest.partition(".")
        return _pick(name, [res for res in self.resources if res.version == version and res.group == group])

    def near(self, text: str) -> list[str]:
        """The types whose names are close to ``text``, the closest first; for a name that ``resolve`` does not know."""
        wanted = text.strip().lower()
        known = {res.plural: str(res.group_resource) for res in reversed(self.preferred())}
        known |= {str(res.group_resource): str(res.group_resource) for res in self.preferred()}
        return list(dict.fromkeys(known[name] for name in difflib.get_close_matches(wanted, list(known), n=2)))


def _pick(name: str, candidates: list[ApiResource]) -> ApiResource | None:
    tests: tuple[t.Callable[[ApiResource], bool], ...] = (
        lambda resource: resource.plural == name,
        lambda resource: resource.singular == name,
        lambda resource: name in resource.short_names,
        lambda resource: resource.kind.lower() == name,
    )
    for test in tests:
        for resource in candidates:
            if test(resource):
                return resource
    return None


def _with_preferred(resources: list[ApiResource]) -> t.Iterator[ApiResource]:
    """Exactly one version of each group-resource is preferred.

    That of the group's preferred version, else the first one that has it (client-go's ServerPreferredResources).
    ``preferred`` of the input says whether the version is the group's preferred one.
    """
    chosen: dict[GroupResource, ApiResource] = {}
    for resource in resources:
        known = chosen.get(resource.group_resource)
        if known is None or (resource.preferred and not known.preferred):
            chosen[resource.group_resource] = resource
    for resource in resources:
        yield dataclasses.replace(resource, preferred=chosen[resource.group_resource] is resource)


def _read_checked(client: KubeClient, path: str, **how: t.Any) -> dict[str, t.Any]:
    answer = client.get(path, **how)
    try:
        check_discovery(answer)
    except ValueError as exc:
        raise KubeError(
            f"The answer of {client.server} to GET {path} does not tell what its API has: {exc}.",
            hint="Check that host names an API server and no login page.",
            status=200,
        ) from exc
    return answer


def _read_aggregated(answer: dict[str, t.Any], found: list[ApiResource], failed: list[str]) -> None:
    for item in answer.get("items") or ():
        group = str((item.get("metadata") or {}).get("name") or "")
        for position, version in enumerate(item.get("versions") or ()):
            name = str(version.get("version") or "")
            if version.get("freshness") == "Stale":
                failed.append(f"{group}/{name}: the aggregated API server does not answer (stale)")
            for entry in version.get("resources") or ():
                kind = (entry.get("responseKind") or {}).get("kind") or ""
                if not kind or not name or not entry.get("resource"):
                    continue
                found.append(
                    ApiResource(
                        group=group,
                        version=name,
                        plural=str(entry["resource"]),
                        singular=str(entry.get("singularResource") or kind.lower()),
                        kind=kind,
                        namespaced=entry.get("scope") == "Namespaced",
                        verbs=frozenset(entry.get("verbs") or ()),
                        short_names=tuple(entry.get("shortNames") or ()),
                        preferred=position == 0,
                    )
                )


def _read_each(
    client: KubeClient, root: str, answer: dict[str, t.Any], found: list[ApiResource], failed: list[str]
) -> None:
    """The older form: the list of versions, then one request for each."""
    for group, version, preferred in _group_versions(answer):
        path = f"{root}/{group}/{version}" if group else f"{root}/{version}"
        try:
            listing = _read_checked(client, path)
        except KubeError as exc:
            if exc.unreachable or exc.unauthorized:
                raise
            failed.append(f"{group}/{version}: {exc.message}")
            continue
        for entry in listing.get("resources") or ():
            if entry.get("kind") and entry.get("name") and "/" not in entry["name"]:
                found.append(_from_listing(entry, group, version, preferred))


def _group_versions(answer: dict[str, t.Any]) -> t.Iterator[tuple[str, str, bool]]:
    """Group, version and whether it is the group's preferred one, from APIVersions or APIGroupList."""
    for position, version in enumerate(answer.get("versions") or ()):
        yield "", str(version), position == 0
    for group in answer.get("groups") or ():
        preferred = (group.get("preferredVersion") or {}).get("version")
        for entry in group.get("versions") or ():
            if group.get("name") and entry.get("version"):
                yield group["name"], entry["version"], entry["version"] == preferred


def _from_listing(entry: dict[str, t.Any], group: str, version: str, preferred: bool) -> ApiResource:
    return ApiResource(
        group=group,
        version=version,
        plural=str(entry["name"]),
        singular=str(entry.get("singularName") or str(entry["kind"]).lower()),
        kind=str(entry["kind"]),
        namespaced=bool(entry.get("namespaced")),
        verbs=frozenset(entry.get("verbs") or ()),
        short_names=tuple(entry.get("shortNames") or ()),
        preferred=preferred,
    )


__all__ = ("ApiResource", "Discovery")
