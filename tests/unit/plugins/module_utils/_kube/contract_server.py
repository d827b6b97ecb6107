# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked of an API server itself: its version, clock, types, rights, and how much it takes."""

from __future__ import annotations

import datetime as dt
import email.utils
import secrets
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.contract_place import (
    ApiContract,
    ClientAs,
    Place,
    Reply,
    ask,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import (
    REVIEWS,
    SNAPSHOT_TYPES,
    TYPES,
)

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"


def crowd(client: KubeClient, path: str) -> Reply:
    """The first answer that says that there were too many requests at once."""
    end = time.monotonic() + 30
    with ThreadPoolExecutor(8) as pool:
        while time.monotonic() < end:
            for reply in pool.map(lambda _turn: ask(client, "GET", path), range(32)):
                if reply.status == 429:
                    return reply
    pytest.fail("no request was one too many")


class ServerContract(ApiContract):
    """What is asked of the server itself."""

    def test_the_version(self, client: KubeClient) -> None:
        found = client.version()
        assert found["gitVersion"].startswith(f"v{found['major']}.{found['minor']}.")

    def test_the_clock(self, client: KubeClient) -> None:
        told = ask(client, "GET", "/version").headers["Date"]
        assert abs((email.utils.parsedate_to_datetime(told) - dt.datetime.now(tz=dt.UTC)).total_seconds()) < 60
        assert abs((client.server_now() - dt.datetime.now(tz=dt.UTC)).total_seconds()) < 60

    def test_discovery_has_two_forms(self, client: KubeClient) -> None:
        forms = []
        for accept, kinds in (
            (AGGREGATED, ["APIGroupDiscoveryList"] * 2),
            ("application/json", ["APIVersions", "APIGroupList"]),
        ):
            answers = [ask(client, "GET", path, accept=accept).document for path in ("/api", "/apis")]
            assert [answer["kind"] for answer in answers] == kinds
            forms.append(answers)
        names_of_groups = [entry["name"] for entry in forms[1][1]["groups"]]
        assert {item["metadata"]["name"] for item in forms[0][1]["items"]} == set(names_of_groups)

    def test_legacy_discovery_of_a_version(self, client: KubeClient) -> None:
        answer = client.get("/api/v1")
        assert (answer["kind"], answer["groupVersion"]) == ("APIResourceList", "v1")
        (entry,) = [each for each in answer["resources"] if each["name"] == "configmaps"]
        assert (entry["singularName"], entry["namespaced"], entry["shortNames"]) == ("configmap", True, ["cm"])
        (status,) = [each for each in answer["resources"] if each["name"] == "namespaces/status"]
        assert sorted(status["verbs"]) == ["get", "patch", "update"]
        assert client.get("/apis/apps/v1")["groupVersion"] == "apps/v1"

    @pytest.mark.parametrize("each", TYPES + REVIEWS + SNAPSHOT_TYPES, ids=lambda each: each.plural)
    def test_types(self, discovery: Discovery, each: t.Any) -> None:
        """Those in memory are as the real ones: only where they are served at all can a test say what they do."""
        (found,) = [
            resource
            for resource in discovery.resources
            if (resource.api_version, resource.plural) == (each.api_version, each.plural)
        ]
        assert found.preferred
        assert (found.kind, found.singular, found.namespaced, found.short_names, found.verbs) == (
            each.kind,
            each.singular,
            each.namespaced,
            each.short_names,
            frozenset(each.verbs),
        )

    def test_a_deprecated_type_warns(self, place: Place) -> None:
        path = f"/api/v1/namespaces/{place.namespace}/endpoints"
        (endpoints,) = [each for each in TYPES if each.plural == "endpoints"]
        assert ask(place.client, "GET", path).headers["Warning"] == f'299 - "{endpoints.deprecated}"'
        assert "Warning" not in ask(place.client, "GET", place.maps).headers

    def test_somebody_without_rights(self, place: Place, client_as: ClientAs, nobody: str) -> None:
        other = client_as(nobody)
        reply = ask(other, "GET", place.maps)
        assert (reply.status, reply.document["reason"]) == (403, "Forbidden")
        words = (
            f'User "{nobody}" cannot list resource "configmaps" in API group "" in the namespace "{place.namespace}"'
        )
        assert reply.document["message"] == f"configmaps is forbidden: {words}"
        assert ask(other, "GET", f"{place.maps}/x").document["message"].startswith('configmaps "x" is forbidden')
        with pytest.raises(KubeError) as caught:
            list(other.stream(place.maps, query={"watch": "1"}, timeout=5.0))
        assert caught.value.forbidden

    def test_reviews(self, place: Place, client_as: ClientAs, nobody: str) -> None:
        asked: dict[str, str] = {"resource": "pods", "subresource": "exec", "namespace": place.namespace}
        assert place.client.can_i("create", **asked)
        assert not client_as(nobody).can_i("create", **asked)
        spec = {"namespace": place.namespace}
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectRulesReview", "spec": spec}
        answer = place.client.post("/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", review)
        assert isinstance(answer["status"]["resourceRules"], list)
        assert {"verbs", "apiGroups", "resources"} <= answer["status"]["resourceRules"][0].keys()

    def test_too_many_requests(self, place: Place, client_as: ClientAs, crowded: str) -> None:
        reply = crowd(client_as(crowded), place.maps)
        assert int(reply.headers["Retry-After"]) >= 1
        assert reply.document is None, "it is a line of text"
        assert b"Too many requests" in reply.data

    def test_a_namespace_ends(self, client: KubeClient) -> None:
        name = f"arkive-test-{secrets.token_hex(4)}"
        made = client.post("/api/v1/namespaces", {"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name}})
        assert made["status"] == {"phase": "Active"}
        place = Place(client, name)
        place.make("a", finalizers=["example.org/mine"])
        client.delete(f"/api/v1/namespaces/{name}")
        ending = client.get(f"/api/v1/namespaces/{name}")
        assert ending["status"]["phase"] == "Terminating"
        assert ending["metadata"]["deletionTimestamp"]
        reply = ask(client, "POST", place.maps, place.config("b"))
        assert (reply.status, reply.document["reason"]) == (403, "Forbidden")
        assert reply.document["details"]["causes"][0]["reason"] == "NamespaceTerminating"
        client.patch(place.path("a"), {"metadata": {"finalizers": None}})


__all__ = ("ServerContract",)
