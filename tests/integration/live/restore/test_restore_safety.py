# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restores that meet each other, are killed, or lose their API server on the way."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import subprocess
import sys
import threading
import time
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._restore.errors import RestoreError

if t.TYPE_CHECKING:
    from restore_lab import Backups, Cluster

    from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object

RUNNER = """
import sys
from restore_lab import Backups, RestoreRequest, RestoreSpec, run_restore
from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.open import open_store

kubeconfig, path = sys.argv[1:]
request = RestoreRequest(spec=RestoreSpec.from_options({"backup_name": "b"}), name="r", workers=2)
run_restore(request, client=connect(KubeAuth(kubeconfig=kubeconfig)), store=open_store(LocalLocation(path=path)))
"""


@pytest.fixture
def home(cluster: Cluster) -> str:
    name = cluster.new_name()
    cluster.client.post("/api/v1/namespaces", {"metadata": {"name": name}})
    return name


def configs(namespace: str, count: int) -> list[tuple[str, Object]]:
    return [
        (
            "configmaps",
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": f"conf-{number:04d}", "namespace": namespace},
                "data": {"number": str(number)},
            },
        )
        for number in range(count)
    ]


def live_configs(cluster: Cluster, namespace: str) -> dict[str, str]:
    """Uid by name."""
    items = cluster.client.get(f"/api/v1/namespaces/{namespace}/configmaps")["items"]
    return {item["metadata"]["name"]: item["metadata"]["uid"] for item in items if item["metadata"]["name"] != CA}


CA = "kube-root-ca.crt"


def leases_path(namespace: str) -> str:
    return f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"


def hold(cluster: Cluster, namespace: str, *, renewed: dt.datetime, restore: str = "other", process: str = "") -> None:
    """A lease as another restore would hold it."""
    stamp = renewed.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    annotations = {"arkive.k8s/restore": restore, "arkive.k8s/process": process}
    spec = {"holderIdentity": f"{restore}/far-away/1/x", "leaseDurationSeconds": 2, "renewTime": stamp}
    lease = {"metadata": {"name": "arkive-restore", "annotations": annotations}, "spec": spec}
    cluster.client.post(leases_path(namespace), lease)


def now() -> dt.datetime:
    return dt.datetime.now(tz=dt.UTC)


@contextlib.contextmanager
def renewing(cluster: Cluster, namespace: str) -> t.Iterator[None]:
    """Its holder lives: the lease changes all the time."""
    ended = threading.Event()

    def renew() -> None:
        path, number = f"{leases_path(namespace)}/arkive-restore", 0
        while not ended.wait(0.2):
            number += 1
            cluster.client.patch(path, {"spec": {"leaseTransitions": number}})

    thread = threading.Thread(target=renew)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def test_a_namespace_that_another_restore_works_in(home: str, cluster: Cluster, backups: Backups) -> None:
    backups.write("b", configs(home, 3))
    hold(cluster, home, renewed=now() + dt.timedelta(minutes=5))
    with pytest.raises(RestoreError, match=f"restore 'other' on far-away is at work in namespace '{home}'") as caught:
        backups.restore("b", name="r")
    assert "force: true" in (caught.value.hint or "")
    assert live_configs(cluster, home) == {}
    assert not (backups.path / "restores").exists()
    assert backups.plan("b", name="r").summary["create"] == 3
    done = backups.restore("b", name="r", force=True)
    assert (done.phase, len(live_configs(cluster, home))) == ("Completed", 3)
    assert cluster.client.get(leases_path(home))["items"] == []


def test_nothing_to_do_needs_no_lease(home: str, cluster: Cluster, backups: Backups) -> None:
    backups.write("b", configs(home, 3))
    assert backups.restore("b", name="r").changed
    hold(cluster, home, renewed=now() + dt.timedelta(minutes=5))
    assert backups.restore("b", name="again").changed is False


@pytest.mark.parametrize(
    ("restore", "process", "line"),
    [
        ("other", "", "watching the lease of restore 'other'"),
        ("r", "", "watching the lease of restore 'r'"),
        ("other", "of this machine", "taking over namespace"),
    ],
    ids=["another one", "an earlier run", "a process of this machine that has ended"],
)
def test_a_holder_that_is_dead(
    home: str, cluster: Cluster, backups: Backups, restore: str, process: str, line: str
) -> None:
    if process:
        ended = subprocess.Popen([sys.executable, "-c", MARK], stdout=subprocess.PIPE, text=True, env=environment())
        process = ended.communicate()[0].strip()
        assert process
    backups.write("b", configs(home, 3))
    hold(cluster, home, renewed=now() - dt.timedelta(minutes=5), restore=restore, process=process)
    done = backups.restore("b", name="r")
    assert (done.phase, done.errors_list) == ("Completed", [])
    assert [warning["hint"] for warning in done.warnings_list] == (
        ["Run it again with name: other to finish it."] if restore == "other" else []
    )
    assert any(line in said for said in backups.lines)
    assert cluster.client.get(leases_path(home))["items"] == []


MARK = """
import os
from ansible_collections.arkive.k8s.plugins.module_utils._restore.apply.lock_holder import RestoreProcess
print(RestoreProcess.current("x").process)
"""


