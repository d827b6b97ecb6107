# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Jobs as a container group of AWX runs them: what its control plane does to a pod, with the real runner at both ends.

The private data directory goes by ``ansible-runner transmit`` over the attach stream of the pod to the worker, and what
comes back is read by ``ansible-runner process``. A cancel is the deletion of the pod, with default options.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import os
import secrets
import subprocess
import sys
import typing as t
from pathlib import Path

import boto3
from awx_plugins.credentials import injectors

Object = dict[str, t.Any]

_BIN = Path(sys.executable).parent
_LAB = Path(__file__).parents[3] / "cluster" / "lab.py"
#: What AWX says to every job that runs in a pod.
_ENVIRONMENT = {
    "ANSIBLE_FORCE_COLOR": "True",
    "ANSIBLE_HOST_KEY_CHECKING": "False",
    "ANSIBLE_INVENTORY_UNPARSED_FAILED": "True",
    "ANSIBLE_RETRY_FILES_ENABLED": "False",
    "ANSIBLE_COLLECTIONS_PATH": ":".join(
        ("/runner/requirements_collections", "~/.ansible/collections", "/usr/share/ansible/collections")
    ),
    "AWX_HOST": "https://awx.example.org",
    "AWX_PRIVATE_DATA_DIR": "/runner",
    "INVENTORY_ID": "1",
    "MAX_EVENT_RES": "700000",
    "PROJECT_REVISION": "0" * 40,
}


class StubCredential:
    """What the injectors of AWX ask a credential for."""

    def __init__(self, **inputs: t.Any) -> None:
        self._inputs = inputs

    def get_input(self, name: str, default: t.Any = None) -> t.Any:
        return self._inputs.get(name, default)

    def has_input(self, name: str) -> bool:
        return self._inputs.get(name) not in (None, "")


#: Credential types by the names that AWX has for them.
INJECTORS: dict[str, t.Callable[[t.Any, dict[str, t.Any], str], object]] = {
    "aws": injectors.aws,
    "kubernetes_bearer_token": injectors.kubernetes_bearer_token,
}


@dataclasses.dataclass(frozen=True, slots=True)
class JobResult:
    """``text``: all that the job's page shows. ``events``: as AWX keeps them."""

    status: str
    events: list[Object]
    stderr: str

    @property
    def text(self) -> str:
        return "\n".join([*(event.get("stdout", "") for event in self.events), self.stderr])

    @property
    def artifacts(self) -> Object:
        """What set_stats has left for later nodes of a workflow."""
        found: Object = {}
        for event in self.events:
            found |= (event.get("event_data") or {}).get("artifact_data") or {}
        return found

    def results(self, task: str = "") -> list[Object]:
        """What the tasks whose name holds ``task`` have returned."""
        ended = [event["event_data"] for event in self.events if event["event"].startswith("runner_on_")]
        return [data["res"] for data in ended if "res" in data and task in data.get("task", "")]


class ContainerGroup:
    """A namespace for job pods; ``spec`` is laid over the pod's, as a container group's own specification is."""

    def __init__(self, folder: Path, namespace: str, image: str, *, spec: Object | None = None) -> None:
        self.folder = folder
        self.namespace = namespace
        self.image = image
        self.spec = spec or {}
        self._numbers = itertools.count(1)

    def launch(
        self,
        play: str | list[Object],
        *,
        variables: Object | None = None,
        credentials: t.Mapping[str, StubCredential] | None = None,
        timeout: int = 0,
        check: bool = False,
        **environment: str,
    ) -> Job:
        """Run ``play``, a list of tasks, or the name of a playbook of the collection."""
        number = next(self._numbers)
        home = self.folder / f"awx_{number}"
        for name in ("project", "inventory", "env"):
            (home / name).mkdir(parents=True)
        content = [{"import_playbook": play}] if isinstance(play, str) else [_play(play)]
        (home / "project/job.yml").write_text(json.dumps(content))  # JSON is YAML
        (home / "inventory/hosts").write_text("localhost ansible_connection=local\n")
        said: dict[str, t.Any] = {**_ENVIRONMENT, "JOB_ID": str(number)}
        for kind, credential in (credentials or {}).items():
            INJECTORS[kind](credential, said, str(home))
        (home / "env/envvars").write_text(json.dumps({**said, **environment}))
        (home / "env/extravars").write_text(
            json.dumps({"awx_job_id": number, "tower_job_id": number, **(variables or {})})
        )
        (home / "env/settings").write_text(json.dumps({"suppress_ansible_output": True, "job_timeout": timeout}))
        (home / "env/cmdline").write_text("--check --diff" if check else "")
        return Job(self, number, home)


