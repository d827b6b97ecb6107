# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A backup beside the cluster, and beside another backup: object by object, and nothing is changed."""

from __future__ import annotations

import typing as t
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._proof.backup_diff import diff_backups
from ansible_collections.arkive.k8s.plugins.module_utils._proof.diff_outcome import (
    ComparedObject,
    DiffOutcome,
    patched_fields,
)
from ansible_collections.arkive.k8s.plugins.module_utils._proof.junit import junit_report
from ansible_collections.arkive.k8s.plugins.module_utils._proof.live_diff import diff_live
from ansible_collections.arkive.k8s.plugins.module_utils._restore.request import RestoreRequest
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.plugins.module_utils._velero.restore_spec import RestoreSpec
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import (
    RestoreApi,
    config,
    write_backup,
)


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(LocalLocation(path=str(tmp_path)))


@pytest.fixture
def api() -> RestoreApi:
    found = RestoreApi()
    found.add("namespaces", "shop", status={"phase": "Active"})
    return found


def live(api: RestoreApi, store: LocalStore, **options: t.Any) -> DiffOutcome:
    own = {name: options.pop(name) for name in ("names", "want_diff") if name in options}
    fields = {"backup_name": "b", "existing_resource_policy": "update", **options}
    request = RestoreRequest(spec=RestoreSpec.from_options(fields), write_records=False, workers=2, **own)
    return diff_live(request, client=api.client, store=store)


def rows(outcome: DiffOutcome) -> list[tuple[str, str, tuple[str, ...]]]:
    return [
        (f"{each.group_resource} {each.name}", each.state, each.fields)
        for each in outcome.objects
        if each.group_resource != GroupResource("namespaces")
    ]


def test_the_cluster(api: RestoreApi, store: LocalStore) -> None:
    write_backup(store, "b", config("same"), config("other", a="1", b="2"), config("gone"))
    for name, data in (("same", {"a": "1"}), ("other", {"a": "9"}), ("new", {})):
        api.add("configmaps", name, "shop", data=data)
    owner = {"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": "u", "controller": True}
    api.add("configmaps", "made", "shop", metadata={"ownerReferences": [owner]})
    api.add("configmaps", "elsewhere", "bank", data={})
    api.add("secrets", "of-another-type", "shop")
    before, keys = dict(api.objects), [info.key for info in store.list().objects]

    outcome = live(api, store, want_diff=True)

    assert sorted(rows(outcome)) == [
        ("configmaps gone", "missing", ()),
        ("configmaps new", "extra", ()),
        ("configmaps other", "changed", ("data.a", "data.b")),
        ("configmaps same", "equal", ()),
    ]
    assert len(outcome.drift) == 3
    assert any('b: "2"' in diff["after"] or "b: '2'" in diff["after"] for diff in outcome.diffs)
    assert api.objects == before
    assert [line for line in api.requests if not line.startswith("GET ")] == []
    assert [info.key for info in store.list().objects] == keys


def test_nothing_differs(api: RestoreApi, store: LocalStore) -> None:
    write_backup(store, "b", config("same"))
    api.add("configmaps", "same", "shop", data={"a": "1"}, metadata={"labels": {"velero.io/restore-name": "r"}})
    outcome = live(api, store)
    assert outcome.drift == []
    assert outcome.to_return()["differs"] is False


def test_who_may_only_read(api: RestoreApi, store: LocalStore) -> None:
    write_backup(store, "b", config("other", a="2"))
    api.add("configmaps", "other", "shop", data={"a": "1"})
    api.denied = {("patch", "configmaps"), ("update", "configmaps"), ("create", "configmaps")}
    assert rows(live(api, store)) == [("configmaps other", "changed", ("data.a",))]


def test_who_may_not_even_list(api: RestoreApi, store: LocalStore) -> None:
    """That nothing was seen to differ is not that nothing differs."""
    write_backup(store, "b", config("other", a="2"))
    api.add("configmaps", "other", "shop", data={"a": "1"})
    api.denied = {("list", "configmaps")}
    outcome = live(api, store)
    assert outcome.drift == []
    assert [each.name for each in outcome.not_known] == ["other"]
    assert "more configmaps than the backup is not known" in outcome.unknown[0]


def test_what_no_restore_brings_back_is_no_drift(store: LocalStore) -> None:
    event = {"apiVersion": "v1", "kind": "Event", "metadata": {"namespace": "shop", "name": "e"}, "count": 1}
    write_backup(store, "b", config("same"), ("events", event))
    write_backup(store, "c", config("same"), ("events", {**event, "count": 2}))
    outcome = diff_backups("b", "c", store=store)
    assert [each.name for each in outcome.objects] == ["same"]


