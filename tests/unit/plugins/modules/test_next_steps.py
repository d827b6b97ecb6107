# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Somebody who reads nothing but ``msg`` and the warnings of a failure knows what to do next.

Each row is a failure as a user brings it about, by the module itself, against a location on disk and an API server in
memory: what is asked, what the location or the server has wrong, and the words that say what to do.
"""

from __future__ import annotations

import gzip
import json
import re
import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import answered_error
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.members import camel_case
from ansible_collections.arkive.k8s.plugins.modules import k8s_backup, k8s_backup_info, k8s_restore
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.restore_api import (
    RestoreApi,
    config,
    write_backup,
)

Runner: t.TypeAlias = "t.Callable[..., dict[str, t.Any]]"

AUTH = {"host": "https://127.0.0.1:1", "api_key": "token"}
#: Fields of Velero's specs, as nobody writes them who writes options.
_FIELDS = (
    "included_resources",
    "excluded_resources",
    "included_namespaces",
    "excluded_namespaces",
    "include_cluster_resources",
    "included_namespace_scoped_resources",
    "included_cluster_scoped_resources",
    "label_selector",
    "or_label_selectors",
    "namespace_mapping",
    "existing_resource_policy",
    "resource_policy",
    "default_volumes_to_fs_backup",
    "uploader_config",
    "snapshot_move_data",
)
_VELEROS = re.compile("|".join(map(camel_case, _FIELDS)))


class Scene:
    """A location with the backup ``shop`` of two objects, and an API server with the namespace of that name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.api = RestoreApi()
        self.api.add("namespaces", "shop", status={"phase": "Active"})
        self.store = open_store(LocalLocation(path=str(folder)))
        write_backup(self.store, "shop", config("a"), config("b"))

    def leave(self) -> None:
        """Nothing is wrong with it."""

    @property
    def files(self) -> Path:
        return self.folder / "backups" / "shop"

    def cut(self) -> None:
        tarball = self.files / "shop.tar.gz"
        tarball.write_bytes(tarball.read_bytes()[:-40])

    def garble(self) -> None:
        (self.files / "shop.tar.gz").write_bytes(b"<html>not found</html>")

    def lose_tarball(self) -> None:
        (self.files / "shop.tar.gz").unlink()

    def spoil_volumes(self) -> None:
        (self.files / "shop-volumeinfo.json.gz").write_bytes(gzip.compress(b'[{"pvcName": '))

    def spoil_object(self) -> None:
        (self.files / "velero-backup.json").write_bytes(b"[" * 900)

    def spoil_member(self) -> None:
        write_backup(self.store, "shop", config("a"), ("configmaps", {**config("b")[1], "data": ["no mapping"]}))

    def put_phase(self, phase: str) -> None:
        path = self.files / "velero-backup.json"
        document = json.loads(path.read_bytes())
        document["status"]["phase"] = phase
        path.write_text(json.dumps(document))

    def refuse(self, message: str, status: int = 403, reason: str = "Forbidden") -> None:
        body = json.dumps({"kind": "Status", "message": message, "reason": reason}).encode()
        error = answered_error(server="https://k8s", verb="POST", path="/api", code=status, body=body)
        self.api.refuse = lambda verb, path, _dry: error if verb == "POST" and "configmaps" in path else None

    def store_gone_version(self) -> None:
        gone = {"apiVersion": "batch/v1beta1", "kind": "CronJob", "metadata": {"name": "c", "namespace": "shop"}}
        write_backup(self.store, "shop", ("cronjobs.batch", gone))


class Row(t.NamedTuple):
    name: str
    module: t.Any
    options: dict[str, t.Any]
    #: Words of the next step.
    step: str
    before: t.Callable[[Scene], t.Any] = Scene.leave


def restore(case: str, step: str, before: t.Callable[[Scene], t.Any] = Scene.leave, **options: t.Any) -> Row:
    given = {"backup": "shop", **options}
    return Row(f"restore: {case}", k8s_restore, {key: value for key, value in given.items() if value}, step, before)


def backup(case: str, step: str, before: t.Callable[[Scene], t.Any] = Scene.leave, **options: t.Any) -> Row:
    return Row(f"backup: {case}", k8s_backup, {"name": "new", **options}, step, before)


