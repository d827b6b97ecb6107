# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import io
import json
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import to_return
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.archives import obj, tar_gz
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kube.memory_types import ApiType
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import (
    RestoreApi,
    actions,
    plan,
    restore,
)

FOLDER = "resources/configmaps/namespaces/shop"
SECRET = obj("Secret", "s", "shop", stringData={"a": "b"})
GOOD = (f"{FOLDER}/good.json", obj("ConfigMap", "good", "shop", data={"a": "b"}))
BINDING = obj("ClusterRoleBinding", "crb", None, "rbac.authorization.k8s.io/v1", roleRef={"name": "view"})


def store_of(store: t.Any, *members: tuple[str, t.Any]) -> t.Any:
    backup = obj("Backup", "b", "velero", "velero.io/v1", spec={}, status={"phase": "Completed"})
    store.put("backups/b/b.tar.gz", io.BytesIO(tar_gz(*members)).getvalue())
    store.put("backups/b/velero-backup.json", json.dumps(backup).encode())
    return store


def written(api: RestoreApi) -> list[str]:
    return [request for request in api.requests if not request.startswith("GET")]


@pytest.mark.parametrize(
    "member",
    [
        pytest.param((f"{FOLDER}/s.json", SECRET), id="a Secret"),
        pytest.param((f"{FOLDER}/crb.json", BINDING), id="a ClusterRoleBinding"),
        pytest.param((f"{FOLDER}/c.json", obj("ConfigMap", "c", "kube-system")), id="another namespace"),
        pytest.param((f"{FOLDER}/c.json", obj("ConfigMap", "d", "shop")), id="another name"),
    ],
)
def test_what_filters_would_let_through_is_not_written(
    api: RestoreApi, store: t.Any, member: tuple[str, t.Any]
) -> None:
    store_of(store, GOOD, member)
    options: dict[str, t.Any] = {"included_resources": ["configmaps"], "include_cluster_resources": False}
    with pytest.raises(ArchiveError, match="does not hold what its path says") as caught:
        restore(api, store, **options)
    assert "on_bad_member: skip" in str(caught.value.hint)
    assert to_return(caught.value.told) == caught.value.details["errors_list"], "it says all that there is to say"
    assert member[0] in caught.value.message
    assert written(api) == []
    done = restore(api, store, on_bad_member="skip", **options)
    assert api.names("configmaps", "shop") == ["good"]
    assert api.names("secrets", "shop") == []
    assert done.phase == "PartiallyFailed"
    assert [member[0] in issue["message"] for issue in done.errors_list] == [True]


def test_check_mode_tells_the_same(api: RestoreApi, store: t.Any) -> None:
    store_of(store, GOOD, (f"{FOLDER}/s.json", SECRET))
    told = plan(api, store, on_bad_member="skip")
    assert actions(told) == {"shop": "unchanged", "good": "create"}
    assert [f"{FOLDER}/s.json" in issue["message"] for issue in told.errors_list] == [True]
    assert written(api) == []


def test_the_first_of_several_is_in_the_refusal(api: RestoreApi, store: t.Any) -> None:
    store_of(store, GOOD, *((f"{FOLDER}/s{number}.json", SECRET) for number in range(3)))
    with pytest.raises(ArchiveError, match="2 more members are bad") as caught:
        restore(api, store)
    [told] = caught.value.told
    assert caught.value.message.partition(" 2 more")[0] in told.message
    assert len(caught.value.details["errors_list"]) == 3


def test_each_of_many_is_named(api: RestoreApi, store: t.Any) -> None:
    store_of(store, GOOD, *((f"{FOLDER}/s{number}.json", SECRET) for number in range(30)))
    told = plan(api, store, on_bad_member="skip")
    assert len(told.errors_list) == 30
    assert all(any(f"{FOLDER}/s{number}.json" in each["message"] for each in told.errors_list) for number in range(30))


def test_bad_members_that_the_filters_keep_out_are_no_matter(api: RestoreApi, store: t.Any) -> None:
    store_of(store, GOOD, ("resources/secrets/namespaces/shop/s.json", obj("Secret", "other", "shop")))
    for mode in ("fail", "skip"):
        done = restore(api, store, included_resources=["configmaps"], on_bad_member=mode)
        assert done.errors_list == []
    assert api.names("configmaps", "shop") == ["good"]


def test_kinds_are_what_the_server_says(api: RestoreApi, store: t.Any) -> None:
    """A custom kind under the plural of another one of its group, which no table knows."""
    for plural, kind in (("widgets", "Widget"), ("admins", "Admin")):
        api.types.append(ApiType(group="example.org", plural=plural, kind=kind, custom=True))
    store_of(
        store,
        GOOD,
        ("resources/widgets.example.org/namespaces/shop/w.json", obj("Admin", "w", "shop", "example.org/v1")),
    )
    with pytest.raises(ArchiveError, match=r"has the kind Admin under admins\.example\.org"):
        restore(api, store, included_resources=["widgets.example.org"])
    assert written(api) == []


def test_one_bad_member_is_counted_once(api: RestoreApi, store: t.Any) -> None:
    store_of(store, *((f"{FOLDER}/{name}.json", SECRET) for name in "abc"))
    with pytest.raises(ArchiveError, match="2 more members are bad") as caught:
        restore(api, store)
    assert len(caught.value.details["bad_members"]) == 3


def test_a_selection_of_bad_members_alone_is_not_an_empty_one(api: RestoreApi, store: t.Any) -> None:
    broken = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "shop", "labels": []}}
    store = store_of(store, ("resources/configmaps/namespaces/shop/a.json", broken))
    done = restore(api, store, on_bad_member="skip")
    assert done.phase == "PartiallyFailed"
    assert "It was left out." in done.errors_list[0]["message"]