def test_single_objects(api: RestoreApi, store: LocalStore) -> None:
    """What nobody has asked for is no drift."""
    write_backup(store, "b", config("one"), config("two"))
    api.add("configmaps", "new", "shop")
    outcome = live(api, store, names=("configmaps/shop/one",))
    assert rows(outcome) == [("configmaps one", "missing", ())]
    assert "not looked for" in outcome.warnings[-1]


def test_an_unknown_backup(api: RestoreApi, store: LocalStore) -> None:
    with pytest.raises(ArkiveError, match="There is no backup 'b'"):
        live(api, store)


def test_two_backups(store: LocalStore) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "shop"}}
    write_backup(
        store, "a", config("same"), config("other"), config("gone"), ("secrets", {**secret, "data": {"p": "MQ=="}})
    )
    write_backup(
        store,
        "b",
        config("same"),
        config("other", a="2"),
        config("new"),
        ("secrets", {**secret, "data": {"p": "Mg=="}}),
    )
    outcome = diff_backups("a", "b", store=store)
    assert rows(outcome) == [
        ("configmaps gone", "missing", ()),
        ("configmaps new", "extra", ()),
        ("configmaps other", "changed", ("data.a",)),
        ("configmaps same", "equal", ()),
        ("secrets s", "changed", ("data.p",)),
    ]
    assert len(outcome.diffs) == 4
    assert "MQ==" not in str(outcome.diffs)
    assert "Mg==" not in str(outcome.diffs)
    assert diff_backups("a", "a", store=store).drift == []
    few = diff_backups("a", "b", store=store, max_diffs=1)
    assert (len(few.diffs), few.diffs_left_out) == (1, 3)


@pytest.mark.parametrize(
    ("patch", "fields"),
    [
        (None, ()),
        ({}, ()),
        ({"spec": {"replicas": 2, "x": None}}, ("spec.replicas", "spec.x")),
        ({"metadata": {"labels": {"velero.io/backup-name": "b", "app": "w"}}}, ("metadata.labels.app",)),
        ({"metadata": {"labels": {"a.b/c": "w"}}}, ('metadata.labels["a.b/c"]',)),
        ({"data": {"a-b": {"c": 1}}}, ('data["a-b"].c',)),
        ({"spec": {"list": [1, 2]}}, ("spec.list",)),
    ],
)
def test_paths(patch: t.Any, fields: tuple[str, ...]) -> None:
    assert patched_fields(patch) == fields


def test_very_many_paths() -> None:
    found = patched_fields({"data": {f"k{number}": 1 for number in range(80)}})
    assert len(found) == 51
    assert found[-1] == "and 30 more"


def test_junit() -> None:
    maps = GroupResource("configmaps")
    outcome = DiffOutcome(
        backup="b",
        other="the cluster\x00",
        location="/x",
        objects=(
            ComparedObject(maps, "shop", "same", "equal"),
            ComparedObject(maps, "shop", "other", "changed", fields=("data.a", "data.b")),
            ComparedObject(maps, "", "<new>", "extra"),
            ComparedObject(maps, "shop", "odd", "not_compared", reason="why \x1b"),
        ),
    )
    root = ET.fromstring(junit_report(outcome))
    (suite,) = root
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("4", "2", "1")
    same, other, new, odd = suite
    assert len(same) == 0
    assert (same.get("classname"), same.get("name")) == ("configmaps.shop", "same")
    assert other[0].get("type") == "changed"
    assert other[0].text == "data.a\ndata.b"
    assert new.get("name") == "<new>"
    assert odd[0].tag == "skipped"


def test_what_its_owner_makes_differs_with_it(api: RestoreApi, store: LocalStore) -> None:
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "maker", "uid": "u", "controller": True}
    _type, owned = config("owned", a="2")
    owned["metadata"]["ownerReferences"] = [owner]
    _type, orphan = config("orphan", a="2")
    orphan["metadata"]["ownerReferences"] = [{**owner, "name": "nobody"}]
    write_backup(store, "b", config("maker", a="2"), ("configmaps", owned), ("configmaps", orphan))
    for name in ("maker", "owned", "orphan"):
        api.add("configmaps", name, "shop", data={"a": "1"})
    outcome = live(api, store, want_diff=True)
    states = {row[0]: row[1] for row in rows(outcome)}
    assert states == {
        "configmaps maker": "changed",
        "configmaps owned": "not_compared",
        "configmaps orphan": "changed",
    }
    assert len(outcome.diffs) == 2
    write_backup(store, "c", config("maker", a="1"))
    states = {row[0]: row[1] for row in rows(diff_backups("b", "c", store=store))}
    assert states == {
        "configmaps maker": "changed",
        "configmaps owned": "not_compared",
        "configmaps orphan": "missing",
    }
