# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples for pipelines, as they are: the shell of their steps, on checkouts of a bare git repository.

A plan, an approval, the restore; the summaries and JUnit reports are read by others' readers. What a runner would do
around the steps is done here: artifacts are copied, outputs and variables are handed on.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml
from cluster_access import Kubectl
from play_runner import PlayRunner, text_of

EXAMPLES = Path(__file__).resolve().parents[4] / "examples" / "pipelines"
_READ_JUNIT = (
    "import json, sys, junitparser as j\n"
    "cases = [case for suite in j.JUnitXml.fromfile(sys.argv[1]) for case in suite]\n"
    "kinds = {f'{c.classname} {c.name}': [type(r).__name__ for r in c.result] for c in cases}\n"
    "print(json.dumps(kinds))\n"
)


class Ended(t.NamedTuple):
    code: int
    text: str


class Project:
    """A bare repository with ``restore.yml``, and checkouts of it in which steps are run."""

    def __init__(self, folder: Path, kubeconfig: str, variables: dict[str, t.Any]) -> None:
        self.folder = folder
        self.kubeconfig = Path(kubeconfig)
        self._number = 0
        self._git("init", "--quiet", "--bare", "--initial-branch=main", str(folder / "bare.git"), cwd=folder)
        first = self.checkout()
        (first / "restore.yml").write_text(yaml.safe_dump(variables))
        self.commit(first, "restore.yml")

    def checkout(self) -> Path:
        self._number += 1
        where = self.folder / f"checkout-{self._number}"
        self._git("clone", "--quiet", str(self.folder / "bare.git"), str(where), cwd=self.folder)
        return where

    def commit(self, checkout: Path, file: str) -> None:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
        self._git("add", file, cwd=checkout)
        self._git(*who, "commit", "--quiet", "-m", file, cwd=checkout)
        self._git("push", "--quiet", "origin", "HEAD:main", cwd=checkout)

    def _git(self, *options: str, cwd: Path) -> None:
        subprocess.run(["git", *options], cwd=cwd, check=True, capture_output=True)

    def shell(self, script: str, where: Path, variables: dict[str, str], program: str = "bash") -> Ended:
        """A step in a checkout, as its system runs it: it ends with the first command that fails."""
        environment = {
            **os.environ,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "ANSIBLE_COLLECTIONS_PATH": os.environ["ARKIVE_TEST_COLLECTIONS"],
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            **variables,
        }
        argv = [program, "-e", "-c", script]
        done = subprocess.run(argv, cwd=where, env=environment, capture_output=True, timeout=300, check=False)
        return Ended(done.returncode, text_of(done))


@pytest.fixture
def project(kubectl: Kubectl, kubeconfig: str, namespace: str, tmp_path: Path) -> Project:
    """The backup ``b`` of two ConfigMaps that are gone since."""
    kubectl("-n", namespace, "create", "configmap", "one", "--from-literal=a=1")
    kubectl("-n", namespace, "create", "configmap", "two", "--from-literal=a=1")
    store = tmp_path / "store"
    store.mkdir()
    location = {"path": str(store)}
    task = {"name": "b", "included_namespaces": [namespace], "storage_location": location}
    made = PlayRunner(tmp_path, kubeconfig).run([{"arkive.k8s.k8s_backup": task}])
    assert made.returncode == 0, text_of(made)
    kubectl("-n", namespace, "delete", "configmap", "one", "two")
    return Project(tmp_path, kubeconfig, {"restore_backup": "b", "restore_storage_location": location})


def there(kubectl: Kubectl, namespace: str) -> set[str]:
    names = kubectl("-n", namespace, "get", "configmaps", "-o", "jsonpath={.items[*].metadata.name}").split()
    return set(names) - {"kube-root-ca.crt"}


def read_junit(path: Path) -> dict[str, list[str]]:
    """Of each case what junitparser finds in it; nothing for one that passed."""
    environment = os.environ.get("ARKIVE_TEST_PIPELINES", "")
    assert environment, (
        "ARKIVE_TEST_PIPELINES is not set: it names an environment with junitparser. `make test` sets it."
    )
    argv = [f"{environment}/bin/python", "-c", _READ_JUNIT, str(path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]})
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


def pairs(file: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in file.read_text().splitlines() if line)


