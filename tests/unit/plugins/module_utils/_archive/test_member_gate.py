# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import io
import json
import time
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.errors import ArchiveError
from ansible_collections.arkive.k8s.plugins.module_utils._archive.gunzip import GunzipReader
from ansible_collections.arkive.k8s.plugins.module_utils._archive.member_gate import read_member
from ansible_collections.arkive.k8s.plugins.module_utils._archive.members import parse_path
from ansible_collections.arkive.k8s.plugins.module_utils._archive.tar_format import parse_pax
from ansible_collections.arkive.k8s.plugins.module_utils._archive.tarball_reader import TarballReader
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._archive.archives import obj, tar_gz

RBAC = "rbac.authorization.k8s.io"


def gate(path: str, document: t.Any) -> t.Any:
    ref = parse_path(path)
    assert ref is not None
    return read_member(ref, json.dumps(document).encode())


@pytest.mark.parametrize(
    ("path", "document"),
    [
        pytest.param("resources/configmaps/namespaces/a/c.json", obj("ConfigMap", "c", "a"), id="core"),
        pytest.param("namespaces/a/configmaps/c.json", obj("ConfigMap", "c", "a"), id="Ark 0.3"),
        pytest.param(
            "resources/deployments.apps/v1beta1/namespaces/a/d.json",
            obj("Deployment", "d", "a", "apps/v1beta1"),
            id="version directory",
        ),
        pytest.param(
            "resources/deployments.extensions/namespaces/a/d.json",
            obj("Deployment", "d", "a", "extensions/v1beta1"),
            id="the same kind in an old group",
        ),
        pytest.param(
            f"resources/clusterroles.{RBAC}/cluster/system:a:b.json",
            obj("ClusterRole", "system:a:b", None, f"{RBAC}/v1"),
            id="a name with colons",
        ),
        pytest.param(
            "resources/oxen.example.org/namespaces/a/o.json",
            obj("Ox", "o", "a", "example.org/v1", spec="text", status=[1]),
            id="an irregular plural, and a custom spec",
        ),
    ],
)
def test_real_members_pass(path: str, document: t.Any) -> None:
    assert gate(path, document) == document


CONFIG = "resources/configmaps/namespaces/a/c.json"
POD = "resources/pods/namespaces/a/p.json"


@pytest.mark.parametrize(
    ("path", "document", "message"),
    [
        pytest.param(CONFIG, obj("Secret", "c", "a"), "its kind is Secret, not ConfigMap", id="kind"),
        pytest.param(CONFIG, obj("ConfigMap", "c", "b"), "its object is 'b/c'", id="namespace"),
        pytest.param(CONFIG, obj("ConfigMap", "d", "a"), "its object is 'a/d'", id="name"),
        pytest.param(
            CONFIG, obj("ClusterRoleBinding", "c", "a", f"{RBAC}/v1"), f"its apiVersion is {RBAC}/v1", id="group"
        ),
        pytest.param(
            f"resources/widgets.{RBAC}/namespaces/a/c.json",
            obj("ClusterRoleBinding", "c", "a", f"{RBAC}/v1"),
            "its kind is ClusterRoleBinding, which lies under",
            id="a built-in kind under a made-up plural",
        ),
        pytest.param(
            f"resources/clusterrolebindings.{RBAC}/namespaces/a/c.json",
            obj("ClusterRoleBinding", "c", "a", f"{RBAC}/v1"),
            "is in no namespace",
            id="cluster-scoped in a namespace",
        ),
        pytest.param("resources/configmaps/cluster/c.json", obj("ConfigMap", "c"), "is in a namespace", id="scope"),
        pytest.param(
            "resources/pods/namespaces/a/...json", obj("Pod", "..", "a"), "can be no object's name", id="dots"
        ),
        pytest.param("resources/pods/namespaces/a/x%2f.json", obj("Pod", "x%2f", "a"), "no object's name", id="escape"),
        pytest.param("resources/pods/namespaces/a/\x1b.json", obj("Pod", "\x1b", "a"), r"'\\x1b' can be", id="control"),
        pytest.param(CONFIG, [], "is not a JSON object", id="list"),
        pytest.param(CONFIG, {"apiVersion": "v1", "kind": "ConfigMap"}, "no apiVersion, kind or metadata", id="bare"),
        pytest.param(CONFIG, obj("ConfigMap", "c", "a", ["v1"]), "apiVersion is not text", id="apiVersion"),  # type: ignore[arg-type]
    ],
)
def test_members_that_are_not_the_object_of_their_path(path: str, document: t.Any, message: str) -> None:
    with pytest.raises(ArchiveError, match=message) as caught:
        gate(path, document)
    assert caught.value.message.isprintable()


