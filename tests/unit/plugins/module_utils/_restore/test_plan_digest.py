# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan is known again as long as the same would be done, and what is different has a name."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.execution_hooks import ExecutionHooks, HookReference
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.kasten_objects import ReadHooks
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._restore.gate.covered_options import (
    NOT_COVERED,
    covered_options,
    plain,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.expected_plan import ExpectedPlan
from ansible_collections.arkive.k8s.plugins.module_utils._restore.model.plan_digest import (
    ObjectDigest,
    PlanDigest,
    is_digest,
)
from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_modifiers import parse_modifiers
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_location import SnapshotLocation
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import (
    RestoreApi,
    config,
    plan,
    restore,
    write_backup,
)


def secret(value: str) -> tuple[str, Object]:
    metadata = {"name": "db", "namespace": "shop", "annotations": {"note": value}}
    return "secrets", {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"password": value}}


def digest(outcome: RestoreOutcome) -> PlanDigest:
    assert outcome.digest is not None
    return outcome.digest


def expecting(outcome: RestoreOutcome, *, whole: bool = False) -> ExpectedPlan:
    found = digest(outcome)
    return ExpectedPlan(found.text, found if whole else None)


def test_a_plan_is_the_same_again(api: RestoreApi, store: t.Any) -> None:
    """Without a name the restore is named after the time, and its name is a label of what it makes."""
    write_backup(store, "b", config("one"), config("two"), secret("a"))
    first, second = plan(api, store, name=""), plan(api, store, name="", workers=7, want_diff=True)
    assert is_digest(digest(first).text)
    assert digest(first) == digest(second)


def test_the_order_of_an_archive_is_nothing(api: RestoreApi, store: t.Any) -> None:
    write_backup(store, "b", config("one"), config("two"))
    first = digest(plan(api, store))
    write_backup(store, "b", config("two"), config("one"))
    assert digest(plan(api, store)).text == first.text


def test_the_order_of_the_server_is_nothing(api: RestoreApi, store: t.Any) -> None:
    """Neither that of the objects in its lists, nor which of them it answers for first."""
    write_backup(store, "b", *(config(name, a="2") for name in ("one", "two", "three")))
    found = []
    for names in (("one", "two", "three"), ("three", "two", "one")):
        for name in names:
            api.objects.pop(("configmaps", "shop", name), None)
        for name in names:
            api.add("configmaps", name, namespace="shop", data={"a": "1"})
        found.append(digest(plan(api, store, existing_resource_policy="update", workers=8)))
    assert found[0] == found[1]


def test_what_others_do_to_an_object_that_stays_different(api: RestoreApi, store: t.Any) -> None:
    """Versions and fields of what is in the cluster are not approved, but what becomes of it is."""
    write_backup(store, "b", config("one", a="1"))
    api.add("configmaps", "one", namespace="shop", data={"a": "2"})
    first = digest(plan(api, store, existing_resource_policy="update"))
    api.add("configmaps", "one", namespace="shop", data={"a": "3"}, metadata={"annotations": {"x": "y"}})
    assert digest(plan(api, store, existing_resource_policy="update")).text == first.text
    assert [each.action for each in first.objects if each.resource == "configmaps"] == ["update"]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"existing_resource_policy": "update"}, ["existingResourcePolicy"]),
        ({"preserve_node_ports": True}, ["preserveNodePorts"]),
        ({"names": ("configmap/shop/one", "configmap/shop/two")}, ["names"]),
        ({"legacy_labels": True}, ["legacy_labels"]),
        ({"name": "again"}, ["name"]),
        ({"force": True}, ["force"]),
    ],
)
def test_an_option_that_counts(api: RestoreApi, store: t.Any, options: Object, named: list[str]) -> None:
    write_backup(store, "b", config("one"), config("two"))
    approved = plan(api, store)
    other = plan(api, store, **options)
    assert digest(other).text != digest(approved).text
    mismatch = expecting(approved, whole=True).find_mismatch(digest(other))
    assert mismatch is not None
    assert mismatch.details["plan_mismatch"]["options"] == named
    assert f"other options: {', '.join(named)}" in mismatch.message


