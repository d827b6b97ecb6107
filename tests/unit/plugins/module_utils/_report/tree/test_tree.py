# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A backup as a tree of files, in a folder."""

from __future__ import annotations

import base64
import json
import os
import sys
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.arkive.k8s.plugins.module_utils._archive.members import ItemRef
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._report.errors import TreeError
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.export import (
    TreeOutcome,
    TreeRequest,
    export_tree,
)
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.tree_files import TreeFolder
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.tree_index import INDEX
from ansible_collections.arkive.k8s.plugins.module_utils._report.tree.tree_paths import TreePaths, kustomizations
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.source import open_source
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import config, write_backup

_SYSTEM = {
    "uid": "5d3c",
    "resourceVersion": "12",
    "generation": 3,
    "creationTimestamp": "2026-01-01T00:00:00Z",
    "managedFields": [{"manager": "kubectl"}],
}


def made(group_resource: str, api_version: str, kind: str, name: str, **members: t.Any) -> tuple[str, Object]:
    metadata = {"name": name, **_SYSTEM, **members.pop("metadata", {})}
    if members.pop("namespaced", True):
        metadata["namespace"] = "shop"
    return group_resource, {"apiVersion": api_version, "kind": kind, "metadata": metadata, **members}


def secret(value: str = "hunter2-canary", **metadata: str) -> tuple[str, Object]:
    data = {"password": base64.b64encode(value.encode()).decode()}
    return made("secrets", "v1", "Secret", "db", type="Opaque", data=data, metadata=metadata)


class Shop:
    """A location, and a folder for the tree."""

    def __init__(self, folder: Path) -> None:
        self._store = LocalStore(LocalLocation(path=str(folder / "backups")))
        (folder / "backups").mkdir()
        self.tree = folder / "tree"
        self._number = 0

    def export(
        self, *objects: tuple[str, Object], phase: str = "Completed", dry_run: bool = False, **options: t.Any
    ) -> TreeOutcome:
        self._number += 1
        name = f"b{self._number}"
        write_backup(self._store, name, *objects)
        with open_source(self._store, name) as backup:
            backup.backup["status"]["phase"] = phase  # type: ignore[index]
            return export_tree(backup, TreeRequest(dest=str(self.tree), **options), dry_run=dry_run)

    def files(self) -> dict[str, bytes]:
        found = (path for path in self.tree.rglob("*") if path.is_file())
        return {str(path.relative_to(self.tree)): path.read_bytes() for path in found}

    def read(self, path: str) -> t.Any:
        return yaml.safe_load((self.tree / path).read_bytes())


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_what_a_cluster_writes_is_left_out(shop: Shop) -> None:
    notes = {
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
        "deployment.kubernetes.io/revision": "3",
        "mine": "stays",
    }
    labels = {"velero.io/restore-name": "r", "app": "web"}
    spec = {"replicas": 2, "template": {"spec": {"volumes": [{"name": "a", "emptyDir": {}}]}}}
    shop.export(
        made(
            "deployments.apps", "apps/v1", "Deployment", "web", spec=spec, status={"replicas": 2},
            metadata={"annotations": notes, "labels": labels},
        )
    )  # fmt: skip
    assert shop.read("namespaces/shop/apps/Deployment/web.yaml") == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "annotations": {"mine": "stays"},
            "labels": {"app": "web"},
        },
        "spec": spec,
    }


def test_empties_that_mean_something_stay(shop: Shop) -> None:
    spec = {"podSelector": {}, "ingress": [], "policyTypes": ["Ingress"]}
    shop.export(made("networkpolicies.networking.k8s.io", "networking.k8s.io/v1", "NetworkPolicy", "deny", spec=spec))
    assert shop.read("namespaces/shop/networking.k8s.io/NetworkPolicy/deny.yaml")["spec"] == spec


def test_a_service_keeps_what_somebody_asked_for(shop: Shop) -> None:
    ports = [{"port": 80, "nodePort": 30080}]
    service = made(
        "services", "v1", "Service", "web", spec={"clusterIP": "10.0.0.1", "type": "NodePort", "ports": ports}
    )
    shop.export(service)
    assert shop.read("namespaces/shop/core/Service/web.yaml")["spec"] == {"type": "NodePort", "ports": [{"port": 80}]}
    headless = made("services", "v1", "Service", "web", spec={"clusterIP": "None"})
    shop.export(headless)
    assert shop.read("namespaces/shop/core/Service/web.yaml")["spec"] == {"clusterIP": "None"}


