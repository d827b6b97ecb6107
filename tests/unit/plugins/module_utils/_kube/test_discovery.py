# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource, Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError

VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"]


def entry(
    plural: str, kind: str, *, short: tuple[str, ...] = (), scope: str = "Namespaced", **more: t.Any
) -> dict[str, t.Any]:
    return {
        "resource": plural,
        "responseKind": {"group": "", "version": "", "kind": kind},
        "scope": scope,
        "singularResource": kind.lower(),
        "verbs": VERBS,
        "shortNames": list(short),
        **more,
    }


def group(name: str, *versions: tuple[str, list[dict[str, t.Any]]], stale: tuple[str, ...] = ()) -> dict[str, t.Any]:
    return {
        "metadata": {"name": name},
        "versions": [
            {"version": version, "resources": resources, "freshness": "Stale" if version in stale else "Current"}
            for version, resources in versions
        ],
    }


CORE = group(
    "",
    (
        "v1",
        [
            entry("pods", "Pod", short=("po",), subresources=[{"subresource": "exec"}]),
            entry("namespaces", "Namespace", short=("ns",), scope="Cluster"),
            entry("events", "Event", short=("ev",)),
        ],
    ),
)
APPS = group("apps", ("v1", [entry("deployments", "Deployment", short=("deploy",))]))
EVENTS = group("events.k8s.io", ("v1", [entry("events", "Event", short=("ev",))]))
HPA = group(
    "autoscaling",
    ("v2", [entry("horizontalpodautoscalers", "HorizontalPodAutoscaler", short=("hpa",))]),
    ("v1", [entry("horizontalpodautoscalers", "HorizontalPodAutoscaler", short=("hpa",)), entry("olds", "Old")]),
)
METRICS = group("metrics.k8s.io", ("v1beta1", []), stale=("v1beta1",))