class Job:
    """A job that runs."""

    def __init__(self, group: ContainerGroup, number: int, home: Path) -> None:
        self._home = home
        self._number = number
        self._namespace = group.namespace
        self.pod = f"automation-job-{number}"
        sent = home.with_name(f"{home.name}.sent")
        with sent.open("wb") as file:
            transmit = ["transmit", str(home), "-p", "job.yml", "-i", str(number)]
            subprocess.run([_BIN / "ansible-runner", *transmit], stdout=file, check=True, timeout=60)
        _kubectl("create", "-f", "-", stdin=json.dumps(_pod(group, self.pod, number)))
        running = ["--for=jsonpath={.status.phase}=Running", "--timeout=100s"]
        _kubectl("wait", *running, "-n", self._namespace, f"pod/{self.pod}")
        self._received = home.with_name(f"{home.name}.received")
        attach = ["attach", "--quiet", "--stdin", "-n", self._namespace, self.pod]
        with sent.open("rb") as stdin, self._received.open("wb") as stdout:
            self._stream = subprocess.Popen(
                [*_kubectl_argv(), *attach, "--container", "worker"], stdin=stdin, stdout=stdout, stderr=subprocess.PIPE
            )

    @property
    def runs(self) -> bool:
        return self._stream.poll() is None

    def cancel(self) -> None:
        """As receptor releases the work of a cancelled job: the pod is deleted, with default options."""
        _kubectl("delete", "pod", "-n", self._namespace, self.pod, "--wait=false")

    def delete_now(self) -> None:
        """The pod goes without a word, as with its node."""
        _kubectl("delete", "pod", "-n", self._namespace, self.pod, "--wait=false", "--grace-period=0", "--force")

    def await_gone(self, seconds: float = 60.0) -> None:
        _kubectl("wait", "--for=delete", "-n", self._namespace, f"pod/{self.pod}", f"--timeout={seconds:.0f}s")

    def end(self, seconds: float = 60.0) -> None:
        """Wait until neither pod nor stream is left."""
        self._stream.wait(seconds)
        _kubectl("delete", "pod", "-n", self._namespace, self.pod, "--ignore-not-found", "--wait=false")
        self.await_gone(seconds)

    def sh(self, script: str) -> str:
        """Run a script beside the worker."""
        return _kubectl("exec", "-n", self._namespace, self.pod, "-c", "worker", "--", "/bin/sh", "-c", script)

    def result(self, seconds: float = 240.0) -> JobResult:
        """Wait for the end, and read what came back; the pod is removed then."""
        try:
            _nothing, stderr = self._stream.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self._stream.kill()
            raise AssertionError(f"job {self._number} still runs after {seconds:g} s") from None
        finally:
            _kubectl("delete", "pod", "-n", self._namespace, self.pod, "--wait=false", "--ignore-not-found")
        read = self._home.with_name(f"{self._home.name}.read")
        with self._received.open("rb") as stdin:
            process = [_BIN / "ansible-runner", "process", read, "-i", str(self._number)]
            done = subprocess.run(process, stdin=stdin, capture_output=True, check=False, timeout=60)
        said = (stderr + done.stderr).decode(errors="replace")
        return _read(read / "artifacts" / str(self._number), said)


@contextlib.contextmanager
def in_cluster_spec(namespace: str) -> t.Iterator[Object]:
    """What a container group says for jobs that may do all in the cluster, by the token of their pod."""
    name = f"{namespace}-jobs"
    _kubectl("-n", namespace, "create", "serviceaccount", "jobs")
    _kubectl("create", "clusterrolebinding", name, "--clusterrole=cluster-admin", f"--serviceaccount={namespace}:jobs")
    try:
        yield {"serviceAccountName": "jobs", "automountServiceAccountToken": True}
    finally:
        _kubectl("delete", "clusterrolebinding", name)


