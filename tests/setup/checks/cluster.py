# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cluster that tests and demo run on: the local one, or the one that ``KUBECONFIG_TEST`` names."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import shutil
import sys
import typing as t

from checks.console import Background, CheckError, must_run, note, run, say
from checks.paths import CHECKOUT, CHECKOUT_ID, CLUSTER_STATE, COLLECTIONS, LOGS, S3_STATE, TREE, WORK
from checks.report import Report

_LAB = str(CHECKOUT / "tests" / "cluster" / "lab.py")

#: So that the clusters of two checkouts do not meet.
_INDEX = int(CHECKOUT_ID[:6], 16)

_WHERE = ["--state", str(CLUSTER_STATE), "--index", str(_INDEX)]

#: Says that the cluster was started by hand, and is to be left running.
_KEPT = WORK / "cluster-kept"

#: As the cluster's launcher names it.
START_FAILURE = "start-failure.txt"

#: What tests read: in their environment, and, in lower case, as variables of the integration targets.
Variables: t.TypeAlias = dict[str, str]


def is_foreign() -> bool:
    """Whether a cluster is used that is not ours to break."""
    return bool(os.environ.get("KUBECONFIG_TEST"))


def ends_afterwards() -> bool:
    """Whether the cluster in use is one that ``cluster`` started, and stops."""
    return not is_foreign() and not _KEPT.exists()


@contextlib.contextmanager
def cluster() -> t.Iterator[Variables]:
    """A running cluster. It is stopped afterwards unless it was there before."""
    if is_foreign():
        with _s3_server() as server:
            yield _foreign_variables(server)
    elif _KEPT.exists() and _is_running():
        note("the cluster that runs is used, and left running")
        yield _local_variables()
    else:
        start()
        try:
            yield _local_variables()
        finally:
            stop()


def build() -> Background:
    """Begin to build the cluster, Velero and the execution environment; nothing to do when they are in the cache."""
    argv = [sys.executable, _LAB, "build", "cluster", "velero", "execution-environment"]
    argv += ["--collections", str(COLLECTIONS)]
    return Background("The build of the cluster", argv, log=LOGS / "cluster-build.log")


def build_later() -> Background:
    """Begin to build kopia, which moves data, and Flux, which undoes restores; tests that need them wait for this."""
    argv = [sys.executable, _LAB, "build", "kopia", "flux"]
    return Background("The build of kopia and Flux", argv, log=LOGS / "later-build.log")


def build_others() -> None:
    """Build what the live tests run against the collection or have it run: Velero, kopia, and Flux."""
    if not is_foreign():
        must_run([sys.executable, _LAB, "build", "velero", "kopia", "flux"])


def start() -> None:
    """Start the local cluster. What an interrupted run may have left of it is removed first."""
    _KEPT.unlink(missing_ok=True)
    say("Starting the local cluster")
    code, _printed = run([sys.executable, _LAB, "start", *_WHERE])
    if code != 0:
        failure = CLUSTER_STATE / "log" / START_FAILURE
        reason = failure.read_text() if failure.exists() else "it says why above"
        raise CheckError(f"The local cluster did not start: {reason}; see {CLUSTER_STATE / 'log'}.")


def stop() -> None:
    """Stop the local cluster, and keep its logs for whoever looks for the reason of a failure."""
    _KEPT.unlink(missing_ok=True)
    if not CLUSTER_STATE.exists():
        return
    say("Stopping the local cluster")
    logs = LOGS / "cluster"
    shutil.rmtree(logs, ignore_errors=True)
    shutil.copytree(CLUSTER_STATE / "log", logs, ignore_dangling_symlinks=True)
    note(f"its logs are in {logs}")
    code, _printed = run([sys.executable, _LAB, "stop", *_WHERE])
    if code != 0:
        raise CheckError(f"The local cluster at {CLUSTER_STATE} did not stop as it should.")


def start_and_keep() -> None:
    """Start the local cluster for several commands to use."""
    start()
    WORK.mkdir(parents=True, exist_ok=True)
    _KEPT.touch()
    for name, value in _local_variables().items():
        note(f"export {name}={value}")