class FakeClient:
    """Answers from a table by path; counts."""

    server = "https://test:6443"

    def __init__(self, answers: dict[str, t.Any]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def get(self, path: str, **_options: t.Any) -> dict[str, t.Any]:
        self.asked.append(path)
        answer = self.answers[path]
        if isinstance(answer, Exception):
            raise answer
        return answer


def aggregated() -> FakeClient:
    return FakeClient(
        {
            "/api": {"kind": "APIGroupDiscoveryList", "items": [CORE]},
            "/apis": {"kind": "APIGroupDiscoveryList", "items": [APPS, EVENTS, HPA, METRICS]},
        }
    )


@pytest.fixture
def found() -> Discovery:
    return Discovery.read(aggregated())  # type: ignore[arg-type]


def test_two_requests() -> None:
    client = aggregated()
    Discovery.read(client)  # type: ignore[arg-type]
    assert client.asked == ["/api", "/apis"]


def test_order_and_preferred_versions(found: Discovery) -> None:
    assert [(str(res.group_resource), res.version) for res in found.preferred()] == [
        ("pods", "v1"),
        ("namespaces", "v1"),
        ("events", "v1"),
        ("deployments.apps", "v1"),
        ("events.events.k8s.io", "v1"),
        ("horizontalpodautoscalers.autoscaling", "v2"),
        # Only an older version has it: that one is preferred (client-go, ServerPreferredResources).
        ("olds.autoscaling", "v1"),
    ]
    assert len(found.resources) == 8


def test_stale_groups_are_named(found: Discovery) -> None:
    assert found.failed_groups == ("metrics.k8s.io/v1beta1: the aggregated API server does not answer (stale)",)


@pytest.mark.parametrize(
    ("text", "api_version", "plural"),
    [
        pytest.param("pods", "v1", "pods", id="plural"),
        pytest.param("pod", "v1", "pods", id="singular"),
        pytest.param("po", "v1", "pods", id="short"),
        pytest.param("Pod", "v1", "pods", id="kind"),
        pytest.param("PODS", "v1", "pods", id="case does not matter"),
        pytest.param("deploy", "apps/v1", "deployments", id="short name of a group"),
        pytest.param("deployments.apps", "apps/v1", "deployments", id="resource.group"),
        pytest.param("Deployment.apps", "apps/v1", "deployments", id="kind.group"),
        pytest.param("deployments.v1.apps", "apps/v1", "deployments", id="resource.version.group"),
        pytest.param("hpa", "autoscaling/v2", "horizontalpodautoscalers", id="preferred version"),
        pytest.param("hpa.v1.autoscaling", "autoscaling/v1", "horizontalpodautoscalers", id="another version"),
        pytest.param("events", "v1", "events", id="core wins"),
        pytest.param("ev.events.k8s.io", "events.k8s.io/v1", "events", id="group with dots"),
        pytest.param("pods.v1.", "v1", "pods", id="version of the core group"),
    ],
)
def test_resolve(found: Discovery, text: str, api_version: str, plural: str) -> None:
    resource = found.resolve(text)
    assert resource is not None
    assert (resource.api_version, resource.plural) == (api_version, plural)


@pytest.mark.parametrize("text", ["", "nothing", "pods.apps", "deployments.v2.apps", "."])
def test_resolve_nothing(found: Discovery, text: str) -> None:
    assert found.resolve(text) is None


def test_find(found: Discovery) -> None:
    hpa = found.find(GroupResource("horizontalpodautoscalers", "autoscaling"))
    assert hpa is not None
    assert hpa.version == "v2"
    assert found.find(GroupResource("hpa", "autoscaling")) is None
    old = found.find_kind("autoscaling/v1", "HorizontalPodAutoscaler")
    assert old is not None
    assert not old.preferred
    assert found.find_kind("v1", "Nope") is None


def listing(version: str, *names: tuple[str, str, bool]) -> dict[str, t.Any]:
    resources = [
        {"name": name, "kind": kind, "namespaced": ns, "verbs": VERBS, "singularName": ""} for name, kind, ns in names
    ]
    return {"kind": "APIResourceList", "groupVersion": version, "resources": resources}


def test_fallback_asks_each_version() -> None:
    client = FakeClient(
        {
            "/api": {"kind": "APIVersions", "versions": ["v1"]},
            "/api/v1": listing("v1", ("pods", "Pod", True), ("pods/exec", "PodExecOptions", True)),
            "/apis": {
                "kind": "APIGroupList",
                "groups": [
                    {
                        "name": "apps",
                        "versions": [{"version": "v1beta1"}, {"version": "v1"}],
                        "preferredVersion": {"version": "v1"},
                    },
                    {"name": "bad.io", "versions": [{"version": "v1"}], "preferredVersion": {"version": "v1"}},
                ],
            },
            "/apis/apps/v1beta1": listing("apps/v1beta1", ("deployments", "Deployment", True)),
            "/apis/apps/v1": listing("apps/v1", ("deployments", "Deployment", True)),
            "/apis/bad.io/v1": KubeError("No endpoints.", status=503),
        }
    )
    found = Discovery.read(client)  # type: ignore[arg-type]
    assert [(res.plural, res.api_version, res.preferred) for res in found.resources] == [
        ("pods", "v1", True),
        ("deployments", "apps/v1beta1", False),
        ("deployments", "apps/v1", True),
    ]
    assert found.failed_groups == ("bad.io/v1: No endpoints.",)
    assert found.resources[0].singular == "pod"


@pytest.mark.parametrize(
    ("resource", "arguments", "path"),
    [
        pytest.param(("", "v1", "pods", True), ("a", "p"), "/api/v1/namespaces/a/pods/p", id="core"),
        pytest.param(("", "v1", "pods", True), (), "/api/v1/pods", id="all namespaces"),
        pytest.param(
            ("apps", "v1", "deployments", True),
            ("a", "d", "scale"),
            "/apis/apps/v1/namespaces/a/deployments/d/scale",
            id="subresource",
        ),
        pytest.param(("", "v1", "namespaces", False), ("ignored", "a"), "/api/v1/namespaces/a", id="cluster-scoped"),
        pytest.param(
            ("rbac.authorization.k8s.io", "v1", "clusterroles", False),
            (None, "system:node x?y"),
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node%20x%3Fy",
            id="names are quoted",
        ),
    ],
)
def test_paths(resource: tuple[str, str, str, bool], arguments: tuple[str, ...], path: str) -> None:
    group_name, version, plural, namespaced = resource
    made = ApiResource(group_name, version, plural, plural.rstrip("s"), plural.title(), namespaced, frozenset())
    assert made.path(*arguments) == path


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"kind": "APIGroupDiscoveryList", "items": [1]}, r"items\[0\] is not a mapping"),
        ({"kind": "APIGroupDiscoveryList", "items": [{"versions": [{"resources": {}}]}]}, "resources is not a list"),
        ({"kind": "APIVersions", "versions": [["v1"]]}, r"versions\[0\] is not text"),
        ({"kind": "APIGroupList", "groups": [{"versions": [{"version": 1}]}]}, "version is not text"),
    ],
)
def test_answers_that_tell_nothing(answer: dict[str, t.Any], said: str) -> None:
    client = aggregated()
    client.answers["/apis"] = answer
    with pytest.raises(KubeError, match=f"does not tell what its API has: .*{said}"):
        Discovery.read(t.cast("t.Any", client))


def test_entries_without_a_name_are_left_out() -> None:
    client = aggregated()
    client.answers["/apis"] = {
        "kind": "APIGroupDiscoveryList",
        "items": [group("x", ("", [entry("a", "A")]), ("v1", [entry("", "B")]))],
    }
    found = Discovery.read(t.cast("t.Any", client))
    assert {resource.group for resource in found.resources} == {""}