def test_the_backup_counts(api: RestoreApi, store: t.Any) -> None:
    """A backup that was made anew under the same name is another one."""
    write_backup(store, "b", config("one"))
    approved = expecting(plan(api, store))
    backup = json.loads(store.get("backups/b/velero-backup.json"))
    backup["metadata"]["uid"] = "0b7c"
    store.put("backups/b/velero-backup.json", json.dumps(backup).encode())
    refused = restore(api, store, expected_plan=approved)
    assert refused.refusal is not None
    assert "another backup: it is of 'b' with the uid 0b7c" in refused.refusal.message
    assert ("configmaps", "shop", "one") not in {key[:3] for key in api.objects}


def test_an_approved_plan_is_carried_out(api: RestoreApi, store: t.Any) -> None:
    write_backup(store, "b", config("one"), config("two"))
    approved = plan(api, store)
    done = restore(api, store, expected_plan=expecting(approved))
    assert (done.phase, done.states, done.refusal) == ("Completed", {"created": 2, "unchanged": 1}, None)
    assert digest(done).text == digest(approved).text


@pytest.mark.parametrize("whole", [True, False], ids=["file", "digest"])
@pytest.mark.parametrize(
    ("there", "said"),
    [
        pytest.param({"a": "1"}, "configmaps shop/two was to be created, and is to stay as it is", id="unchanged"),
        pytest.param({"a": "9"}, "configmaps shop/two was to be created, and is to be left out", id="differs"),
    ],
)
def test_a_cluster_that_has_moved_on(api: RestoreApi, store: t.Any, whole: bool, there: Object, said: str) -> None:
    write_backup(store, "b", *(config(name) for name in ("one", "two", "three")))
    approved = plan(api, store)
    api.add("configmaps", "two", namespace="shop", data=there)
    before = dict(api.objects)
    refused = restore(api, store, expected_plan=expecting(approved, whole=whole))
    assert refused.refusal is not None
    assert (refused.phase, refused.changed, refused.states, refused.recorded) == ("Failed", False, {}, False)
    assert dict(api.objects) == before, "nothing is written"
    assert "nothing was written" in refused.refusal.message
    assert (said if whole else "configmaps shop/two") in refused.refusal.message
    assert "shop/one" not in refused.refusal.message
    told = refused.refusal.details["plan_mismatch"]
    assert (told["exact"], told["backup"], told["options"]) == (whole, False, [])
    assert refused.errors_list[0]["message"] == refused.refusal.message


def test_bodies_count(api: RestoreApi, store: t.Any) -> None:
    write_backup(store, "b", config("one"), config("two"))
    approved = plan(api, store)
    write_backup(store, "b", config("one"), config("two", a="2"))
    for whole, said in ((True, "configmaps shop/two would get another content"), (False, "among these 1: configmaps")):
        refused = restore(api, store, expected_plan=expecting(approved, whole=whole))
        assert refused.refusal is not None
        assert said in refused.refusal.message


def test_objects_that_came_and_went(api: RestoreApi, store: t.Any) -> None:
    write_backup(store, "b", config("one"), config("two"))
    approved = plan(api, store)
    write_backup(store, "b", config("one"), config("three"))
    mismatch = expecting(approved, whole=True).find_mismatch(digest(plan(api, store)))
    assert mismatch is not None
    assert "configmaps shop/three is new in it (create)" in mismatch.message
    assert "configmaps shop/two is not in it any more" in mismatch.message


def test_values_of_secrets_cannot_be_tried_out(api: RestoreApi, store: t.Any) -> None:
    """Whoever has the digests of a plan could try passwords; the uid of the backup stands for them."""
    write_backup(store, "b", secret("letmein"))
    first = digest(plan(api, store))
    write_backup(store, "b", secret("12345678"))
    assert digest(plan(api, store)) == first


def test_a_server_that_cannot_judge_is_no_other_plan(api: RestoreApi, store: t.Any) -> None:
    """``unverified`` is what nobody could judge: what will be done is the same."""
    write_backup(store, "b", config("one"))
    approved = plan(api, store)

    def refuse(verb: str, path: str, dry_run: bool) -> KubeError | None:
        busy = dry_run and verb == "POST" and path.endswith("/configmaps")
        return KubeError("busy", status=503, reason="ServiceUnavailable") if busy else None

    api.refuse = refuse
    again = plan(api, store)
    assert [item["action"] for item in again.plan_items if item["name"] == "one"] == ["unverified"]
    assert digest(again).text == digest(approved).text


