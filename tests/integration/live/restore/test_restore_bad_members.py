# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An archive with a member that holds another object than its path says: nothing of it reaches the cluster."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import typing as t

import pytest
from restore_lab import Backups, Cluster, action_of

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object


class BadBackup(t.NamedTuple):
    namespace: str
    member: str


def _meta(name: str, namespace: str) -> Object:
    return {"name": name, "namespace": namespace}


def _add_member(backups: Backups, path: str, obj: Object) -> None:
    """One more member in the tarball of the backup ``bad``, as somebody who can write to the store would put it."""
    key, file = "backups/bad/bad.tar.gz", io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(gzip.decompress(backups.store.get(key)))) as old,
        tarfile.open(fileobj=file, mode="w") as new,
    ):
        for member in old:
            new.addfile(member, old.extractfile(member) if member.isfile() else None)
        data = json.dumps(obj).encode()
        info = tarfile.TarInfo(path)
        info.size = len(data)
        new.addfile(info, io.BytesIO(data))
    backups.store.put(key, gzip.compress(file.getvalue()))


def _of(kind: str, namespace: str) -> Object:
    """What lies in the place of a ConfigMap ``stranger``."""
    if kind == "Secret":
        return {"apiVersion": "v1", "kind": kind, "metadata": _meta("stranger", namespace), "stringData": {"a": "b"}}
    if kind == "ClusterRoleBinding":
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
        subject = {"kind": "ServiceAccount", "name": "default", "namespace": namespace}
        binding = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": {"name": namespace}}
        return {**binding, "roleRef": role, "subjects": [subject]}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _meta("stranger", "kube-system"), "data": {}}


@pytest.fixture
def make_bad(backups: Backups, cluster: Cluster) -> t.Callable[[str], BadBackup]:
    """``make_bad("Secret")``: the backup ``bad``, where an object of that kind lies in the place of a ConfigMap."""

    def make(kind: str) -> BadBackup:
        name = cluster.new_name()
        good = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": _meta("good", name), "data": {"a": "b"}}
        backups.write("bad", [("configmaps", good)])
        member = f"resources/configmaps/namespaces/{name}/stranger.json"
        _add_member(backups, member, _of(kind, name))
        return BadBackup(name, member)

    return make


KINDS = pytest.mark.parametrize("kind", ["Secret", "ClusterRoleBinding", "ConfigMap"])


@KINDS
def test_it_is_refused_by_check_mode_and_run_alike(
    kind: str, make_bad: t.Callable[[str], BadBackup], backups: Backups, cluster: Cluster
) -> None:
    bad = make_bad(kind)
    refusal = backups.plan("bad").refusal
    with pytest.raises(ArchiveError, match="does not hold what its path says") as caught:
        backups.restore("bad")
    assert bad.member in caught.value.message
    assert "on_bad_member: skip" in str(caught.value.hint)
    assert refusal is not None
    assert refusal.sentence == caught.value.sentence
    assert cluster.get("namespaces", bad.namespace) is None, "nothing is restored, not even the namespace"
    assert cluster.get("clusterrolebindings", bad.namespace) is None


@KINDS
def test_with_skip_the_rest_is_restored(
    kind: str, make_bad: t.Callable[[str], BadBackup], backups: Backups, cluster: Cluster
) -> None:
    bad = make_bad(kind)
    told = backups.plan("bad", on_bad_member="skip")
    assert action_of(told, "configmaps", "good")[0] == "unverified", "its namespace is not there yet"
    assert cluster.get("namespaces", bad.namespace) is None
    done = backups.restore("bad", on_bad_member="skip")
    assert (told.phase, done.phase) == ("PartiallyFailed", "PartiallyFailed")
    assert [issue["message"] for issue in told.errors_list] == [issue["message"] for issue in done.errors_list]
    assert [bad.member in issue["message"] for issue in done.errors_list] == [True]
    good = cluster.get("configmaps", "good", bad.namespace)
    assert good is not None
    assert good["data"] == {"a": "b"}
    assert cluster.get("secrets", "stranger", bad.namespace) is None
    assert cluster.get("configmaps", "stranger", bad.namespace) is None
    assert cluster.get("configmaps", "stranger", "kube-system") is None
    assert cluster.get("clusterrolebindings", bad.namespace) is None


def test_what_the_filters_keep_out_is_no_matter(
    make_bad: t.Callable[[str], BadBackup], backups: Backups, cluster: Cluster
) -> None:
    bad = make_bad("Secret")
    done = backups.restore("bad", included_resources=["secrets"], fail_on_empty=False)
    assert (done.phase, done.errors_list) == ("Completed", [])
    assert cluster.get("secrets", "stranger", bad.namespace) is None
