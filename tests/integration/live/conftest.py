# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests against a real cluster share.

Read from the environment: ``ARKIVE_TEST_KUBECONFIG``; ``ARKIVE_TEST_KUBECTL``; ``ARKIVE_TEST_S3_ENDPOINT``,
``ARKIVE_TEST_S3_ACCESS_KEY`` and ``ARKIVE_TEST_S3_SECRET_KEY``; ``ARKIVE_TEST_STATE``, the directory of the local
cluster, empty for any other cluster; ``ARKIVE_TEST_S3_POD_ENDPOINT``, the S3 server as its pods reach it;
``ARKIVE_TEST_VELERO``, the velero command that was built for the local cluster;
``ARKIVE_TEST_RULEBOOK``, the ansible-rulebook program;
``ARKIVE_TEST_PIPELINES``, an environment with junitparser.
What a test needs and does not find is a failure, never a skip.
Only namespaces that begin with ``arkive-test-`` are touched.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import subprocess
import sys
import time
import typing as t
from pathlib import Path

import pytest
from callers import Callers
from cluster_access import Kubectl, S3Access
from granted import Granted
from new_bucket import new_bucket

from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import KubeAuth, connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError

PREFIX = "arkive-test-"
LAB = Path(__file__).parents[2] / "cluster" / "lab.py"
_NOT_THERE = re.compile(r"\(NotFound\)|no matching resources found")