def test_an_earlier_run_that_still_runs(home: str, cluster: Cluster, backups: Backups) -> None:
    backups.write("b", configs(home, 3))
    hold(cluster, home, renewed=now(), restore="r")
    with renewing(cluster, home), pytest.raises(RestoreError, match="restore 'r' on far-away is at work"):
        backups.restore("b", name="r")
    assert live_configs(cluster, home) == {}


def test_without_the_right_to_leases(home: str, cluster: Cluster, backups: Backups, kubeconfig: str) -> None:
    user = "arkive-test-no-leases"
    limited = connect(KubeAuth(kubeconfig=kubeconfig, impersonate_user=user))
    rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{home}"
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "create"]}]
    cluster.client.post(rbac + "/roles", {"metadata": {"name": "maker"}, "rules": rules})
    subjects = [{"kind": "User", "name": user, "apiGroup": "rbac.authorization.k8s.io"}]
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "maker"}
    cluster.client.post(rbac + "/rolebindings", {"metadata": {"name": "maker"}, "roleRef": role, "subjects": subjects})
    backups.write("b", configs(home, 3))
    done = backups.restore("b", client=limited)
    assert (done.phase, done.errors_list) == ("Completed", [])
    said = [warning["message"].partition(":")[0] for warning in done.warnings_list]
    assert said == [f"Other restores into namespace '{home}' would not be noticed"]


@pytest.mark.parametrize("fresh", [False, True], ids=["a namespace that is there", "a namespace that is new to both"])
def test_two_at_once(cluster: Cluster, backups: Backups, home: str, fresh: bool) -> None:
    """One restores everything; the other is refused, or finds nothing left to do. Nothing is there twice."""
    namespace = cluster.new_name() if fresh else home
    backups.write("b", configs(namespace, 150))
    outcomes: list[str] = []

    def restore(name: str) -> None:
        try:
            done = backups.restore("b", name=name, workers=4)
        except RestoreError as exc:
            outcomes.append(f"refused: {exc.message}")
        else:
            outcomes.append(f"{done.phase}: {[error['message'] for error in done.errors_list]}")

    threads = [threading.Thread(target=restore, args=[name]) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole = [outcome for outcome in outcomes if outcome == "Completed: []"]
    others = [outcome for outcome in outcomes if outcome not in whole]
    assert whole, outcomes
    assert all(" is at work in namespace " in outcome for outcome in others), outcomes
    assert len(live_configs(cluster, namespace)) == 150
    labels = {
        item["metadata"]["labels"]["velero.io/restore-name"]
        for item in cluster.client.get(f"/api/v1/namespaces/{namespace}/configmaps")["items"]
        if item["metadata"]["name"] != CA
    }
    assert len(labels) == 1 or not others, labels
    assert cluster.client.get(leases_path(namespace))["items"] == []


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def test_killed_and_finished_under_its_name(home: str, cluster: Cluster, backups: Backups, kubeconfig: str) -> None:
    """docs/compatibility 14.17: what the killed run made is left alone, and the rest is made."""
    backups.write("b", configs(home, 600))
    argv = [sys.executable, "-c", RUNNER, kubeconfig, str(backups.path)]
    process = subprocess.Popen(argv, env=environment())
    end = time.monotonic() + 120
    while len(live_configs(cluster, home)) < 50:
        assert process.poll() is None
        assert time.monotonic() < end
    process.kill()
    process.wait()
    before = live_configs(cluster, home)
    assert 50 <= len(before) < 600
    assert len(cluster.client.get(leases_path(home))["items"]) == 1

    hints = [warning["hint"] for warning in backups.plan("b").warnings_list]
    assert hints == ["Run it again with name: r to finish it."]
    done = backups.restore("b", name="r")
    assert (done.phase, done.errors_list, done.warnings_list) == ("Completed", [], [])
    assert done.states == {"created": 600 - len(before), "unchanged": len(before) + 1}
    after = live_configs(cluster, home)
    assert len(after) == 600
    assert before.items() <= after.items()
    assert cluster.client.get(leases_path(home))["items"] == []
    assert backups.plan("b").warnings_list == []
    assert backups.restore("b", name="r").changed is False


@pytest.mark.fault
def test_the_api_server_is_restarted(
    home: str, cluster: Cluster, backups: Backups, component: t.Callable[[str, str], None]
) -> None:
    """Requests without an answer are cleared up: what was made counts, what was not is made."""
    backups.write("b", configs(home, 600))
    client = backups.client.with_cancel(CancelToken())
    found: list[t.Any] = []
    thread = threading.Thread(target=lambda: found.append(backups.restore("b", client=client, name="r", workers=8)))
    thread.start()
    end = time.monotonic() + 120
    while len(live_configs(cluster, home)) < 50:
        assert time.monotonic() < end
    component("kill", "kube-apiserver")
    thread.join(timeout=300)
    assert not thread.is_alive()
    (done,) = found
    assert (done.phase, done.errors_list) == ("Completed", [])
    assert done.states == {"created": 600, "unchanged": 1}
    assert len(live_configs(cluster, home)) == 600
    assert backups.restore("b", name="r").changed is False
