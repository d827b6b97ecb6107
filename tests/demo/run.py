# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The nginx example of Velero's and Ark's documentation, end to end, as a user would do it.

`make demo` runs it, with the cluster and the S3 server named in the environment (ARKIVE_TEST_*). The collection is
built and installed into a folder of its own, and used by `ansible-playbook` and the playbooks that it ships.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
import secrets
import shlex
import signal
import subprocess
import sys
import tempfile
import time
import types
import typing as t

import boto3
import botocore.exceptions

ROOT = pathlib.Path(__file__).resolve().parents[2]
MANIFEST = pathlib.Path(__file__).with_name("nginx.yml")
PROGRAMS = pathlib.Path(sys.executable).parent

IN_MANIFEST = "nginx-example"
#: In a cluster that is not ours, only namespaces with our prefix are touched.
NAMESPACE = IN_MANIFEST if os.environ.get("ARKIVE_TEST_STATE") else f"arkive-test-{IN_MANIFEST}"
COPY = f"{NAMESPACE}-copy"
BUCKET = "arkive-demo"
REGION = "us-east-1"
BACKUP = "nginx-hook-test"
LONGEST_WAIT = 180.0
LOGS = "/var/log/nginx"
#: What is in the volume before the backup, and so is to be in it after the restore.
NOTE = f"{LOGS}/note.txt"

#: As the page prints them.
ANNOTATIONS = (
    'pre.hook.backup.velero.io/command=["/sbin/fsfreeze", "--freeze", "/var/log/nginx"]',
    "pre.hook.backup.velero.io/container=fsfreeze",
    'post.hook.backup.velero.io/command=["/sbin/fsfreeze", "--unfreeze", "/var/log/nginx"]',
    "post.hook.backup.velero.io/container=fsfreeze",
)


class DemoError(Exception):
    """A step did not do what it should."""


@dataclasses.dataclass
class Step:
    """A line of the table at the end."""

    title: str
    seconds: float = 0.0
    outcome: str = ""