class JobBucket:
    """A bucket of its own. As a context: it is made, and removed with what is in it."""

    def __init__(self, state: Path) -> None:
        server = json.loads(_run([sys.executable, _LAB, "status", "--json", "--state", state]))["s3"]
        self._keys = {"aws_access_key_id": server["access_key"], "aws_secret_access_key": server["secret_key"]}
        self._client = boto3.client("s3", endpoint_url=server["endpoint"], region_name="us-east-1", **self._keys)
        self.name = f"arkive-test-{secrets.token_hex(6)}"
        #: As jobs reach it, with keys from their environment.
        self.location = {"bucket": self.name, "endpoint_url": server["pod_endpoint"], "region": "us-east-1"}
        self.environment = {name.upper(): value for name, value in self._keys.items()}

    def __enter__(self) -> t.Self:
        self._client.create_bucket(Bucket=self.name)
        return self

    def __exit__(self, *_exc: object) -> None:
        for key in self.keys():
            self._client.delete_object(Bucket=self.name, Key=key)
        self._client.delete_bucket(Bucket=self.name)

    def keys(self, prefix: str = "") -> list[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix)
        return [found["Key"] for page in pages for found in page.get("Contents", ())]


def execution_environment(state: Path, folder: Path) -> str:
    """The image with the collection that is tried, as its archive installs it; the cluster's registry serves it."""
    tried = Path(os.environ["ARKIVE_TEST_COLLECTIONS"]) / "ansible_collections/arkive/k8s"
    galaxy = [_BIN / "ansible-galaxy", "collection"]
    built, installed = folder / "built", folder / "installed"
    _run([*galaxy, "build", "--output-path", built], cwd=tried)
    _run([*galaxy, "install", "--force", "--offline", "-p", installed, *built.glob("*.tar.gz")])
    made = _run([sys.executable, _LAB, "execution-environment", "--state", state, "--collections", installed])
    return made.splitlines()[-1]


def run_with_runner(tasks: list[Object], home: Path) -> JobResult:
    """On this machine, with no pod around it, as AWX has the runner say what happens."""
    for name in ("project", "inventory", "env"):
        (home / name).mkdir(parents=True)
    (home / "project/job.yml").write_text(json.dumps([_play(tasks)]))
    (home / "inventory/hosts").write_text("localhost ansible_connection=local\n")
    here = {"ANSIBLE_COLLECTIONS_PATH": os.environ["ARKIVE_TEST_COLLECTIONS"], "TMPDIR": str(home)}
    (home / "env/envvars").write_text(json.dumps({**_ENVIRONMENT, **here}))
    run = [_BIN / "ansible-runner", "run", home, "-p", "job.yml", "-i", "1", "-q"]
    done = subprocess.run(run, capture_output=True, text=True, check=False, timeout=400)
    return _read(home / "artifacts/1", done.stderr)


def _read(kept: Path, stderr: str) -> JobResult:
    """What the runner has left of a job."""
    status = (kept / "status").read_text() if (kept / "status").exists() else "error"
    files = [json.loads(file.read_text()) for file in kept.glob("job_events/*.json")]
    return JobResult(status, sorted(files, key=lambda event: event["counter"]), stderr)


def _run(argv: t.Sequence[str | Path], **options: t.Any) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=900, **options)
    assert done.returncode == 0, f"{argv}: {done.stderr}"
    return done.stdout


def _play(tasks: list[Object]) -> Object:
    variables = {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}
    return {"hosts": "localhost", "gather_facts": False, "vars": variables, "tasks": tasks}


def _pod(group: ContainerGroup, name: str, number: int) -> Object:
    worker: Object = {
        "name": "worker",
        "image": group.image,
        "args": ["ansible-runner", "worker", "--private-data-dir=/runner"],
        "stdin": True,
        "stdinOnce": True,
        "resources": {"requests": {"cpu": "250m", "memory": "100Mi"}},
    }
    spec = {
        "serviceAccountName": "default",
        "automountServiceAccountToken": False,
        "restartPolicy": "Never",
        **group.spec,
    }
    own = spec.pop("containers", [{}])[0]  # image and args are AWX's, whatever the group says
    labels = {"ansible-awx": "00000000-0000-0000-0000-000000000000", "ansible-awx-job-id": str(number)}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": group.namespace, "labels": labels},
        "spec": {**spec, "containers": [{**worker, **own, "image": group.image, "args": worker["args"]}]},
    }


def _kubectl_argv() -> list[str]:
    return [os.environ.get("ARKIVE_TEST_KUBECTL") or "kubectl", "--kubeconfig", os.environ["ARKIVE_TEST_KUBECONFIG"]]


def _kubectl(*arguments: str, stdin: str | None = None) -> str:
    done = subprocess.run(
        [*_kubectl_argv(), *arguments], input=stdin, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
    return done.stdout


__all__ = (
    "ContainerGroup",
    "Job",
    "JobBucket",
    "JobResult",
    "Object",
    "StubCredential",
    "execution_environment",
    "in_cluster_spec",
    "run_with_runner",
)