def _pod(**members: t.Any) -> dict[str, t.Any]:
    found = obj("Pod", "p", "a", **members)
    found["metadata"] |= found.pop("more", {})
    return found


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (_pod(more={"labels": ["a"]}), "metadata.labels is not a mapping"),
        (_pod(more={"labels": {"a": 1}}), "metadata.labels.a is not text"),
        (_pod(more={"annotations": "a"}), "metadata.annotations is not a mapping"),
        (_pod(more={"ownerReferences": {"a": 1}}), "metadata.ownerReferences is not a list"),
        (_pod(more={"ownerReferences": [{"kind": []}]}), r"metadata.ownerReferences\[0\].kind is not text"),
        (_pod(more={"finalizers": [1]}), r"metadata.finalizers\[0\] is not text"),
        (_pod(more={"managedFields": ["a"]}), r"metadata.managedFields\[0\] is not a mapping"),
        (_pod(spec=[]), "spec is not a mapping"),
        (_pod(status="a"), "status is not a mapping"),
        (_pod(spec={"containers": {"a": 1}}), "spec.containers is not a list"),
        (_pod(spec={"volumes": [None]}), r"spec.volumes\[0\] is null"),
        (_pod(spec={"containers": [{"volumeMounts": [1]}]}), r"containers\[0\].volumeMounts\[0\] is not a mapping"),
        (_pod(spec={"serviceAccountName": {}}), "spec.serviceAccountName is not text"),
        ({**_pod(), "kind": "Pod\x00"}, "of a type whose name has control characters"),
        ({**_pod(), "apiVersion": "v1\x1b[2J"}, "of a type whose name has control characters"),
        # Many mappings in little text; a restore works on several copies of them.
        (_pod(spec={"containers": [{"a": {}, "b": {}}] * 300_000}), "it would take more than 96 MiB of memory"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_shapes(document: t.Any, message: str) -> None:
    with pytest.raises(ArchiveError, match=message):
        gate(POD, document)


def test_pax_records_take_time_by_their_size() -> None:
    """A MiB of the smallest records: each once went on a copy of all that followed."""
    began = time.process_time()
    assert parse_pax(b"6 a=b\n" * 170_000) == {}
    assert time.process_time() - began < 5.0
    with pytest.raises(ValueError, match="sparse"):
        parse_pax(b"22 GNU.sparse.major=1\n")


def test_empty_gzip_members_take_time_by_their_number() -> None:
    began = time.process_time()
    reader = GunzipReader(io.BytesIO(gzip.compress(b"", mtime=0) * 100_000 + gzip.compress(b"end")), what="x")
    assert reader.read() == b"end"
    assert reader.members == 100_001
    assert time.process_time() - began < 10.0


def test_a_gzip_bomb_is_given_up() -> None:
    bomb = io.BytesIO(gzip.compress(bytes(16 << 20)))
    with pytest.raises(ArchiveError, match="packed more densely than any backup"):
        GunzipReader(bomb, what="x", free_output=4 << 20).drain()


def test_empty_members_are_bad_each() -> None:
    """They take no room in the temporary file, where the next object begins at the same place."""
    sound = ("resources/pods/namespaces/a/p.json", _pod())
    with TarballReader.open(io.BytesIO(tar_gz(("resources/pods/namespaces/a/e.json", b""), sound))) as reader:
        empty, pod = reader.items
        assert reader.read(pod) == reader.read(pod)
        with pytest.raises(ArchiveError, match="is not valid JSON"):
            reader.read(empty)