def conformance(report: Report) -> None:
    """Check the local cluster itself."""
    with report.step("cluster conformance") as step:
        code, _printed = run([sys.executable, _LAB, "conformance", *_WHERE])
        step.count(code == 0)


def check_frozen(report: Report) -> None:
    """Fail when a file system was left frozen by a test, and thawed by the driver or the watchdog only."""
    with report.step("nothing was left frozen") as step:
        code, printed = run([sys.executable, _LAB, "status", "--check-frozen", *_WHERE], quiet=True)
        step.count(code == 0)
        if code != 0:
            note(printed)


def write_integration_config(variables: Variables) -> None:
    """Hand the variables to the integration targets: ansible-test hides the environment from them."""
    config = {name.lower(): value for name, value in variables.items()}
    target = TREE / "tests" / "integration" / "integration_config.yml"
    target.write_text(json.dumps(config, indent=2) + "\n")  # JSON is YAML
    target.chmod(0o600)


def _is_running() -> bool:
    code, printed = run([sys.executable, _LAB, "status", "--json", *_WHERE], quiet=True)
    return code == 0 and bool(json.loads(printed).get("running"))


def _local_variables() -> Variables:
    status = json.loads(must_run([sys.executable, _LAB, "status", "--json", *_WHERE]))
    found = _variables(status["kubeconfig"], status["kubectl"], status["s3"], state=str(CLUSTER_STATE))
    found["ARKIVE_TEST_S3_POD_ENDPOINT"] = status["s3"]["pod_endpoint"]
    found["ARKIVE_TEST_KOPIA_IMAGE"] = status["images"]["kopia"] or ""  # not yet built, or built since the start
    return found | {f"ARKIVE_TEST_{name.upper()}": _program(name) for name in ("velero", "kopia")}


def _program(name: str) -> str:
    """The command of what is not built with the cluster; empty when it has not been built."""
    _code, printed = run([sys.executable, _LAB, name, "program"], quiet=True)
    return printed.strip()


def _foreign_variables(server: dict[str, str]) -> Variables:
    kubeconfig = pathlib.Path(os.environ["KUBECONFIG_TEST"]).expanduser().resolve()
    if not kubeconfig.is_file():
        raise CheckError(f"KUBECONFIG_TEST names {kubeconfig}, which is not a file.")
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        raise CheckError("KUBECONFIG_TEST is set, and kubectl is not in PATH.")
    return _variables(str(kubeconfig), kubectl, server, state="")


def _variables(kubeconfig: str, kubectl: str, server: dict[str, str], *, state: str) -> Variables:
    return {
        "ARKIVE_TEST_KUBECONFIG": kubeconfig,
        "ARKIVE_TEST_KUBECTL": kubectl,
        "ARKIVE_TEST_S3_ENDPOINT": server["endpoint"],
        "ARKIVE_TEST_S3_ACCESS_KEY": server["access_key"],
        "ARKIVE_TEST_S3_SECRET_KEY": server["secret_key"],
        "ARKIVE_TEST_STATE": state,
        "ARKIVE_TEST_COLLECTIONS": str(COLLECTIONS),
    }


@contextlib.contextmanager
def _s3_server() -> t.Iterator[dict[str, str]]:
    """An S3 server without a cluster. One that an interrupted run left is stopped first."""
    where = ["--state", str(S3_STATE)]
    must_run([sys.executable, _LAB, "stop", *where])
    say("Starting the S3 server")
    printed = must_run([sys.executable, _LAB, "s3", "start", *where])
    try:
        yield json.loads(printed.splitlines()[-1])
    finally:
        say("Stopping the S3 server")
        must_run([sys.executable, _LAB, "stop", *where])


__all__ = (
    "START_FAILURE",
    "build",
    "build_later",
    "build_others",
    "check_frozen",
    "cluster",
    "conformance",
    "ends_afterwards",
    "is_foreign",
    "start",
    "start_and_keep",
    "stop",
    "write_integration_config",
)