_OWNED = {"ownerReferences": [{"kind": "ReplicaSet", "name": "web-1", "controller": True, "apiVersion": "apps/v1"}]}
MADE_AGAIN = [
    made("pods", "v1", "Pod", "web-1-a", metadata=_OWNED, spec={"containers": []}),
    made("events", "v1", "Event", "e"),
    made("endpoints", "v1", "Endpoints", "web"),
    made("leases.coordination.k8s.io", "coordination.k8s.io/v1", "Lease", "l", spec={}),
    made("serviceaccounts", "v1", "ServiceAccount", "default"),
    made("secrets", "v1", "Secret", "t", type="kubernetes.io/service-account-token", data={}),
    made("backups.velero.io", "velero.io/v1", "Backup", "b", spec={}),
    made("persistentvolumes", "v1", "PersistentVolume", "pv", spec={}, namespaced=False),
    made("controllerrevisions.apps", "apps/v1", "ControllerRevision", "c", metadata=_OWNED, data={}),
]


@pytest.mark.parametrize("each", MADE_AGAIN, ids=[row[0] for row in MADE_AGAIN])
def test_what_is_made_again_is_in_no_file(shop: Shop, each: tuple[str, Object]) -> None:
    outcome = shop.export(each)
    assert list(shop.files()) == [INDEX]
    assert list(outcome.left_out.values()) == [1]


def test_a_claim_is_a_wish_for_a_volume(shop: Shop) -> None:
    spec = {"volumeName": "pv-1", "storageClassName": "fast", "accessModes": ["ReadWriteOnce"]}
    notes = {"pv.kubernetes.io/bind-completed": "yes", "volume.kubernetes.io/selected-node": "n1"}
    shop.export(
        made(
            "persistentvolumeclaims", "v1", "PersistentVolumeClaim", "data", spec=spec, metadata={"annotations": notes}
        )
    )
    document = shop.read("namespaces/shop/core/PersistentVolumeClaim/data.yaml")
    assert document["spec"] == {"storageClassName": "fast", "accessModes": ["ReadWriteOnce"]}
    assert "annotations" not in document["metadata"]


def test_what_looks_like_a_secret_is_told_once(shop: Shop) -> None:
    """It is in the tree all the same, and no warning has a value."""
    entries = {f"{name}.password": "hunter2-canary" for name in "abcd"}
    looks = [made("configmaps", "v1", "ConfigMap", f"app-{number:02}", data=entries) for number in range(22)]
    outcome = shop.export(*looks, config("plain"), secret())
    [told] = [warning for warning in outcome.warnings if "secrets" in warning]
    assert told.startswith("22 objects in the tree")
    assert (
        "configmaps shop/app-00 (a.password: a password, b.password: a password, c.password: a password and 1 more)"
        in told
    )
    assert "and 2 more. Put these into Secrets" in told
    assert "canary" not in told
    assert "plain" not in told
    assert shop.read("namespaces/shop/core/ConfigMap/app-00.yaml")["data"] == entries


def test_nothing_changes_when_nothing_changed(shop: Shop) -> None:
    objects = [config("a"), config("b"), secret()]
    first = shop.export(*objects)
    before = shop.files()
    stamps = {path: (shop.tree / path).stat().st_mtime_ns for path in before}
    second = shop.export(*reversed(objects))
    assert (first.changed, second.changed, second.written, second.removed) == (True, False, (), ())
    assert shop.files() == before
    assert {path: (shop.tree / path).stat().st_mtime_ns for path in before} == stamps
    assert second.files == 2


def test_what_is_gone_is_removed_with_its_folder_and_only_ours(shop: Shop) -> None:
    shop.export(config("a"), config("b", "other"))
    (shop.tree / "README.md").write_text("mine")
    outcome = shop.export(config("a"))
    assert outcome.removed == ("namespaces/other/core/ConfigMap/b.yaml",)
    assert sorted(shop.files()) == [INDEX, "README.md", "namespaces/shop/core/ConfigMap/a.yaml"]
    assert not (shop.tree / "namespaces" / "other").exists()


def test_a_source_that_may_be_incomplete_removes_nothing(shop: Shop) -> None:
    shop.export(config("a"), config("b"))
    outcome = shop.export(config("a"), phase="PartiallyFailed")
    assert (outcome.removed, outcome.files) == ((), 2)
    assert any("1 files of objects that it does not have were left" in warning for warning in outcome.warnings)
    assert shop.export(config("a")).removed == ("namespaces/shop/core/ConfigMap/b.yaml",)


