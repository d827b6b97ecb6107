# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Databases of backups are brought up cut off, and found whole or not; nothing is left of it."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
from database_runs import take
from granted import Granted
from mariadb_app import MariadbApp
from policy_enforcer import PolicyEnforcer, enforcing
from postgres_app import PGDATA, PostgresApp
from redis_app import RedisApp
from volume_lab import until

from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declared import ANNOTATION
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.errors import ProofError
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.outcome import ProofOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.prove import prove_database
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.request import ProofLimits, ProofRequest
from ansible_collections.arkive.k8s.plugins.module_utils._proof.database.scratch_namespace import PREFIX
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store
from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec

pytestmark = pytest.mark.node

_PROGRAM = Path(__file__).with_name("killed_proof.py")
LIMITS = ProofLimits(volumes=60.0, network=10.0, recovery=60.0, check=60.0)


class Proofs:
    """Backups of one namespace, and proofs of them. ``said``: what was told meanwhile."""

    def __init__(self, client: KubeClient, path: Path, namespace: str) -> None:
        self.client = client
        self.store: Store = open_store(LocalLocation(path=str(path)))
        self._namespace = namespace
        self.said: list[str] = []
        self.listener: t.Callable[[str], None] | None = None

    def back_up(self, name: str) -> list[dict[str, t.Any]]:
        """What was held."""
        spec = BackupSpec.from_options({"included_namespaces": [self._namespace]})
        outcome = run_backup(BackupRequest(name=name, spec=spec), client=self.client, store=self.store)
        assert (outcome.phase, outcome.errors_list) == ("Completed", [])
        return outcome.quiesces

    def prove(self, name: str, *, check_mode: bool = False, **options: t.Any) -> ProofOutcome:
        request = ProofRequest(name=name, **{"limits": LIMITS, **options})
        run = ClusterRun(client=self.client, run_id="live", progress=self.hear)
        return prove_database(request, run=run, store=self.store, check_mode=check_mode)

    def hear(self, line: str) -> None:
        self.said.append(line)
        if self.listener is not None:
            self.listener(line)

    @property
    def scratch(self) -> str:
        """The namespace of the proof that goes on."""
        return next(word for line in reversed(self.said) for word in line.split() if word.startswith(PREFIX))

    @property
    def left(self) -> list[str]:
        """Of all proofs, in the cluster."""
        names = []
        for kind in ("api/v1/namespaces", "apis/snapshot.storage.k8s.io/v1/volumesnapshotcontents"):
            found = self.client.get(f"/{kind}").get("items") or []
            names += [item["metadata"]["name"] for item in found if item["metadata"]["name"].startswith(PREFIX)]
        volumes = self.client.get("/api/v1/persistentvolumes").get("items") or []
        claims = [((item.get("spec") or {}).get("claimRef") or {}).get("namespace", "") for item in volumes]
        return names + [claim for claim in claims if claim.startswith(PREFIX)]


@pytest.fixture
def proofs(client: KubeClient, tmp_path: Path, namespace: str) -> Proofs:
    return Proofs(client, tmp_path, namespace)


@pytest.fixture
def enforcer(client: KubeClient, state: Path) -> t.Iterator[PolicyEnforcer]:
    with enforcing(client, state) as found:
        yield found


#: Servers that would act as soon as they are started: one archives, and one follows a publication.
_ARCHIVES = ["archive_mode=on", f"archive_command=touch {PGDATA}/archived-%f"]
_SUBSCRIBES = (
    "create subscription away connection 'host=198.18.32.1 dbname=postgres' publication p with (connect=false)",
    "alter subscription away enable",
)
_DECLARED = {ANNOTATION: "postgresql", f"{ANNOTATION}-counts": "postgres.ticks"}
_ACTING = "select count(*) from pg_stat_activity where backend_type ~ 'archiver|logical|walreceiver|walsender'"


