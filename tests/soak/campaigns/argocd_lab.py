# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Argo CD's controllers, repositories that they read, and what the API server itself says of their Applications."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import typing as t
from pathlib import Path

from campaigns.live_support import ApiClient, Lab
from campaigns.wrong import Wrong

Object: t.TypeAlias = "dict[str, t.Any]"

NAMESPACE = "argocd"
PAUSED = "arkive.k8s/paused"
_LAB = Path(__file__).parents[2] / "cluster" / "lab.py"
_PATIENCE = 90.0  # seconds; a comparison takes a tenth of one on a machine that has nothing else to do
_POLL_SECONDS = 0.25
_BEARABLE = 20  # answers in a row that did not come
_SOMEBODY = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.org")


class ArgoLab:
    """As a context: the controllers run in it. Needs the local cluster that the environment names."""

    def __init__(self) -> None:
        self._state = Path(os.environ["ARKIVE_TEST_STATE"])
        self._kubectl = [os.environ.get("ARKIVE_TEST_KUBECTL") or "kubectl"]
        self._kubectl += ["--kubeconfig", os.environ["ARKIVE_TEST_KUBECONFIG"]]
        self._git = Path()

    def __enter__(self) -> t.Self:
        self._lab("build", "argocd")
        self._git = Path(json.loads(self._lab("argocd", "start", "--state", str(self._state)))["git"])
        lab = Lab.load(self._state)
        if lab is None:
            raise RuntimeError(f"No cluster is at {self._state}.")
        self._api = ApiClient(lab)
        return self

    def __exit__(self, *exc: object) -> None:
        self._lab("argocd", "stop", "--state", str(self._state))

    @staticmethod
    def _lab(*arguments: str) -> str:
        done = subprocess.run([sys.executable, str(_LAB), *arguments], stdout=subprocess.PIPE, text=True, check=True)
        return done.stdout

    def kubectl(self, *words: str, stdin: str = "", check: bool = True) -> str:
        done = subprocess.run(
            [*self._kubectl, *words], input=stdin, capture_output=True, text=True, timeout=120, check=False
        )
        if check and done.returncode:
            raise RuntimeError(f"kubectl {' '.join(words)}: {done.stderr}")
        return done.stdout

    def create(self, *objects: Object) -> None:
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
        self.kubectl("create", "-f", "-", stdin=text)

    def get(self, path: str) -> Object | None:
        """An object; None when it is not there."""
        return self._api.get(path)

    def track_by(self, method: str) -> None:
        """How Argo CD is to know its objects again; for all Applications."""
        patch = json.dumps({"data": {"application.resourceTrackingMethod": method}})
        self.kubectl("-n", NAMESPACE, "patch", "configmap", "argocd-cm", "--type=merge", "-p", patch)

    def repository(self, name: str) -> Repository:
        return Repository(self._git / name)


class Repository:
    """One that is read by its ``file://`` URL."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.url = f"file://{folder}"
        folder.mkdir()
        self._run("init", "-q", "-b", "main")

    def commit(self, directory: str, objects: t.Iterable[Object]) -> None:
        """Make these objects all that the directory holds."""
        place = self._folder / directory
        place.mkdir(exist_ok=True)
        for old in place.iterdir():
            old.unlink()
        for obj in objects:
            file = place / f"{obj['kind'].lower()}-{obj['metadata']['name']}.yaml"
            file.write_text(json.dumps(obj, indent=1))  # JSON is YAML
        self._run("add", "--all")
        self._run("commit", "-q", "--allow-empty", "-m", f"What {directory} is to be")

    @property
    def head(self) -> str:
        return self._run("rev-parse", "HEAD").strip()

    def _run(self, *words: str) -> str:
        argv = ["git", "-C", str(self._folder), *_SOMEBODY, *words]
        return subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True).stdout


class Application:
    """What its controller and its spec say."""

    def __init__(self, lab: ArgoLab, namespace: str, name: str) -> None:
        self._lab = lab
        self.namespace = namespace
        self.name = name

    def __str__(self) -> str:
        return f"Application {self.namespace}/{self.name}"

    def read(self) -> Object:
        """As it is now; an API server that is slow is asked again."""
        for _attempt in range(_BEARABLE):
            found = self._lab.get(f"/apis/argoproj.io/v1alpha1/namespaces/{self.namespace}/applications/{self.name}")
            if found is not None:
                return found
            time.sleep(_POLL_SECONDS)
        raise Wrong(f"{self} is not there")

    def automated(self) -> t.Any:
        return (self.read()["spec"].get("syncPolicy") or {}).get("automated")

    def mark(self) -> str:
        return str((self.read()["metadata"].get("annotations") or {}).get(PAUSED) or "")

    def await_synced(self, revision: str) -> None:
        """Wait until the controller says that it has applied this revision, and is done."""

        def synced() -> bool:
            found = self.read()
            sync, operation = _of(found, "sync"), _of(found, "operationState")
            done = operation.get("phase") == "Succeeded" and not found.get("operation")
            return done and (sync.get("status"), sync.get("revision")) == ("Synced", revision)

        self.until(synced, "it has applied what git has")

    def await_compared(self, revision: str, status: str) -> None:
        """Wait until the controller says so of this revision."""

        def compared() -> bool:
            sync = _of(self.read(), "sync")
            return (sync.get("status"), sync.get("revision")) == (status, revision)

        self.until(compared, f"it is {status} at the new revision")

    def await_reconciliations(self, count: int, wrong: t.Callable[[Object], str]) -> None:
        """Wait until its status shows that many more; ``wrong`` says of the Application what was wrong, each time.

        The first one to be seen is not counted: it may have begun before.
        """
        seen: set[str] = {_of(self.read(), "reconciledAt", "")}

        def done() -> bool:
            found = self.read()
            said = wrong(found)
            if said:
                raise Wrong(f"after {max(0, len(seen) - 2)} reconciliations: {said}")
            seen.add(_of(found, "reconciledAt", ""))
            return len(seen) >= count + 2

        self.until(done, f"{count} reconciliations")

    def last_sync(self) -> str:
        """When the controller began the last sync that nobody asked for; a self-heal is in no history."""
        state = _of(self.read(), "operationState")
        by = (state.get("operation") or {}).get("initiatedBy") or {}
        return str(state.get("startedAt", "")) if by.get("automated") else ""

    def until(self, condition: t.Callable[[], bool], what: str) -> None:
        """Raises ``Wrong`` with what its status says."""
        if not wait_for(condition):
            found = self.read()
            said = [_of(found, "sync"), _of(found, "operationState").get("phase"), _of(found, "conditions", [])]
            said.append([entry for entry in _of(found, "resources", []) if entry.get("status") != "Synced"])
            raise Wrong(f"{self} did not come to it that {what}; its status: {json.dumps(said)[:2000]}")


def wait_for(condition: t.Callable[[], bool], seconds: float = _PATIENCE) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _of(application: Object, name: str, default: t.Any = None) -> t.Any:
    """A field of the status."""
    return (application.get("status") or {}).get(name) or ({} if default is None else default)


__all__ = ("NAMESPACE", "PAUSED", "Application", "ArgoLab", "Object", "Repository", "wait_for")