def test_many_objects_that_differ_are_some_names() -> None:
    def of(action: str) -> PlanDigest:
        objects = tuple(ObjectDigest("configmaps", "shop", f"c-{number:05}", action, "d") for number in range(2000))
        return PlanDigest(backup_name="b", backup_uid="u", options={}, objects=objects)

    for plan_of in (of("create"), None):
        mismatch = ExpectedPlan(of("create").text, plan_of).find_mismatch(of("update"))
        assert mismatch is not None
        assert len(mismatch.message) < 2000
        assert "and 1990 more" in mismatch.message
        assert len(mismatch.details["plan_mismatch"]["objects"]) == 500


@pytest.mark.parametrize("text", ["", "v1:abc", "v2:" + "0" * 64 + ":" + "0" * 136, "0" * 64, "v1:" + "G" * 201])
def test_what_is_no_digest(text: str) -> None:
    with pytest.raises(ValidationError, match="is not the digest of a plan"):
        ExpectedPlan.of_digest(text)


# -- options ----------------------------------------------------------------------------------------------------------


def full_request(**changes: t.Any) -> RestoreRequest:
    rules = {
        "version": "v1",
        "resourceModifierRules": [
            {
                "conditions": {
                    "groupResource": "pods",
                    "resourceNameRegex": "^web-.*",
                    "labelSelector": {"matchLabels": {"a": "b"}},
                },
                "mergePatches": [{"patchData": {"metadata": {"labels": {"a": "b"}}}}],
            }
        ],
    }
    hook = [{"name": "r", "postHooks": [{"exec": {"command": ["true"]}}]}]
    selector = {"matchLabels": {"app": "shop"}}
    spec = RestoreSpec.from_options(
        {"backup_name": "b", "hooks": hook, "label_selector": selector, "restore_status": {"included_resources": ["*"]}}
    )
    execution = ReadHooks(hooks=ExecutionHooks(pre_hook=HookReference(blueprint="bp", action_name="a")))
    given: dict[str, t.Any] = {
        "modifiers": parse_modifiers(rules),
        "execution_hooks": execution,
        "snapshot_location": SnapshotLocation(region="r", access_key="AKIA-canary", secret_key="canary"),
        "api_version_priorities": {"widgets.example.org": ["v2", "v1"]},
    }
    return RestoreRequest(spec=spec, **{**given, **changes})


def test_options_are_told_by_what_they_are() -> None:
    """No address of an object of Python, which is another one in each run, and no credentials."""
    request = full_request()
    text = json.dumps([plain(getattr(request, field.name)) for field in dataclasses.fields(request)], sort_keys=True)
    assert " at 0x" not in text
    assert "canary" not in text
    rotated = full_request(snapshot_location=SnapshotLocation(region="r", access_key="B", secret_key="c"))
    assert covered_options(rotated) == covered_options(request)
    moved = full_request(snapshot_location=SnapshotLocation(region="r2"))
    assert covered_options(moved) != covered_options(request)


def test_each_option_is_covered_or_known_not_to_be() -> None:
    """A new field of the request is covered until somebody says that it decides nothing."""
    names = {field.name for field in dataclasses.fields(RestoreRequest)}
    assert names >= NOT_COVERED
    assert names - NOT_COVERED - {"spec"} <= set(covered_options(full_request()))


def test_the_same_in_another_process() -> None:
    """With another seed for hashes, and without the libraries that read JSON faster."""
    code = (
        "from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.test_plan_digest import *\n"
        "print(PlanDigest(backup_name='b', backup_uid='u', options=covered_options(full_request()), objects=()).text)"
    )
    options = covered_options(full_request())
    here = PlanDigest(backup_name="b", backup_uid="u", options=options, objects=()).text
    environment = {"PYTHONHASHSEED": "7", "ARKIVE_ACCELERATORS": "none", "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == here


def test_the_text_is_settled() -> None:
    """Another text for the same plan would refuse what was approved: then the version must be another one as well."""
    one = ObjectDigest("deployments.apps", "shop", "web", "create", "ab")
    text = PlanDigest(backup_name="b", backup_uid="u", options={"names": "cd"}, objects=(one,)).text
    assert text.split(":")[1] == "4fd1474f02f2361c507b0448e0e2e914111b70813953481d74981b9354305bc8"