def test_postgresql_is_proven_cut_off_and_found_damaged(
    enforcer: PolicyEnforcer, client: KubeClient, kubectl: t.Any, namespace: str, proofs: Proofs
) -> None:
    app = PostgresApp(kubectl, namespace, annotations=_DECLARED, settings=_ARCHIVES)
    app.create()
    with app.written_to():
        app.sql(*_SUBSCRIBES)
        assert int(app.sql(_ACTING)) > 1
        (held,) = proofs.back_up("one")
    acted: list[str] = []

    def look_inside(line: str) -> None:
        """While the server runs: WAL is switched, which would be archived, and nobody is there to act."""
        if "checking its data" not in line:
            return
        script = (
            f"ls {PGDATA}/archived-* 2>/dev/null | wc -l; "
            "q='psql -h /arkive-proof -U postgres -XAtq'; "
            "$q -c 'create table more (n int)' -c 'select pg_switch_wal()' >/dev/null; sleep 1.5; "
            f'$q -c "{_ACTING}"; ls {PGDATA}/archived-* 2>/dev/null | wc -l; ls /var/run/secrets 2>&1 | wc -l'
        )
        found = kubectl("-n", proofs.scratch, "exec", app.name, "--", "/bin/bash", "-c", script)
        acted.extend(found.split())

    proofs.listener = look_inside
    outcome = proofs.prove("one", compare_live=True)
    certificate = outcome.account.certificate()
    assert outcome.account.problems == []
    assert (certificate["sound"], certificate["held"], certificate["network"]["verdict"]) == (True, True, "enforced")
    assert [check["state"] for check in certificate["checks"]] == ["passed", "passed", "passed", "unavailable"]
    numbers = held["facts"]["counts"]["postgres.ticks"]
    assert numbers["before"] < certificate["facts"]["counts"]["postgres.ticks"] < numbers["after"]
    assert certificate["lost"]["bytes_of_wal"] > 0
    before, acting, after, _tokens = acted
    assert (acting, before) == ("0", after)
    assert outcome.recorded
    assert proofs.left == []

    # The key of the first row is damaged: the page is as good as any, and only the index knows better.
    app.sql("checkpoint")
    file = app.sql("select pg_relation_filepath('ticks')")
    app.sh(f"printf '\\377\\377\\377\\377' | dd of={PGDATA}/{file} bs=1 seek=8176 conv=notrunc,fsync status=none")
    taken = take(client, app, "damaged")
    assert taken.errors == []
    proofs.listener = None
    quiesce = taken.quiesces[0]
    quiesce["facts"]["counts"] = {"postgres.ticks": {"before": 1, "after": 2}}
    damaged = proofs.prove("damaged", from_set=True, namespace=namespace, quiesce=quiesce, record=False)
    print(damaged.account.problems, proofs.said, damaged.account.timings)
    assert not damaged.account.sound
    assert any("pg_amcheck --heapallindexed" in problem and "ticks" in problem for problem in damaged.account.problems)
    assert any("rows, and had 1 to 2 as it was held" in problem for problem in damaged.account.problems)
    assert proofs.left == []


@pytest.fixture
def granted(client: KubeClient, kubeconfig: str, namespace: str) -> t.Iterator[Granted]:
    found = Granted(client, kubeconfig, namespace, namespace)
    yield found
    found.remove()


def test_valkey_is_proven_from_a_set_by_who_has_just_the_rights(
    enforcer: PolicyEnforcer, client: KubeClient, kubectl: t.Any, namespace: str, proofs: Proofs, granted: Granted
) -> None:
    app = RedisApp(kubectl, namespace, kind="valkey")
    app.create()
    with app.written_to():
        taken = take(client, app, "one", mode="pause")
    assert taken.errors == []
    proofs.client = granted.caller("db_verify")
    outcome = proofs.prove(
        "one", quiesce=taken.quiesces[0], compare_live=True, from_set=True, namespace=namespace, record=False
    )
    proofs.client = client
    certificate = outcome.account.certificate()
    assert outcome.account.problems == []
    assert [issue.message for issue in outcome.issues.warnings if "let you" in issue.message] == []
    assert certificate["sound"]
    assert certificate["facts"]["keys"]["db0"]["keys"] == 1
    assert certificate["lost"]["live_keys"]["db0"]["keys"] == 1
    assert proofs.left == []