def setting(name: str, what: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        pytest.fail(f"{name} is not set: it names {what}. `make test` sets it.", pytrace=False)
    return value


@pytest.fixture(scope="session")
def kubeconfig() -> str:
    path = setting("ARKIVE_TEST_KUBECONFIG", "the kubeconfig of a cluster to test with")
    if not Path(path).is_file():
        pytest.fail(f"ARKIVE_TEST_KUBECONFIG names {path}, which does not exist.", pytrace=False)
    return path


@pytest.fixture(scope="session")
def client(kubeconfig: str) -> KubeClient:
    """A client with the kubeconfig's own credential."""
    return connect(KubeAuth(kubeconfig=kubeconfig))


@pytest.fixture(scope="session")
def kubectl(kubeconfig: str) -> Kubectl:
    """``kubectl("-n", "x", "get", "pods")`` gives stdout; a failure fails the test with stderr.

    ``wait`` also waits, for a minute, for the object to be there: kubectl's own gives up at once.
    """
    binary = os.environ.get("ARKIVE_TEST_KUBECTL") or "kubectl"

    def once(arguments: t.Sequence[str], stdin: str | None) -> subprocess.CompletedProcess[str]:
        command = [binary, "--kubeconfig", kubeconfig, *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=120, check=False)

    def run(*arguments: str, stdin: str | None = None, check: bool = True) -> str:
        done = once(arguments, stdin)
        end = time.monotonic() + 60
        while "wait" in arguments and _NOT_THERE.search(done.stderr) and time.monotonic() < end:
            time.sleep(0.2)
            done = once(arguments, stdin)
        if check and done.returncode:
            pytest.fail(f"kubectl {' '.join(arguments)}: exit code {done.returncode}\n{done.stderr}")
        return done.stdout

    return run


@contextlib.contextmanager
def fresh_namespace(client: KubeClient) -> t.Iterator[str]:
    """A namespace with its default service account; deletion is asked for at the end, not waited for."""
    name = PREFIX + secrets.token_hex(4)
    client.post("/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    try:
        _await_service_account(client, name)
        yield name
    finally:
        client.delete(f"/api/v1/namespaces/{name}")


def _await_service_account(client: KubeClient, namespace: str) -> None:
    end = time.monotonic() + 90
    while True:
        try:
            client.get(f"/api/v1/namespaces/{namespace}/serviceaccounts/default")
        except KubeError as exc:
            if not exc.not_found or time.monotonic() > end:
                raise
        else:
            return
        time.sleep(0.05)


@pytest.fixture
def namespace(client: KubeClient) -> t.Iterator[str]:
    """A namespace for one test."""
    with fresh_namespace(client) as name:
        yield name


@pytest.fixture(scope="module")
def module_namespace(client: KubeClient) -> t.Iterator[str]:
    """A namespace for all tests of a file."""
    with fresh_namespace(client) as name:
        yield name


@pytest.fixture(scope="module")
def make_namespace(client: KubeClient) -> t.Iterator[t.Callable[[], str]]:
    """Makes namespaces, which go with the last test of the file."""
    with contextlib.ExitStack() as made:
        yield lambda: made.enter_context(fresh_namespace(client))


@pytest.fixture
def callers(kubectl: Kubectl, kubeconfig: str, namespace: str) -> t.Iterator[Callers]:
    """Makes service accounts with given rights, in a namespace for one test."""
    found = Callers(kubectl, kubeconfig, namespace)
    yield found
    for name in found.cluster_wide:
        kubectl("delete", "clusterrole,clusterrolebinding", name, "--ignore-not-found")


@pytest.fixture(scope="session")
def s3() -> S3Access:
    return S3Access(
        setting("ARKIVE_TEST_S3_ENDPOINT", "the URL of an S3 server to test with"),
        setting("ARKIVE_TEST_S3_ACCESS_KEY", "its access key"),
        setting("ARKIVE_TEST_S3_SECRET_KEY", "its secret key"),
    )


@pytest.fixture
def s3_bucket(s3: S3Access) -> t.Iterator[t.Any]:
    """A new bucket, for one test; gone afterwards."""
    with new_bucket(s3) as found:
        yield found


@pytest.fixture(scope="module")
def module_s3_bucket(s3: S3Access) -> t.Iterator[t.Any]:
    """A new bucket, for all tests of a file; gone afterwards."""
    with new_bucket(s3) as found:
        yield found


@pytest.fixture(scope="session")
def state() -> Path:
    """The directory of the local cluster. For tests that are marked ``fault``, ``node`` or ``velero``."""
    return Path(setting("ARKIVE_TEST_STATE", "the directory of the local cluster"))


@pytest.fixture(scope="session")
def velero_program() -> str:
    """Velero's command, which is its server too. For tests that are marked ``velero``."""
    path = setting("ARKIVE_TEST_VELERO", "the velero command that was built for the local cluster")
    if not Path(path).is_file():
        pytest.fail(f"ARKIVE_TEST_VELERO names {path}, which does not exist.", pytrace=False)
    return path


@pytest.fixture(scope="session")
def pod_s3_url() -> str:
    """The S3 server for the local cluster's pods, and for Velero's server. For tests with the marker ``node``."""
    return setting("ARKIVE_TEST_S3_POD_ENDPOINT", "the URL at which pods reach the S3 server")


@pytest.fixture(scope="session")
def kopia_image(state: Path) -> str:
    """The image that moves data, which the local cluster's registry has; built now when nothing has before."""
    return _lab("kopia", "image", "--state", str(state))


@pytest.fixture(scope="session")
def kopia_program() -> str:
    """Kopia's command, for the host; built now when nothing has before."""
    _lab("build", "kopia")
    return _lab("kopia", "program")


@pytest.fixture(scope="module")
def make_local_volume(state: Path) -> t.Iterator[t.Callable[[str], str]]:
    """Makes volumes without snapshots, of a size as ``64Mi``, for claims of the class ``local``; their names.

    They go with the last test of the file, once their claims have gone.
    """
    made: list[str] = []

    def make(size: str) -> str:
        name = PREFIX + secrets.token_hex(4)
        _lab("local-volume", "add", name, "--size", size, "--state", str(state))
        made.append(name)
        return name

    yield make
    for name in made:
        _lab("local-volume", "remove", name, "--state", str(state))


def _lab(*arguments: str) -> str:
    done = subprocess.run([sys.executable, str(LAB), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(f"lab.py {' '.join(arguments)}: {done.stderr}", pytrace=False)
    return done.stdout.strip()


def _hasten_recovery(client: KubeClient, act: t.Callable[[str, str], None]) -> None:
    """Restart what else would try again after a minute only, and what new namespaces and pods wait for until then."""
    client.version()
    own = ("kube-controller-manager", "kube-scheduler", "kubelet")
    for name in (*own, "csi-provisioner", "csi-snapshotter", "snapshot-controller"):
        with contextlib.suppress(subprocess.CalledProcessError):  # it is starting again by itself
            act("kill", name)


@pytest.fixture
def component(state: Path, client: KubeClient) -> t.Iterator[t.Callable[[str, str], None]]:
    """``component("stop", "kube-apiserver")``; what a test stopped or took down is brought back at its end."""
    undo: list[tuple[str, str]] = []
    was_gone: set[str] = set()

    def act(action: str, name: str) -> None:
        command = [sys.executable, str(LAB), "component", action, name, "--state", str(state)]
        subprocess.run(command, check=True, timeout=60, capture_output=True)

    def noted(action: str, name: str) -> None:
        back = {"stop": "cont", "down": "up"}.get(action)
        if back:
            undo.append((back, name))
        if action in {"kill", "down"}:
            was_gone.add(name)
        act(action, name)

    yield noted
    for action, name in reversed(undo):
        act(action, name)
    if "kube-apiserver" in was_gone:
        _hasten_recovery(client, act)


@pytest.fixture(scope="module")
def make_granted(client: KubeClient, kubeconfig: str) -> t.Iterator[t.Callable[[str], Granted]]:
    """``make_granted(namespace)``: accounts in that namespace with the rights that ``k8s_access_info`` names."""
    made: list[Granted] = []

    def make(namespace: str) -> Granted:
        made.append(Granted(client, kubeconfig, namespace, namespace))
        return made[-1]

    yield make
    for each in made:
        each.remove()
