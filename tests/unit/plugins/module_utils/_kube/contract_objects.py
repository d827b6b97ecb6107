# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Single objects, as every API server treats them."""

from __future__ import annotations

import datetime as dt
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import (
    JSON_PATCH,
    MERGE_PATCH,
    KubeClient,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.contract_place import ApiContract, Place, ask

STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"


def patch_of(kind: str, data: Object) -> tuple[t.Any, str]:
    """A patch of ConfigMap data by its kind, and the query's field manager."""
    if kind == JSON_PATCH:
        return [{"op": "add", "path": f"/data/{key}", "value": value} for key, value in data.items()], ""
    if kind == APPLY_PATCH:
        return {"apiVersion": "v1", "kind": "ConfigMap", "data": data}, "tester"
    return {"data": data}, ""


class ObjectContract(ApiContract):
    """Single objects."""

    def test_a_new_object(self, place: Place) -> None:
        made = place.make("a", {"a": "1"})
        assert (made["kind"], made["apiVersion"], made["data"]) == ("ConfigMap", "v1", {"a": "1"})
        metadata = made["metadata"]
        assert (metadata["name"], metadata["namespace"]) == (place.name("a"), place.namespace)
        assert metadata["uid"]
        assert int(metadata["resourceVersion"]) > 0
        dt.datetime.strptime(metadata["creationTimestamp"], "%Y-%m-%dT%H:%M:%SZ")
        assert place.client.get(place.path("a")) == made

    def test_statuses(self, place: Place) -> None:
        assert ask(place.client, "POST", place.maps, place.config("a")).status == 201
        for verb, body in (("GET", None), ("PUT", place.config("a")), ("DELETE", None)):
            assert place.ask(verb, "a", body).status == 200

    def test_not_there(self, place: Place) -> None:
        for verb, body in (("GET", None), ("PUT", place.config("a")), ("DELETE", None)):
            reply = place.ask(verb, "a", body)
            name = place.name("a")
            assert reply.status == 404
            assert reply.document == {
                "kind": "Status",
                "apiVersion": "v1",
                "metadata": {},
                "status": "Failure",
                "message": f'configmaps "{name}" not found',
                "reason": "NotFound",
                "details": {"name": name, "kind": "configmaps"},
                "code": 404,
            }
        assert place.ask("PATCH", "a", {}, content_type=MERGE_PATCH).status == 404

    def test_messages_name_the_group(self, place: Place) -> None:
        reply = ask(place.client, "GET", f"{place.leases}/gone")
        assert reply.document["message"] == 'leases.coordination.k8s.io "gone" not found'
        assert reply.document["details"] == {"name": "gone", "group": "coordination.k8s.io", "kind": "leases"}

    @pytest.mark.parametrize("path", ["/api/v1/nothings", "/apis/nothing.example/v1/things", "/api/v9/pods"])
    def test_unknown_types(self, client: KubeClient, path: str) -> None:
        with pytest.raises(KubeError) as caught:
            client.get(path)
        assert caught.value.not_found

    def test_taken_names(self, place: Place) -> None:
        place.make("a")
        reply = ask(place.client, "POST", place.maps, place.config("a"))
        assert (reply.status, reply.document["reason"]) == (409, "AlreadyExists")
        assert reply.document["message"] == f'configmaps "{place.name("a")}" already exists'
        assert ask(place.client, "POST", place.maps, place.config("a"), dryRun="All").status == 409

    def test_generated_names(self, place: Place) -> None:
        body = {**place.config("a"), "metadata": {"generateName": "gen-"}}
        made = [place.client.post(place.maps, body)["metadata"]["name"] for _each in range(3)]
        assert len(set(made)) == 3
        assert {(name[:4], len(name)) for name in made} == {("gen-", 9)}
        both = {"generateName": "gen-", "name": place.name("n")}
        assert place.client.post(place.maps, {**body, "metadata": both})["metadata"]["name"] == place.name("n")

    @pytest.mark.parametrize(
        ("change", "status", "reason"),
        [
            pytest.param({"name": ""}, 422, "Invalid", id="no name"),
            pytest.param({"name": "No_Good"}, 422, "Invalid", id="no name for an object"),
            pytest.param({"namespace": "another"}, 400, "BadRequest", id="another namespace"),
        ],
    )
    def test_bad_metadata(self, place: Place, change: Object, status: int, reason: str) -> None:
        body = place.config("a")
        reply = ask(place.client, "POST", place.maps, {**body, "metadata": {**body["metadata"], **change}})
        assert (reply.status, reply.document["reason"]) == (status, reason)

    def test_another_kind(self, place: Place) -> None:
        reply = ask(place.client, "POST", place.leases, place.config("a"))
        assert (reply.status, reply.document["reason"]) == (400, "BadRequest")

    def test_no_namespace(self, place: Place) -> None:
        reply = ask(place.client, "POST", "/api/v1/namespaces/not-there-x/configmaps", place.config("a"))
        assert (reply.status, reply.document["reason"]) == (404, "NotFound")
        assert reply.document["message"] == 'namespaces "not-there-x" not found'

    def test_a_version_in_a_new_object(self, place: Place) -> None:
        """What a backup has must be taken out first."""
        reply = ask(place.client, "POST", place.maps, place.config("a", resourceVersion="1"))
        assert reply.status >= 400
        assert "resourceVersion should not be set on objects to be created" in reply.document["message"]

    def test_a_uid_in_a_new_object_is_not_taken(self, place: Place) -> None:
        assert place.make("a", uid="mine")["metadata"]["uid"] != "mine"

    @pytest.mark.parametrize(("verb", "collection"), [("POST", False), ("PUT", True), ("PATCH", True)])
    def test_verbs_that_do_not_fit(self, place: Place, verb: str, collection: bool) -> None:
        path = place.maps if collection else place.path("a")
        content_type = MERGE_PATCH if verb == "PATCH" else "application/json"
        assert ask(place.client, verb, path, place.config("a"), content_type=content_type).status == 405

    def test_status_is_left_alone(self, place: Place) -> None:
        path = f"/api/v1/namespaces/{place.namespace}/persistentvolumeclaims"
        claim = {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": place.name("claim")},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": "none-such",
                "resources": {"requests": {"storage": "1Gi"}},
            },
            "status": {"phase": "Lost"},
        }
        assert place.client.post(path, claim)["status"] == {"phase": "Pending"}
        own = f"{path}/{place.name('claim')}"
        assert place.client.patch(own, {"status": {"phase": "Lost"}})["status"]["phase"] == "Pending"
        changed = place.client.patch(f"{own}/status", {"status": {"phase": "Lost"}, "spec": {"volumeName": "x"}})
        assert (changed["status"]["phase"], changed["spec"].get("volumeName")) == ("Lost", None)

    def test_an_update_of_an_old_version(self, place: Place) -> None:
        made = place.make("a")
        newer = place.client.put(place.path("a"), {**made, "data": {"a": "2"}})
        assert newer["metadata"]["resourceVersion"] != made["metadata"]["resourceVersion"]
        assert newer["metadata"]["uid"] == made["metadata"]["uid"]
        reply = place.ask("PUT", "a", {**made, "data": {"a": "3"}})
        assert (reply.status, reply.document["reason"]) == (409, "Conflict")
        assert "the object has been modified" in reply.document["message"]
        assert place.client.put(place.path("a"), place.config("a", {"a": "4"}))["data"] == {"a": "4"}

    def test_an_update_of_another_object(self, place: Place) -> None:
        made = place.make("a")
        other = {**made, "metadata": {**made["metadata"], "uid": "00000000-0000-0000-0000-000000000000"}}
        assert place.ask("PUT", "a", other).status == 409
        assert place.ask("PUT", "a", place.config("b")).status == 400

    def test_an_update_that_changes_nothing(self, place: Place) -> None:
        made = place.make("a")
        again = place.client.patch(place.path("a"), {"data": {"a": "1"}})
        assert again["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]

    @pytest.mark.parametrize("kind", [MERGE_PATCH, JSON_PATCH, STRATEGIC_PATCH, APPLY_PATCH])
    def test_patches(self, place: Place, kind: str) -> None:
        made = place.make("a", {"a": "1"})
        patch, manager = patch_of(kind, {"b": "2"})
        query = {"fieldManager": manager} if manager else {}
        changed = place.client.patch(place.path("a"), patch, patch_type=kind, query=query)
        assert changed["data"] == {"a": "1", "b": "2"}
        assert int(changed["metadata"]["resourceVersion"]) > int(made["metadata"]["resourceVersion"])

    def test_merge_patches_take_away(self, place: Place) -> None:
        place.make("a", {"a": "1", "b": "2"}, annotations={"x": "y"})
        changed = place.client.patch(place.path("a"), {"data": {"a": None}, "metadata": {"annotations": {"x": None}}})
        assert changed["data"] == {"b": "2"}
        assert "annotations" not in changed["metadata"]

    def test_merge_patches_of_an_old_version(self, place: Place) -> None:
        place.make("a")
        patch = {"metadata": {"resourceVersion": "1"}, "data": {"a": "2"}}
        reply = place.ask("PATCH", "a", patch, content_type=MERGE_PATCH)
        assert (reply.status, reply.document["reason"]) == (409, "Conflict")

    def test_operations_that_do_not_fit(self, place: Place) -> None:
        place.make("a")
        patch = [{"op": "test", "path": "/data/a", "value": "9"}, {"op": "remove", "path": "/data/a"}]
        assert place.ask("PATCH", "a", patch, content_type=JSON_PATCH).status == 422
        assert place.client.get(place.path("a"))["data"] == {"a": "1"}

    def test_an_apply_makes_what_is_not_there(self, place: Place) -> None:
        body = place.config("a")
        assert place.ask("PATCH", "a", body, content_type=APPLY_PATCH).status >= 400, "without a field manager"
        reply = place.ask("PATCH", "a", body, content_type=APPLY_PATCH, fieldManager="tester")
        assert (reply.status, reply.document["data"]) == (201, {"a": "1"})

    def test_an_unknown_kind_of_patch(self, place: Place) -> None:
        place.make("a")
        assert place.ask("PATCH", "a", {}, content_type="application/json").status == 415

    def test_dry_runs_keep_nothing(self, place: Place) -> None:
        dry = ask(place.client, "POST", place.maps, place.config("a"), dryRun="All")
        assert (dry.status, "resourceVersion" in dry.document["metadata"]) == (201, False)
        assert dry.document["metadata"]["uid"]
        assert place.ask("GET", "a").status == 404
        made = place.make("a")
        changed = place.ask("PATCH", "a", {"data": {"a": "2"}}, content_type=MERGE_PATCH, dryRun="All")
        assert changed.document["data"] == {"a": "2"}
        replaced = place.ask("PUT", "a", place.config("a", {"a": "3"}), dryRun="All")
        assert replaced.document["data"] == {"a": "3"}
        assert place.ask("DELETE", "a", {"kind": "DeleteOptions", "apiVersion": "v1", "dryRun": ["All"]}).status == 200
        assert place.client.get(place.path("a")) == made
        assert ask(place.client, "POST", place.maps, place.config("b"), dryRun="Some").status >= 400

    def test_deletion(self, place: Place) -> None:
        made = place.make("a")
        answer = place.client.delete(place.path("a"))
        assert (answer["kind"], answer["status"]) == ("Status", "Success")
        uid = made["metadata"]["uid"]
        assert answer["details"] == {"name": place.name("a"), "kind": "configmaps", "uid": uid}

    @pytest.mark.parametrize(
        ("field", "value"), [("uid", "00000000-0000-0000-0000-000000000000"), ("resourceVersion", "1")]
    )
    def test_preconditions(self, place: Place, field: str, value: str) -> None:
        made = place.make("a")
        reply = place.ask("DELETE", "a", {"preconditions": {field: value}})
        assert (reply.status, reply.document["reason"]) == (409, "Conflict")
        fitting = {"preconditions": {field: made["metadata"][field]}}
        assert place.ask("DELETE", "a", fitting).status == 200

    def test_finalizers(self, place: Place) -> None:
        place.make("a", finalizers=["example.org/mine"])
        gone = place.client.delete(place.path("a"))
        assert gone["kind"] == "ConfigMap"
        assert gone["metadata"]["deletionTimestamp"]
        assert place.client.delete(place.path("a"))["metadata"]["deletionTimestamp"]
        more = {"metadata": {"finalizers": ["example.org/mine", "example.org/more"]}}
        assert place.ask("PATCH", "a", more, content_type=MERGE_PATCH).status == 422
        assert place.client.patch(place.path("a"), {"data": {"b": "2"}})["data"]["b"] == "2"
        last = place.client.patch(place.path("a"), {"metadata": {"finalizers": None}})
        assert last["metadata"]["deletionTimestamp"]
        assert place.ask("GET", "a").status == 404

    def test_deletion_of_several(self, place: Place) -> None:
        for name in ("a", "b"):
            place.make(name)
        place.make("c", labels={"mark": "other"})
        ask(place.client, "DELETE", place.maps, labelSelector=f"mark={place.mark}")
        assert [place.ask("GET", name).status for name in ("a", "b", "c")] == [404, 404, 200]


__all__ = ("ObjectContract",)