def info(case: str, step: str, before: t.Callable[[Scene], t.Any] = Scene.leave, **options: t.Any) -> Row:
    return Row(f"info: {case}", k8s_backup_info, options, step, before)


NO_RIGHT = 'User "a" cannot create resource "configmaps" in API group "" in the namespace "shop"'
OBJECT = {"resource": "configmaps", "namespace": "shop"}
OTHER_BACKUP = "put it there again from a copy, or use another backup"

ROWS = (
    restore("no such backup", "Did you mean shop?", backup="shopp"),
    restore("no backup of the schedule", "schedule", backup=None, schedule="nightly"),
    restore("the tarball is cut", OTHER_BACKUP, Scene.cut),
    restore("the tarball is none", OTHER_BACKUP, Scene.garble),
    restore("the tarball is gone", OTHER_BACKUP, Scene.lose_tarball),
    restore("volumeinfo is damaged", OTHER_BACKUP, Scene.spoil_volumes),
    restore("the Backup is damaged", OTHER_BACKUP, Scene.spoil_object),
    restore("an object is none", "Set on_bad_member: skip", Scene.spoil_member),
    restore("it is being made", "Wait until it is Completed", lambda scene: scene.put_phase("InProgress")),
    restore("a mapping fits nothing", "Did you mean shop?", namespace_mapping={"shopp": "new"}),
    restore("a type fits nothing", "Did you mean configmaps?", included_resources=["configmapz"]),
    restore("a name fits nothing", "Did you mean cm/shop/b or cm/shop/a?", names=["cm/shop/c"]),
    restore("labels fit nothing", "Set fail_on_empty: false", label_selector="app=none"),
    restore("two selectors", "mutually exclusive: label_selector|or_label_selectors", label_selector="a",
            or_label_selectors=["b"]),
    restore("a quota", "Raise the ResourceQuota q", lambda scene: scene.refuse("exceeded quota: q, requested: pods=1")),
    restore("a webhook", "so that the webhook w lets it pass",
            lambda scene: scene.refuse('admission webhook "w" denied the request: no owner')),
    restore("a right", "Add to a Role in namespace shop", lambda scene: scene.refuse(NO_RIGHT)),
    restore("a type that is not served", "excluded_resources: cronjobs.batch", Scene.store_gone_version),
    restore("a duration", "resource_timeout: 'soon' is not a duration. Write a Go duration", resource_timeout="soon"),
    backup("a type fits nothing", "Did you mean configmaps?", included_resources=["configmapz"]),
    backup("a namespace is not there", "Did you mean shop?", included_namespaces=["shopp"]),
    backup("it cannot be had", "ignore_unsupported: true", snapshot_move_data=True, datamover="other"),
    backup("a duration", "ttl: 'a month' is not a duration. Write a Go duration", ttl="a month"),
    backup("two families of filters", "included_resources, excluded_resources and include_cluster_resources are old",
           included_resources=["pods"], included_cluster_scoped_resources=["x"]),
    backup("the name is taken", "choose another name, or delete it with state=absent", name="shop"),
    info("a time", "started_after: 'yesterday' is not an RFC 3339 time such as", started_after="yesterday"),
    info("no such object", "Did you mean shop/b, shop/a?", name="shop", extract={**OBJECT, "name": "c"}),
    info("the tarball is cut", OTHER_BACKUP, Scene.cut, name="shop", extract={**OBJECT, "name": "a"}),
)  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_next_step(run_module: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, row: Row) -> None:
    scene = Scene(tmp_path)
    row.before(scene)
    for module in (k8s_restore, k8s_backup):
        monkeypatch.setattr(module, "connect", lambda _auth, *, cancel: scene.api.client)
    auth = {} if row.module is k8s_backup_info else AUTH
    result = run_module(row.module, storage_location={"path": str(tmp_path)}, **row.options, **auth)
    said = "\n".join([result.get("msg", ""), *map(str, result.get("warnings", ()))])
    assert result["failed"]
    assert row.step in said
    assert not _VELEROS.search(said)