def test_redis_is_proven_in_a_namespace_that_is_there_by_who_has_rights_in_it_alone(
    enforcer: PolicyEnforcer, client: KubeClient, kubectl: t.Any, namespace: str, proofs: Proofs, granted: Granted
) -> None:
    """Also: without its label it is refused, and with somebody's pod; what is there besides stays."""
    app = RedisApp(kubectl, namespace)
    app.create()
    taken = take(client, app, "one", mode="pause")
    assert taken.errors == []
    scratch = f"{namespace}-proofs"
    kubectl("create", "namespace", scratch)
    asked: dict[str, t.Any] = {"from_set": True, "namespace": namespace, "quiesce": taken.quiesces[0]}
    asked |= {"scratch": scratch, "compare_live": True, "record": False}
    try:
        with pytest.raises(ProofError, match="it has no label"):
            proofs.prove("one", **asked)
        kubectl("label", "namespace", scratch, "arkive.k8s/database-proofs=true")
        kubectl("-n", scratch, "create", "configmap", "somebodys")
        there = kubectl("-n", scratch, "get", "configmaps,secrets,networkpolicies", "-o", "name")
        proofs.client = granted.caller("db_verify", scratch_namespace=scratch)
        assert {need.namespace for need in granted.rights() if need.resource in ("pods", "secrets", "namespaces")} == {
            scratch,
            namespace,
        }
        planned = proofs.prove("one", check_mode=True, **asked)
        assert planned.account.planned[0] == f"in namespace {scratch}, which stays"
        outcome = proofs.prove("one", **asked)
        proofs.client = client
        certificate = outcome.account.certificate()
        assert outcome.account.problems == []
        assert (certificate["sound"], certificate["network"]["verdict"]) == (True, "enforced")
        assert certificate["lost"]["live_keys"] == {}
        assert [issue.message for issue in outcome.issues.warnings] == []
        for kinds in ("configmaps,secrets,networkpolicies", "pods,persistentvolumeclaims,volumesnapshots"):
            left = kubectl("-n", scratch, "get", kinds, "-o", "name")
            assert left == (there if kinds.startswith("configmaps") else "")
        assert proofs.left == []
    finally:
        kubectl("delete", "namespace", scratch, "--wait=false")


def test_redis_in_an_open_network_is_refused_and_a_damaged_one_is_told_with_its_last_words(
    client: KubeClient, kubectl: t.Any, namespace: str, proofs: Proofs, kubeconfig: str, state: Path, tmp_path: Path
) -> None:
    """Also: check mode leaves nothing, what is not the proof's stays, and what a killed run has left is swept."""
    app = RedisApp(kubectl, namespace)
    app.create()
    with app.written_to():
        until(lambda: app.count() > 200, "it has counted", seconds=20)
    app.sh("f=$(ls /data/appendonlydir/*.incr.aof | tail -n 1); printf XXXX | dd of=$f bs=1 seek=40 conv=notrunc,fsync")
    taken = take(client, app, "damaged", mode="pause")
    assert taken.errors == []
    asked: dict[str, t.Any] = {"from_set": True, "namespace": namespace, "quiesce": taken.quiesces[0]}
    planned = proofs.prove("damaged", check_mode=True, **asked)
    assert any("from snapshot" in line for line in planned.account.planned)
    assert proofs.left == []

    _bind_another(client, proofs, tmp_path / "other", **asked)
    _kill_one(kubeconfig, namespace, "damaged", app.name)
    assert len(proofs.left) >= 2
    limits = dataclasses.replace(LIMITS, network=2.0)
    with pytest.raises(ProofError, match="it is not proven that it cannot reach production") as raised:
        proofs.prove("damaged", limits=limits, **asked)
    details = raised.value.details
    assert (details["certificate"]["network"]["verdict"], details["certificate"]["checks"]) == ("not enforced", [])
    assert len(details["swept"]) == 1
    assert proofs.left == []

    with enforcing(client, state), pytest.raises(ProofError, match="ended with exit code 1") as raised:
        proofs.prove("damaged", **asked)
    details = raised.value.details
    assert not details["sound"]
    assert any("redis-check-aof" in problem for problem in details["problems"])
    assert any("Bad file format" in line for line in details["server_log"])
    assert proofs.left == []


