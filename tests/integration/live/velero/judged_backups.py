# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The backups that Velero judges: made by our engine of what is in the cluster, and what was in it then."""

from __future__ import annotations

import dataclasses
import json
import secrets
import typing as t

from judged_objects import broken, bulk, cluster_roles, definition, kinds, nginx
from original_objects import Key, Objects, namespaced_types, read_namespace, read_objects

from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec

_GRACE = "--grace-period=1"


class Namespaces(t.NamedTuple):
    """Where the objects are; ``copy``, ``ours`` and ``some`` are made by restores into other namespaces."""

    nginx: str
    kinds: str
    broken: str
    bulk: str
    copy: str
    ours: str
    some: str


class Names(t.NamedTuple):
    """The backups. ``expired`` is over when it is made, ``never`` is not; ``server`` is made by Velero."""

    nginx: str
    kinds: str
    broken: str
    bulk: str
    picked: str
    doomed: str
    expired: str
    never: str
    server: str


@dataclasses.dataclass(slots=True)
class Judged:
    """Everything, and what was there when the backups were made.

    ``originals`` are by namespace; "" is what has none, ``volumes`` the volumes of the claims.
    """

    kubectl: t.Any
    token: str = dataclasses.field(default_factory=lambda: secrets.token_hex(3))
    originals: dict[str, Objects] = dataclasses.field(default_factory=dict)
    made: dict[str, BackupOutcome] = dataclasses.field(default_factory=dict)
    types: tuple[str, ...] = ()

    @property
    def namespaces(self) -> Namespaces:
        return Namespaces(*(f"arkive-test-v-{self.token}-{part}" for part in Namespaces._fields))

    @property
    def names(self) -> Names:
        return Names(*(f"v{self.token}-{part}" for part in Names._fields))

    @property
    def group(self) -> str:
        return f"v{self.token}.arkive.test"

    @property
    def cluster_objects(self) -> tuple[tuple[str, str], ...]:
        """By type and name: the definition of a type, and what a service account may do."""
        role = f"arkive-test-v-{self.token}"
        return (("crd", f"widgets.{self.group}"), ("clusterrolebinding", role), ("clusterrole", role))

    def create(self) -> None:
        """Make the objects, wait until they are at rest, and note them."""
        where = self.namespaces
        self._apply(definition(self.group), *cluster_roles(self.token, where.kinds))
        self.kubectl("wait", "--for=condition=Established", f"crd/widgets.{self.group}", "--timeout=30s")
        for namespace, objects in (
            (where.nginx, nginx()),
            (where.broken, broken()),
            (where.kinds, kinds(self.group)),
            (where.bulk, bulk()),
        ):
            meta = {"name": namespace, "labels": {"arkive.test/of": self.token}, "annotations": {"note": "a & b"}}
            self._apply({"apiVersion": "v1", "kind": "Namespace", "metadata": meta})
            self._apply(*objects, namespace=namespace)
        self.kubectl("-n", where.nginx, "rollout", "status", "deployment/nginx-deployment", "--timeout=90s")
        self.kubectl("-n", where.broken, "wait", "--for=condition=Ready", "pod", "--all", "--timeout=90s")
        self.types = namespaced_types(self.kubectl)
        for namespace in (where.nginx, where.kinds, where.broken, where.bulk):
            self.originals[namespace] = self.read(namespace)
        self.originals[""] = read_objects(self.kubectl, *self.cluster_objects)
        claim = self.originals[where.nginx][Key("v1/PersistentVolumeClaim", where.nginx, "nginx-logs")]
        self.originals["volumes"] = read_objects(self.kubectl, ("pv", claim["spec"]["volumeName"]))

    def read(self, namespace: str) -> Objects:
        """What is in a namespace now."""
        return read_namespace(self.kubectl, namespace, self.types)

    def back_up(self, client: t.Any, store: t.Any) -> None:
        """Make the backups, all but the one that Velero makes."""
        names, where = self.names, self.namespaces
        specs: dict[str, dict[str, t.Any]] = {
            names.nginx: {"included_namespaces": [where.nginx], "ttl": "24h"},
            names.kinds: {"included_namespaces": [where.kinds]},
            names.broken: {"included_namespaces": [where.broken]},
            names.bulk: {"included_namespaces": [where.bulk]},
            names.picked: {"included_namespaces": [where.kinds], "label_selector": "app=picked"},
            names.doomed: {"included_namespaces": [where.kinds], "label_selector": "app=doomed"},
            names.expired: {"included_namespaces": [where.kinds], "label_selector": "app=doomed", "ttl": "1s"},
            names.never: {"included_namespaces": [where.kinds], "label_selector": "app=doomed", "ttl": "never"},
        }
        for name, options in specs.items():
            request = BackupRequest(name=name, spec=BackupSpec.from_options(options))
            self.made[name] = run_backup(request, client=client, store=store)

    def destroy(self) -> None:
        """Take everything out of the cluster that the backups have, and wait until it is gone."""
        where = self.namespaces
        self.kubectl("delete", "pods", "--all", "-n", where.nginx, _GRACE, "--wait=false")
        self.kubectl("delete", "namespace", where.nginx, where.kinds, where.broken, where.bulk, "--timeout=110s")
        self.remove_cluster_objects()

    def remove_cluster_objects(self) -> None:
        for kind, name in self.cluster_objects:
            self.kubectl("delete", kind, name, "--ignore-not-found", "--timeout=60s")

    def remove(self) -> None:
        """At the end: what is left, without waiting for the namespaces.

        Velero leaves the objects of the snapshots that it restores from.
        """
        theirs = f"velero.io/restore-name,velero.io/backup-name in ({','.join(self.names)})"
        self.kubectl("delete", "volumesnapshotcontents", "-l", theirs, "--ignore-not-found", "--wait=false")
        self.kubectl("delete", "namespace", *self.namespaces, "--ignore-not-found", "--wait=false")
        self.remove_cluster_objects()

    def _apply(self, *objects: dict[str, t.Any], namespace: str = "") -> None:
        where = ["-n", namespace] if namespace else []
        listed = {"apiVersion": "v1", "kind": "List", "items": list(objects)}
        self.kubectl(*where, "create", "-f", "-", stdin=json.dumps(listed))


__all__ = ("Judged", "Names", "Namespaces")