def test_a_file_that_was_changed_by_hand_is_written_again(shop: Shop) -> None:
    shop.export(config("a"))
    path = shop.tree / "namespaces/shop/core/ConfigMap/a.yaml"
    right = path.read_bytes()
    path.write_text("other")
    assert shop.export(config("a")).written == ("namespaces/shop/core/ConfigMap/a.yaml",)
    assert path.read_bytes() == right


def test_check_mode_says_the_same_and_writes_nothing(shop: Shop) -> None:
    planned = shop.export(config("a"), dry_run=True, max_diffs=5)
    assert not shop.tree.exists()
    assert planned.written == shop.export(config("a")).written
    assert planned.diffs[0]["before"] == ""
    assert "kind: ConfigMap" in planned.diffs[0]["after"]
    assert not shop.export(config("a"), dry_run=True).changed


def test_a_folder_of_somebody_else_is_left_alone(shop: Shop) -> None:
    shop.tree.mkdir()
    (shop.tree / "main.tf").write_text("")
    with pytest.raises(TreeError, match="is not empty and holds no tree of ours"):
        shop.export(config("a"))
    assert sorted(shop.files()) == ["main.tf"]


def test_a_run_that_was_killed_goes_on(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.tree.mkdir()
    (shop.tree / ".git").mkdir()
    replace, left = os.replace, [3]

    def killed(source: str, target: str) -> None:
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        shop.export(config("a"), config("b"), config("c"))
    monkeypatch.undo()
    assert shop.export(config("a"), config("b"), config("c")).files == 3
    assert not [path for path in shop.files() if ".arkive-" in path and path != INDEX]


@pytest.mark.parametrize("text", ["{", "[]", '{"version": 2}', '{"version": 1, "files": [1]}', "\x00"])
def test_an_index_that_is_not_ours(shop: Shop, text: str) -> None:
    shop.tree.mkdir()
    (shop.tree / INDEX).write_text(text)
    with pytest.raises(TreeError, match="The index"):
        shop.export(config("a"))


@pytest.mark.parametrize(
    "path", ["../../etc/passwd", "/etc/passwd", "a/../../b", ".git/config", "a/.git/x", "a\x00b", "a\ud800", "", "a//b"]
)
def test_an_index_that_leads_out_of_the_tree(shop: Shop, path: str) -> None:
    shop.tree.mkdir()
    (shop.tree / INDEX).write_text(json.dumps({"version": 1, "files": {path: "0"}}))
    with pytest.raises(TreeError, match="leads out of it"):
        shop.export(config("a"))


def test_a_link_that_leads_out_of_the_tree(shop: Shop, tmp_path: Path) -> None:
    shop.export()
    (tmp_path / "outside").mkdir()
    (shop.tree / "namespaces").symlink_to(tmp_path / "outside")
    with pytest.raises(TreeError, match="is a link that leads out"):
        shop.export(config("a"))


@pytest.mark.parametrize("dry_run", [True, False])
def test_nothing_is_removed_or_shown_behind_a_link(shop: Shop, tmp_path: Path, dry_run: bool) -> None:
    outside = tmp_path / "outside" / "shop" / "core" / "ConfigMap"
    outside.mkdir(parents=True)
    (outside / "a.yaml").write_text("not of the tree")
    shop.tree.mkdir()
    index = {"version": 1, "files": {"namespaces/shop/core/ConfigMap/a.yaml": "0"}}
    (shop.tree / INDEX).write_text(json.dumps(index))
    (shop.tree / "namespaces").symlink_to(tmp_path / "outside")
    for objects in ((), (config("a"),)):
        with pytest.raises(TreeError, match="is a link that leads out"):
            shop.export(*objects, dry_run=dry_run, max_diffs=5)
    assert (outside / "a.yaml").read_text() == "not of the tree"


def test_a_file_that_is_a_link_or_a_pipe_is_replaced_unread(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "private").write_text("canary")
    shop.export(config("a"), config("b"))
    folder = shop.tree / "namespaces/shop/core/ConfigMap"
    for name in ("a.yaml", "b.yaml"):
        (folder / name).unlink()
    (folder / "a.yaml").symlink_to(tmp_path / "private")
    os.mkfifo(folder / "b.yaml")
    outcome = shop.export(config("a"), config("b"), max_diffs=5)
    assert [diff["before"] for diff in outcome.diffs] == ["", ""]
    assert [(folder / name).is_symlink() for name in ("a.yaml", "b.yaml")] == [False, False]
    assert (tmp_path / "private").read_text() == "canary"


def test_what_a_killed_run_has_written_is_removed_with_its_object(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(_folder: t.Any, _index: t.Any) -> None:
        raise KeyboardInterrupt

    shop.export(config("old"))
    with monkeypatch.context() as patch:
        patch.setattr(TreeFolder, "finish", killed)
        with pytest.raises(KeyboardInterrupt):
            shop.export(config("old"), config("a"), config("gone"))
    assert shop.export(config("old"), config("a")).removed == ("namespaces/shop/core/ConfigMap/gone.yaml",)
    assert sorted(shop.files()) == [
        INDEX, "namespaces/shop/core/ConfigMap/a.yaml", "namespaces/shop/core/ConfigMap/old.yaml",
    ]  # fmt: skip


def test_an_object_that_cannot_be_read_removes_no_file(shop: Shop) -> None:
    shop.export(config("a"), config("b"))
    outcome = shop.export(config("a"), made("configmaps", "v1", "ConfigMap", "b", data="damaged"))
    assert (outcome.removed, outcome.files) == ((), 2)
    assert any("has 1 object that cannot be read" in warning for warning in outcome.warnings)


def test_objects_named_as_kustomize_names_its_files(shop: Shop) -> None:
    shop.export(config("kustomization"), config("my-kustomization"), layout="kustomize")
    folder = "namespaces/shop/core/ConfigMap"
    assert shop.read(f"{folder}/kustomization.yaml")["resources"] == ["%6Bustomization.yaml", "my-kustomization.yaml"]
    assert shop.read(f"{folder}/%6Bustomization.yaml")["metadata"]["name"] == "kustomization"


class TestSecrets:
    def test_plain_ones_are_in_no_diff_and_for_their_owner_alone(self, shop: Shop) -> None:
        for value in ("hunter2-canary", "another-canary"):
            outcome = shop.export(secret(value), secrets="plain", max_diffs=5)
            assert (outcome.changed, outcome.diffs) == (True, ())
        assert (shop.tree / "namespaces/shop/core/Secret/db.yaml").stat().st_mode & 0o777 == 0o600
        assert "canary" not in repr(shop.export(max_diffs=5).diffs)

    @pytest.mark.parametrize(
        "note",
        [
            "kubectl.kubernetes.io/last-applied-configuration",
            "kopf.zalando.org/last-handled-configuration",
            "banzaicloud.com/last-applied",
            "objectset.rio.cattle.io/applied",
        ],
    )
    def test_copies_in_annotations_are_not_sealed_beside(self, shop: Shop, tmp_path: Path, note: str) -> None:
        seen = tmp_path / "seen"
        command = ("/bin/sh", "-c", 'cat >"$0"; echo sealed', str(seen))
        key, value = secret()
        value["metadata"]["annotations"] = {note: "packed-canary", "mine": "stays"}
        shop.export((key, value), secrets="seal", seal_command=command)
        assert yaml.safe_load(seen.read_bytes())["metadata"]["annotations"] == {"mine": "stays"}

    @pytest.mark.parametrize("value", ["pw", "db", "shop", "first line\nsecond line of it\n"])
    def test_short_values_names_and_lines_that_are_not_sealed(self, shop: Shop, tmp_path: Path, value: str) -> None:
        script = tmp_path / "unseal.py"
        script.write_text(
            "import sys, yaml, base64\nd = yaml.safe_load(sys.stdin)\n"
            "d['stringData'] = {k: base64.b64decode(v).decode() for k, v in d.pop('data').items()}\n"
            "print(yaml.dump(d, default_style='|'))\n"
        )
        for command in (("/bin/cat",), (sys.executable, str(script))):
            with pytest.raises(TreeError, match="in plain text"):
                shop.export(secret(value), secrets="seal", seal_command=command)

    def test_a_value_that_is_in_the_name_as_well_can_be_sealed(self, shop: Shop, tmp_path: Path) -> None:
        key, value = secret("postgres")
        value["metadata"]["name"] = "postgres"
        sealed = "kind: Secret\nmetadata: {name: postgres}\ndata: {password: 'ENC[x]'}"
        shop.export((key, value), secrets="seal", seal_command=("/bin/echo", sealed))
        assert shop.read("namespaces/shop/core/Secret/postgres.yaml")["data"] == {"password": "ENC[x]"}

    def test_omitted(self, shop: Shop) -> None:
        outcome = shop.export(secret())
        assert outcome.secrets == ({"secret": "shop/db", "type": "Opaque", "keys": ["password"], "path": None},)
        self.is_nowhere(shop, outcome)

    def test_plain_with_a_warning(self, shop: Shop) -> None:
        outcome = shop.export(secret(), secrets="plain")
        assert shop.read("namespaces/shop/core/Secret/db.yaml")["data"]
        assert any("whoever reads the repository" in warning for warning in outcome.warnings)

    def test_sealed_and_only_when_there_is_another_version(self, shop: Shop, tmp_path: Path) -> None:
        # Encrypts with a new nonce each time, as sops does.
        script = tmp_path / "seal.py"
        script.write_text("import sys, uuid; sys.stdin.read(); print('sealed', uuid.uuid4())")
        options: dict[str, t.Any] = {"secrets": "seal", "seal_command": (sys.executable, str(script))}
        path = "namespaces/shop/core/Secret/db.yaml"
        outcome = shop.export(secret(), max_diffs=5, **options)
        first = shop.files()[path]
        assert first.startswith(b"sealed")
        self.is_nowhere(shop, outcome)
        assert not shop.export(secret(), **options).changed
        assert shop.files()[path] == first
        again = shop.export(secret("another value", resourceVersion="13"), **options)
        assert (again.written, shop.files()[path] != first) == ((path, INDEX), True)
        (shop.tree / path).write_text("by hand")
        assert shop.export(secret("another value", resourceVersion="13"), **options).written == (path, INDEX)
        assert shop.export(**options).removed == (path,)

    @pytest.mark.parametrize(
        ("command", "said"),
        [
            (["/bin/cat"], "has a value of it in plain text"),
            (["/bin/false"], "ended with exit code 1"),
            (["/bin/true"], "wrote nothing"),
            (["/no/such/program"], "cannot be started"),
            (["/bin/sh", "-c", "base64 -d | cat; echo hunter2-canary"], "in plain text|ended with"),
        ],
    )
    def test_a_command_that_does_not_seal(self, shop: Shop, command: list[str], said: str) -> None:
        with pytest.raises(TreeError, match=said) as caught:
            shop.export(secret(), secrets="seal", seal_command=tuple(command))
        assert "canary" not in caught.value.sentence
        assert not [path for path in shop.files() if path.endswith("db.yaml")]

    def is_nowhere(self, shop: Shop, outcome: TreeOutcome) -> None:
        encoded = base64.b64encode(b"hunter2-canary")
        everything = [*shop.files().values(), repr(outcome).encode()]
        assert not [text for text in everything if b"canary" in text or encoded in text]


def _ref(name: str, namespace: str | None = "shop") -> ItemRef:
    return ItemRef(GroupResource.parse("roles.rbac.authorization.k8s.io"), "", namespace, name)


def test_names_that_file_systems_do_not_take() -> None:
    paths = TreePaths()
    folder = "namespaces/shop/rbac.authorization.k8s.io/Role"
    assert paths.path_of(_ref("system:a"), "Role") == f"{folder}/system%3Aa.yaml"
    assert paths.path_of(_ref("A"), "Role") == f"{folder}/A.yaml"
    assert paths.path_of(_ref("a"), "Role").startswith(f"{folder}/a-")
    assert paths.path_of(_ref("nul"), "Role") == f"{folder}/%6Eul.yaml"
    assert paths.path_of(_ref(".."), "Role") == f"{folder}/%2E..yaml"
    assert paths.path_of(_ref("a/../../b", None), "Role").startswith(
        "cluster/rbac.authorization.k8s.io/Role/a%2F..%2F..%2Fb"
    )
    assert max(len(part) for part in paths.path_of(_ref("x" * 253), "Role").split("/")) < 255


def test_kustomizations() -> None:
    paths = ["cluster/apiextensions.k8s.io/CustomResourceDefinition/x.yaml", "cluster/core/Namespace/shop.yaml",
             "namespaces/shop/core/ConfigMap/b.yaml", "namespaces/shop/core/ConfigMap/a.yaml"]  # fmt: skip
    found = kustomizations(paths)
    assert found[""] == ["cluster", "namespaces"]
    assert found["cluster"] == ["apiextensions.k8s.io", "core"]
    assert found["namespaces/shop/core/ConfigMap"] == ["a.yaml", "b.yaml"]


def test_the_layout_for_kustomize(shop: Shop) -> None:
    shop.export(config("a"), config("b"), layout="kustomize")
    assert shop.read("kustomization.yaml")["resources"] == ["namespaces"]
    assert shop.read("namespaces/shop/core/ConfigMap/kustomization.yaml")["resources"] == ["a.yaml", "b.yaml"]
    assert not shop.export(config("a"), config("b"), layout="kustomize").changed
    outcome = shop.export(config("a"), layout="plain")
    assert "kustomization.yaml" in outcome.removed