def _bind_another(client: KubeClient, proofs: Proofs, path: Path, **asked: t.Any) -> None:
    """A free volume that fits: the control plane binds it, although the claim is to be made from a snapshot."""
    volumes, classes = "/api/v1/persistentvolumes", "/apis/storage.k8s.io/v1/storageclasses"
    other = f"other-{asked['namespace']}"
    provisioner = client.get(f"{classes}/loopfile")["provisioner"]
    storage_class = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": other}}
    client.post(classes, {**storage_class, "provisioner": provisioner})
    spec = {
        "capacity": {"storage": "1Ti"},
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": other,
        "persistentVolumeReclaimPolicy": "Delete",
        "hostPath": {"path": str(path), "type": "DirectoryOrCreate"},
    }
    client.post(volumes, {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": other}, "spec": spec})
    try:
        with pytest.raises(ProofError, match=f"the volume {other}, which was not made for it") as raised:
            proofs.prove("damaged", storage_classes={"loopfile": other}, **asked)
        assert raised.value.details["certificate"]["network"] == {}
        until(lambda: client.get(f"{volumes}/{other}")["status"]["phase"] == "Released", "it is free", seconds=20)
        assert client.get(f"{volumes}/{other}")["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    finally:
        client.delete(f"{classes}/{other}")
        client.delete(f"{volumes}/{other}")
    until(lambda: proofs.left == [], "nothing is left", seconds=20)


def _kill_one(kubeconfig: str, namespace: str, name: str, pod: str) -> None:
    """A proof that is killed while it has its pod looked at."""
    killed = subprocess.Popen(
        [sys.executable, str(_PROGRAM), kubeconfig, namespace, name, pod],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.environ["ARKIVE_TEST_COLLECTIONS"]},
    )
    said = killed.stdout
    assert said is not None
    with killed:
        until(lambda: "cutting the pod off" in said.readline(), "the pod is there", seconds=60)
        killed.kill()


def test_mariadb_is_proven_where_it_was_held_and_found_broken_where_it_was_not(
    enforcer: PolicyEnforcer, client: KubeClient, kubectl: t.Any, namespace: str, proofs: Proofs
) -> None:
    """Its tables of MyISAM are whole only when somebody has had them closed and synced."""
    app = MariadbApp(kubectl, namespace, settings=["--log-bin=mysql-bin"])
    app.create()
    with app.written_to():
        proofs.back_up("written")
        taken = take(client, app, "held", mode="auto", terms={"counts": ["app.ticks", "app.ticks_myisam"]})
    assert taken.errors == []
    broken = proofs.prove("written", kind="mariadb", pod=app.name)
    assert any("mariadb-check" in problem and "app." in problem for problem in broken.account.problems)
    outcome = proofs.prove("held", from_set=True, namespace=namespace, quiesce=taken.quiesces[0])
    certificate = outcome.account.certificate()
    assert outcome.account.problems == []
    assert certificate["sound"]
    assert certificate["position"] == certificate["recorded_position"]
    assert certificate["position"].startswith("0-1-")
    recorded = taken.quiesces[0]["facts"]["counts"]
    counted = certificate["facts"]["counts"]
    assert {table: {"before": count, "after": count} for table, count in counted.items()} == recorded
    assert (certificate["held"], certificate["network"]["verdict"]) == (True, "enforced")
    assert proofs.left == []