class Demo:
    """The steps, in the order of their names here."""

    def __init__(self, workspace: pathlib.Path) -> None:
        self._workspace = workspace
        self._kubectl = [os.environ["ARKIVE_TEST_KUBECTL"], "--kubeconfig", os.environ["ARKIVE_TEST_KUBECONFIG"]]
        self._bucket = boto3.resource(
            "s3",
            endpoint_url=os.environ["ARKIVE_TEST_S3_ENDPOINT"],
            aws_access_key_id=os.environ["ARKIVE_TEST_S3_ACCESS_KEY"],
            aws_secret_access_key=os.environ["ARKIVE_TEST_S3_SECRET_KEY"],
            region_name=REGION,
        ).Bucket(BUCKET)
        self._words = f"written-{secrets.token_hex(4)}"
        self._window = 0.0
        self.steps: list[Step] = []

    def run(self) -> None:
        """Everything. Raises ``DemoError`` at the first step that fails."""
        with self._step("build and install the collection") as step:
            step.outcome = self._install_collection()
        with self._step("remove what an interrupted run left") as step:
            self.clean_up()
            self._bucket.create()
            step.outcome = f"clean, bucket {BUCKET}"
        with self._step("deploy nginx with a volume for its logs") as step:
            step.outcome = self._deploy()
        with self._step("annotate the pod as the page shows") as step:
            self._command([*self._kubectl, "annotate", "pod", "-n", NAMESPACE, "-l", "app=nginx", *ANNOTATIONS])
            step.outcome = "pre hook: freeze, post hook: unfreeze"
        with self._step("write a file and a log line into the volume") as step:
            step.outcome = self._write()
        with self._step("back up to S3, with the log volume frozen") as step:
            step.outcome = self._back_up()
        with self._step("delete the namespace") as step:
            self._delete_namespaces(NAMESPACE)
            step.outcome = f"{NAMESPACE} is gone, and its volume"
        with self._step("look at the restore: --check --diff") as step:
            step.outcome = self._plan()
        with self._step("restore") as step:
            step.outcome = self._restore("nginx-again", {})
        with self._step("restore into a second namespace") as step:
            step.outcome = self._restore("nginx-copy", {NAMESPACE: COPY})
        for namespace in (NAMESPACE, COPY):
            with self._step(f"ask nginx in {namespace} for its page") as step:
                step.outcome = self._ask(namespace)
            with self._step(f"look into the volume in {namespace}") as step:
                step.outcome = self._read_back(namespace)

    def clean_up(self) -> None:
        """Remove both namespaces, the backup with its snapshot, and the bucket; what is not there is fine."""
        self._delete_namespaces(NAMESPACE, COPY)
        with contextlib.suppress(self._bucket.meta.client.exceptions.NoSuchBucket):
            if any(self._bucket.objects.filter(Prefix=f"backups/{BACKUP}/")):
                self._delete_backup()
        with contextlib.suppress(self._bucket.meta.client.exceptions.NoSuchBucket):
            self._bucket.objects.all().delete()
            self._bucket.delete()

    # -- steps ------------------------------------------------------------------------------------------------------

    def _install_collection(self) -> str:
        built = self._workspace / "built"
        self._command([self._program("ansible-galaxy"), "collection", "build", str(ROOT), "--output-path", str(built)])
        archive = next(built.glob("*.tar.gz"))
        target = self._collections()
        install = [self._program("ansible-galaxy"), "collection", "install", str(archive), "--offline", "-p", target]
        self._command(install)
        return archive.name

    def _deploy(self) -> str:
        manifest = MANIFEST.read_text().replace(IN_MANIFEST, NAMESPACE)
        self._command([*self._kubectl, "apply", "-f", "-"], stdin=manifest)
        self._wait_for_nginx(NAMESPACE)
        return "1 pod, 2 containers, 1 claim"

    def _write(self) -> str:
        """A file by a shell, and a line that nginx writes; nothing is synced."""
        self._in_pod(NAMESPACE, f"echo {self._words} >{NOTE}")
        path = f"/api/v1/namespaces/{NAMESPACE}/services/my-nginx:80/proxy/?{self._words}"
        deadline = time.monotonic() + LONGEST_WAIT
        while self._run([*self._kubectl, "get", "--raw", path], quiet=True)[0] != 0:
            if time.monotonic() > deadline:
                raise DemoError("nginx does not answer.")
            time.sleep(0.5)
        self._show_volume(NAMESPACE)
        return f"{NOTE}, and a line of {LOGS}/access.log"

    def _show_volume(self, namespace: str) -> tuple[str, int]:
        """What is in the file, and how many lines of the log are of our request."""
        note = self._in_pod(namespace, f"cat {NOTE}").strip()
        lines = self._in_pod(namespace, f"grep {self._words} {LOGS}/access.log").splitlines()
        return note, len(lines)

    def _back_up(self) -> str:
        stats = self._playbook(
            "arkive.k8s.backup",
            {
                "backup_name": BACKUP,
                "backup_included_namespaces": [NAMESPACE],
                "backup_storage_location": self._location(),
            },
        )
        if stats.get("arkive_backup_phase") != "Completed" or not stats.get("arkive_backup_longest_freeze"):
            raise DemoError(f"The backup is not what it should be: {stats}.")
        self._window = float(stats["arkive_backup_longest_freeze"])
        return f"{stats['arkive_backup_phase']}, {stats['arkive_backup_items']} items, frozen for {self._window} s"

    def _plan(self) -> str:
        self._playbook("arkive.k8s.restore", self._restore_variables("", {}), "--check", "--diff")
        code, _printed = self._run([*self._kubectl, "get", "namespace", NAMESPACE], quiet=True)
        if code == 0:
            raise DemoError(f"Check mode has made the namespace {NAMESPACE}.")
        return "shown, nothing was changed"

    def _restore(self, name: str, mapping: dict[str, str]) -> str:
        stats = self._playbook("arkive.k8s.restore", self._restore_variables(name, mapping))
        if stats.get("arkive_restore_phase") != "Completed":
            raise DemoError(f"The restore is not what it should be: {stats}.")
        return f"{stats['arkive_restore_phase']}, {stats['arkive_restore_created']} created"

    def _ask(self, namespace: str) -> str:
        self._wait_for_nginx(namespace)
        path = f"/api/v1/namespaces/{namespace}/services/my-nginx:80/proxy/"
        deadline = time.monotonic() + LONGEST_WAIT
        while True:
            code, page = self._run([*self._kubectl, "get", "--raw", path], quiet=True)
            if code == 0 and "Welcome to nginx!" in page:
                print(page.rstrip(), flush=True)
                return "Welcome to nginx!"
            if time.monotonic() > deadline:
                raise DemoError(f"nginx in {namespace} does not answer: {page[:500]}")
            time.sleep(0.5)

    def _read_back(self, namespace: str) -> str:
        note, lines = self._show_volume(namespace)
        if note != self._words or not lines:
            raise DemoError(f"In the volume of {namespace} the file has {note!r}, and the log {lines} lines of ours.")
        return f"file and log line are back; the freeze window was {self._window} s"

    # -- means ------------------------------------------------------------------------------------------------------

    def _delete_namespaces(self, *names: str) -> None:
        delete = [*self._kubectl, "delete", "--ignore-not-found", "--timeout=180s"]
        self._command([*delete, "namespace", *names, "--wait=false"])
        for name in names:
            # The shell of the fsfreeze container does not heed SIGTERM: the page's pod takes 30 s to end by itself.
            self._command([*delete, "pods", "--all", "-n", name, "--grace-period=1", "--wait=false"], quiet=True)
        self._command([*delete, "namespace", *names, "--wait=true"], quiet=True)

    def _delete_backup(self) -> None:
        """With the storage's snapshot."""
        arguments = {"name": BACKUP, "state": "absent", "storage_location": self._location()}
        module = ["-m", "arkive.k8s.k8s_backup", "-a", json.dumps(arguments)]
        python = f"ansible_python_interpreter={sys.executable}"
        print(f"deleting backup {BACKUP} with its snapshot", flush=True)
        self._command([self._program("ansible"), "localhost", "-c", "local", "-e", python, *module], quiet=True)

    def _in_pod(self, namespace: str, script: str) -> str:
        """Run a script beside nginx; what it prints."""
        where = ["exec", "-n", namespace, "deployment/nginx-deployment", "-c", "nginx"]
        return self._command([*self._kubectl, *where, "--", "/bin/sh", "-c", script])

    def _wait_for_nginx(self, namespace: str) -> None:
        rollout = ["rollout", "status", "deployment/nginx-deployment", "-n", namespace]
        self._command([*self._kubectl, *rollout, f"--timeout={LONGEST_WAIT:.0f}s"])

    def _restore_variables(self, name: str, mapping: dict[str, str]) -> dict[str, t.Any]:
        return {
            "restore_backup": BACKUP,
            "restore_name": name,
            "restore_namespace_mapping": mapping,
            "restore_storage_location": self._location(),
        }

    def _location(self) -> dict[str, str]:
        """The keys are in the environment, where boto3 looks for them."""
        return {"bucket": BUCKET, "region": REGION, "endpoint_url": os.environ["ARKIVE_TEST_S3_ENDPOINT"]}

    def _playbook(self, name: str, variables: dict[str, t.Any], *options: str) -> dict[str, t.Any]:
        """Run a shipped playbook by its full name; returns the artifacts it leaves (set_stats)."""
        argv = [self._program("ansible-playbook"), name, *options, "--extra-vars", json.dumps(variables)]
        printed = self._command(argv)
        stats = [line.partition("RUN: ")[2] for line in printed.splitlines() if line.strip().startswith("RUN: ")]
        found: dict[str, t.Any] = json.loads(stats[-1]) if stats else {}
        return found

    def _collections(self) -> str:
        return str(self._workspace / "collections")

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHONPATH"))}
        return kept | {
            "ANSIBLE_COLLECTIONS_PATH": self._collections(),
            "ANSIBLE_HOME": str(self._workspace / "ansible"),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_SHOW_CUSTOM_STATS": "true",
            "PYTHONUNBUFFERED": "1",
            "K8S_AUTH_KUBECONFIG": os.environ["ARKIVE_TEST_KUBECONFIG"],
            "AWS_ACCESS_KEY_ID": os.environ["ARKIVE_TEST_S3_ACCESS_KEY"],
            "AWS_SECRET_ACCESS_KEY": os.environ["ARKIVE_TEST_S3_SECRET_KEY"],
        }

    @staticmethod
    def _program(name: str) -> str:
        return str(PROGRAMS / name)

    def _command(self, argv: t.Sequence[str], *, stdin: str | None = None, quiet: bool = False) -> str:
        code, printed = self._run(argv, stdin=stdin, quiet=quiet)
        if code != 0:
            shown = printed[-3000:] if quiet else ""
            raise DemoError(f"{pathlib.Path(argv[0]).name} failed with exit code {code}. {shown}".rstrip())
        return printed

    def _run(self, argv: t.Sequence[str], *, stdin: str | None = None, quiet: bool = False) -> tuple[int, str]:
        """Run a command and show what it prints as it goes; returns the exit code and all of it."""
        if not quiet:
            print(f"$ {shlex.join([pathlib.Path(argv[0]).name, *argv[1:]])}", flush=True)
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self._environment(),
            cwd=self._workspace,
        )
        with process:
            try:
                if stdin is not None and process.stdin is not None:
                    process.stdin.write(stdin)
                    process.stdin.close()
                lines = []
                for line in process.stdout or ():
                    lines.append(line)
                    if not quiet and line.strip():
                        print(f"  {line.rstrip()}", flush=True)
            except BaseException:
                process.terminate()
                raise
        return process.returncode, "".join(lines)

    @contextlib.contextmanager
    def _step(self, title: str) -> t.Iterator[Step]:
        print(f"\n== {title}", flush=True)
        step = Step(title, outcome="FAILED")
        self.steps.append(step)
        started = time.monotonic()
        try:
            yield step
        finally:
            step.seconds = time.monotonic() - started


def print_table(steps: t.Sequence[Step]) -> None:
    widest = max(len(step.title) for step in steps)
    print(f"\n{'step':<{widest}}  {'seconds':>7}  outcome")
    for step in steps:
        print(f"{step.title:<{widest}}  {step.seconds:>7.1f}  {step.outcome}")
    print(f"{'all':<{widest}}  {sum(step.seconds for step in steps):>7.1f}", flush=True)


def stop_on(number: int, _frame: types.FrameType | None) -> t.NoReturn:
    """Leave by way of the clean-up. It is not to be interrupted in turn."""
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise DemoError(f"Stopped by {signal.Signals(number).name}.")


def main() -> int:
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, stop_on)
    with tempfile.TemporaryDirectory(prefix="arkive-demo-") as folder:
        demo = Demo(pathlib.Path(folder))
        code = 0
        try:
            demo.run()
        except (DemoError, botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as exc:
            print(f"\nThe demo failed: {exc}", flush=True)
            code = 1
        try:
            print("\n== clean up", flush=True)
            demo.clean_up()
        except DemoError as exc:
            print(f"The clean-up failed: {exc}", flush=True)
            code = 1
    print_table(demo.steps)
    return code


if __name__ == "__main__":
    sys.exit(main())