class GitHub:
    """A job of the workflow, from step to step."""

    def __init__(self, project: Project, values: dict[str, str]) -> None:
        self._project = project
        self._values = values
        self.jobs: dict[str, t.Any] = yaml.safe_load((EXAMPLES / "github-restore.yml").read_text())["jobs"]

    def run(self, job: str, where: Path) -> Ended:
        temporary = where.with_name(f"{where.name}-temp")
        temporary.mkdir()
        files = {name: temporary / name for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT", "GITHUB_ENV")}
        for file in files.values():
            file.touch()
        variables = {name: str(file) for name, file in files.items()} | {"RUNNER_TEMP": str(temporary)}
        ended = Ended(0, "")
        for step in self.jobs[job]["steps"]:
            if "run" not in step or (ended.code and step.get("if") != "always()"):
                continue
            given = {name: self._value(value) for name, value in (step.get("env") or {}).items()}
            done = self._project.shell(step["run"], where, {**variables, **pairs(files["GITHUB_ENV"]), **given})
            ended = Ended(ended.code or done.code, ended.text + done.text)
        return ended

    def _value(self, text: str) -> str:
        return re.sub(r"\$\{\{ (\S+) \}\}", lambda match: self._values[match[1]], text)

    def artifacts(self, job: str, where: Path, to: Path) -> None:
        for step in self.jobs[job]["steps"]:
            if str(step.get("uses")).startswith("actions/upload-artifact@"):
                for name in step["with"]["path"].split():
                    shutil.copy(where / name, to / name)


def test_github(project: Project, kubectl: Kubectl, namespace: str) -> None:
    values = {"secrets.KUBECONFIG_TEXT": project.kubeconfig.read_text()}
    github = GitHub(project, values)
    planned = project.checkout()
    ended = github.run("plan", planned)
    assert ended.code == 0, ended.text
    assert there(kubectl, namespace) == set()
    outputs = pairs(planned.with_name(f"{planned.name}-temp") / "GITHUB_OUTPUT")
    assert outputs["changed"] == "true"
    summary = (planned.with_name(f"{planned.name}-temp") / "GITHUB_STEP_SUMMARY").read_text()
    assert f"| create | configmaps | {namespace}/one |" in summary
    assert read_junit(planned / "plan.xml")[f"configmaps.{namespace} one"] == []

    applied = project.checkout()
    github.artifacts("plan", planned, applied)
    values["needs.plan.outputs.digest"] = outputs["digest"]
    ended = github.run("apply", applied)
    assert ended.code == 0, ended.text
    assert there(kubectl, namespace) == {"one", "two"}
    summary = (applied.with_name(f"{applied.name}-temp") / "GITHUB_STEP_SUMMARY").read_text()
    assert f"| created | configmaps | {namespace}/one |" in summary


def test_gitlab(project: Project, kubectl: Kubectl, namespace: str) -> None:
    """The second time, what was approved is done already: the job fails, and says what is different."""
    jobs = yaml.safe_load((EXAMPLES / "gitlab-restore.yml").read_text())

    def run(job: str, where: Path, **more: str) -> Ended:
        script = "\n".join([*jobs["default"]["before_script"], *jobs[job]["script"]])
        variables = {"CI_PROJECT_DIR": str(where), "K8S_AUTH_KUBECONFIG": str(project.kubeconfig), **more}
        return project.shell(script, where, variables)

    planned, applied = project.checkout(), project.checkout()
    ended = run("plan", planned)
    assert ended.code == 0, ended.text
    for name in jobs["plan"]["artifacts"]["paths"]:
        shutil.copy(planned / name, applied / name)
    variables = pairs(planned / jobs["plan"]["artifacts"]["reports"]["dotenv"])
    assert read_junit(planned / jobs["plan"]["artifacts"]["reports"]["junit"])["restore plan"] == []
    ended = run("apply", applied, **variables)
    assert ended.code == 0, ended.text
    assert there(kubectl, namespace) == {"one", "two"}

    ended = run("apply", applied, **variables)
    assert ended.code == 2
    assert f"configmaps {namespace}/one was to be created, and is to stay as it is" in ended.text
    assert read_junit(applied / "done.xml")["restore run"] == ["Failure"]


def test_tekton(project: Project, kubectl: Kubectl, namespace: str) -> None:
    """The approval is a file in the repository. Somebody else is faster than it: nothing is written."""
    tasks = {
        file.stem.removeprefix("tekton-"): yaml.safe_load(file.read_text()) for file in EXAMPLES.glob("tekton-*.yml")
    }

    def run(name: str, where: Path) -> Ended:
        [step] = tasks[name]["spec"]["steps"]
        variables = {"K8S_AUTH_KUBECONFIG": str(project.kubeconfig)}
        for entry in step["env"]:
            result = re.fullmatch(r"\$\(results\.(\w+)\.path\)", entry["value"])
            variables[entry["name"]] = str(where / f"result-{result[1]}") if result else entry["value"]
        return project.shell(step["script"], where, variables, program="sh")

    planned = project.checkout()
    ended = run("restore-plan", planned)
    assert ended.code == 0, ended.text
    assert (planned / "result-changed").read_text() == "true"
    results = sum(len((planned / f"result-{name}").read_bytes()) for name in ("digest", "changed"))
    assert results < 4096, "Tekton takes no more of all results of a task"
    shutil.copy(planned / "result-digest", planned / "approved-plan-digest")
    project.commit(planned, "approved-plan-digest")

    kubectl("-n", namespace, "create", "configmap", "two", "--from-literal=a=other")
    late = project.checkout()
    ended = run("restore-apply", late)
    assert ended.code == 2
    assert "nothing was written" in ended.text
    assert f"configmaps {namespace}/two" in ended.text
    assert there(kubectl, namespace) == {"two"}
    assert (late / "result-phase").read_text() == "Failed"

    kubectl("-n", namespace, "delete", "configmap", "two")
    applied = project.checkout()
    ended = run("restore-apply", applied)
    assert ended.code == 0, ended.text
    assert there(kubectl, namespace) == {"one", "two"}
    assert (applied / "result-phase").read_text() == "Completed"
    assert read_junit(applied / "done.xml")[f"configmaps.{namespace} one"] == []
