# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The execution environment and the pods of the example: read by ansible-builder, tried, and the same in the guide."""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys
import time
import typing as t

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader

import ansible_collections.arkive.k8s

HERE = pathlib.Path(ansible_collections.arkive.k8s.__path__[0]).resolve()
BUILDER = str(pathlib.Path(sys.executable).parent / "ansible-builder")


GUIDE = HERE / "docs/docsite/rst/guide_execution_environment.rst"
AWX = HERE / "docs/docsite/rst/guide_awx.rst"
#: Those that have a hook, by which a pod that ends asks its tasks to stop.
EXAMPLES = ("controller.yml", "argocd-presync-backup.yml", "flux-backup-job.yml")
#: It is asked to stop, and takes a second for it, as a task that thaws.
TASK = """
import os, pathlib, signal, sys, time
def stop(*_given):
    time.sleep(1.2)
    file.unlink()
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
file = pathlib.Path(sys.argv[1], f"{os.getpid()}.pid")
file.write_text("")
time.sleep(60)
"""


def worker_of_the_example() -> dict[str, t.Any]:
    found = DataLoader().load_from_file(str(HERE / "examples/awx/controller.yml"))
    (group,) = found["controller_instance_groups"]
    (container,) = group["pod_spec"]["spec"]["containers"]
    return dict(container)


def hook_of(example: str) -> list[str]:
    if example == "controller.yml":
        container = worker_of_the_example()
    else:
        job = yaml.safe_load((HERE / "examples/gitops" / example).read_text())
        [container] = job["spec"]["template"]["spec"]["containers"]
    assert [each["name"] for each in container["env"]] == ["ARKIVE_PID_DIR"]
    command: list[str] = container["lifecycle"]["preStop"]["exec"]["command"]
    return command


def blocks_of_the_guide(guide: pathlib.Path = GUIDE) -> list[t.Any]:
    found = re.findall(r"^( *)\.\. code-block:: yaml\n\n((?:\1 {4}.*\n|\s*\n)+)", guide.read_text(), re.MULTILINE)
    return [yaml.safe_load(text) for _indent, text in found]


def builder(*arguments: str | pathlib.Path) -> str:
    done = subprocess.run([BUILDER, *arguments], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_introspect_finds_the_requirements(tmp_path: pathlib.Path) -> None:
    """In the order of the file: with boto3 first, pip finds versions that go together in seconds."""
    installed = tmp_path / "ansible_collections/arkive/k8s"
    installed.parent.mkdir(parents=True)
    installed.symlink_to(HERE)
    found = yaml.safe_load(builder("introspect", tmp_path))
    lines = (HERE / "meta/ee-requirements.txt").read_text().splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    assert [requirement.partition("#")[0].strip() for requirement in found["python"]] == wanted
    assert wanted[0].startswith("boto3")
    assert found["system"] == []


def test_create_takes_the_definition_of_the_example(tmp_path: pathlib.Path) -> None:
    context = tmp_path / "context"
    builder("create", "--file", HERE / "examples/awx/execution-environment.yml", "--context", context)
    assert yaml.safe_load((context / "_build/requirements.yml").read_text()) == {
        "collections": [{"name": "arkive.k8s"}]
    }
    steps = next(file.read_text() for file in context.glob("*file"))
    assert re.search(r"^ENTRYPOINT .*dumb-init", steps, re.MULTILINE)


def test_create_takes_the_decision_environment_of_the_guide(tmp_path: pathlib.Path) -> None:
    """Its base image has no dnf and no /usr/bin/python3 (ansible-rulebook, Dockerfile)."""
    [definition] = [block for block in blocks_of_the_guide(AWX) if "images" in block]
    (tmp_path / "decision-environment.yml").write_text(yaml.safe_dump(definition))
    builder("create", "--file", tmp_path / "decision-environment.yml", "--context", tmp_path / "context")
    steps = next(file.read_text() for file in (tmp_path / "context").glob("*file"))
    assert re.findall(r'^ARG (?:PYCMD|PKGMGR)="(.+)"$', steps, re.MULTILINE) == [
        "/usr/bin/python3.12",
        "/usr/bin/microdnf",
    ]


def test_the_guide_has_what_the_example_has() -> None:
    definition, *_others = blocks_of_the_guide()
    assert definition == yaml.safe_load((HERE / "examples/awx/execution-environment.yml").read_text())
    (spec,) = (block["spec"] for block in blocks_of_the_guide() if "containers" in str(block))
    worker = worker_of_the_example()
    assert spec["containers"] == [{key: worker[key] for key in ("name", "env", "lifecycle")}]


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_hook_waits_until_tasks_have_stopped(example: str, tmp_path: pathlib.Path) -> None:
    hook = hook_of(example)
    environment = {"ARKIVE_PID_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    task = subprocess.Popen([sys.executable, "-c", TASK, str(tmp_path)])
    try:
        end = time.monotonic() + 30
        while not list(tmp_path.iterdir()):
            assert time.monotonic() < end
            time.sleep(0.05)
        subprocess.run(hook, env=environment, check=True, timeout=30)
        assert task.poll() == 0
    finally:
        task.kill()
        task.wait()


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_hook_ends_at_once_where_no_task_runs(example: str, tmp_path: pathlib.Path) -> None:
    hook = hook_of(example)
    subprocess.run(hook, env={"ARKIVE_PID_DIR": str(tmp_path / "none")}, check=True, timeout=2)
