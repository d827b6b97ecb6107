# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""``ansible-playbook`` as a person sees it: canaries in all places that others fill, and none of them on the screen."""

from __future__ import annotations

import gzip
import io
import json
import re
import tarfile
import typing as t
from pathlib import Path

import pytest
from play_runner import PlayRunner, text_of

#: Clears the screen, sets the title, turns the text around, moves back to the start of the line.
STEERS = "\x1b[2J\x1b]0;owned\x07\x9b2J\u202eevil\u2066\u2028\rok: [localhost]\x7f"
CANARY = f"canary{STEERS}"


class Screen(t.NamedTuple):
    text: str
    code: int


@pytest.fixture
def play(tmp_path: Path, kubeconfig: str) -> t.Callable[..., Screen]:
    """``play(tasks, "--check")`` runs the tasks on localhost; all that was written to the screen."""
    runner = PlayRunner(tmp_path, kubeconfig)

    def run(tasks: list[dict[str, t.Any]], *options: str, **variables: str) -> Screen:
        done = runner.run(tasks, *options, seconds=120.0, **variables)
        return Screen(text_of(done), done.returncode)

    return run


def assert_harmless(screen: Screen) -> None:
    """No control but line feeds, nothing invisible; no line that begins with what an object says."""
    unsafe = {char for char in screen.text if char != "\n" and not char.isprintable()}
    assert unsafe == set()
    assert not any(line.startswith("ok: [localhost]\\x7f") for line in screen.text.splitlines())


def pod_named(name: str) -> dict[str, t.Any]:
    script = f"printf '%s' '{CANARY}'; printf '%s' '{CANARY}' >&2; exit 3"
    annotations = {
        "pre.hook.backup.velero.io/command": json.dumps(["/bin/sh", "-c", script]),
        "pre.hook.backup.velero.io/container": "main",
        "note": CANARY,
    }
    container = {"name": "main", "image": "busybox:1", "command": ["sleep", "86400"]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "annotations": annotations},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 1},
    }


@pytest.mark.node
def test_a_hook_that_fails(play: t.Callable[..., Screen], kubectl: t.Any, namespace: str, tmp_path: Path) -> None:
    """Its output, its command, the annotations of its pod; ``msg`` names the pod, and warnings are seen."""
    kubectl("-n", namespace, "create", "-f", "-", stdin=json.dumps(pod_named("web")))
    kubectl("-n", namespace, "wait", "--for=condition=Ready", "pod/web", "--timeout=100s")
    store = tmp_path / "store"
    store.mkdir()
    task = {"name": "b", "included_namespaces": [namespace, "nowhere"], "storage_location": {"path": str(store)}}
    failed = play([{"arkive.k8s.k8s_backup": task}], "-v")
    assert_harmless(failed)
    assert failed.code != 0
    assert f"Backup 'b' in {store} ended PartiallyFailed." in failed.text
    assert f"{namespace}/web" in failed.text
    assert "[WARNING]" in failed.text
    assert "nowhere" in failed.text
    assert r"canary\\x1b[2J" in failed.text, "what was escaped is told, here in JSON"
    for name in ("b-logs.gz", "b-results.gz"):
        text = gzip.decompress((store / "backups" / "b" / name).read_bytes()).decode()
        assert {char for char in text if char != "\n" and not char.isprintable()} == set(), name


def test_the_difference_of_a_restore(
    play: t.Callable[..., Screen], kubectl: t.Any, namespace: str, tmp_path: Path
) -> None:
    """Fields of objects in the plan and in the diff of both sides, and an archive that names its members so."""
    configmap = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "annotations": {"note": CANARY}}}
    kubectl("-n", namespace, "create", "-f", "-", stdin=json.dumps(configmap | {"data": {"text": CANARY}}))
    store = tmp_path / "store"
    store.mkdir()
    location = {"path": str(store)}
    backup = {"name": "b", "included_namespaces": [namespace], "storage_location": location}
    assert play([{"arkive.k8s.k8s_backup": backup}]).code == 0
    kubectl("-n", namespace, "delete", "configmap", "c")
    restore = {"backup": "b", "storage_location": location, "existing_resource_policy": "update"}
    plan = play([{"arkive.k8s.k8s_restore": restore}], "--check", "--diff", "-v")
    assert_harmless(plan)
    assert plan.code == 0
    assert "canary" in plan.text
    assert "arkive: [localhost] plan: " in plan.text

    rename_member(store / "backups" / "b" / "b.tar.gz", f"resources/{CANARY}/namespaces/x/y.json")
    hostile = play([{"arkive.k8s.k8s_restore": restore}], "-vvv")
    assert_harmless(hostile)


def test_a_plan_is_a_table_first(play: t.Callable[..., Screen], kubectl: t.Any, namespace: str, tmp_path: Path) -> None:
    """With ``--diff`` the differences come after it, without one it is shown all the same."""
    kubectl("-n", namespace, "create", "configmap", "one", "--from-literal=a=1")
    store = tmp_path / "store"
    store.mkdir()
    location = {"path": str(store)}
    backup = {"name": "b", "included_namespaces": [namespace], "storage_location": location}
    assert play([{"arkive.k8s.k8s_backup": backup}]).code == 0
    kubectl("-n", namespace, "delete", "configmap", "one")
    restore = [{"arkive.k8s.k8s_restore": {"backup": "b", "storage_location": location}}]
    short = play(restore, "--check").text
    assert short.count("WAVE  ACTION") == 1
    assert re.search(rf"^arkive: \[localhost\] plan: .* create +configmaps +{namespace}/one$", short, re.MULTILINE)
    long = play(restore, "--check", "--diff").text
    assert long.count("WAVE  ACTION") == 1
    assert long.index("WAVE  ACTION") < long.index("+++ ")


def test_backups_are_shown_by_a_playbook(tmp_path: Path, kubeconfig: str) -> None:
    """As a table, and one of them in words; what others have written into a backup stays text, in lines."""
    store = tmp_path / "store"
    for name, note in (("plain", "x"), ("hostile", f"{CANARY}{'x' * 5000}")):
        folder = store / "backups" / name
        folder.mkdir(parents=True)
        metadata = {"name": name, "namespace": "velero", "annotations": {"note": note}}
        spec = {"includedNamespaces": [note]}
        document = {"apiVersion": "velero.io/v1", "kind": "Backup", "metadata": metadata, "spec": spec}
        (folder / "velero-backup.json").write_text(json.dumps({**document, "status": {"phase": "Completed"}}))
        (folder / f"{name}.tar.gz").write_bytes(gzip.compress(b"\0" * 1024))
    runner = PlayRunner(tmp_path, kubeconfig)
    location = {"backups_storage_location": {"path": str(store)}}

    def show(**more: str) -> Screen:
        done = runner.run_playbook("arkive.k8s.backups", {**location, **more}, seconds=120.0)
        return Screen(text_of(done), done.returncode)

    shown = show()
    assert_harmless(shown)
    assert shown.code == 0
    assert re.search(r"NAME +STATUS +ERRORS +WARNINGS +STARTED +EXPIRES +SIZE +SCHEDULE", shown.text)
    assert re.search(r"hostile +Completed", shown.text)
    described = show(backups_name="hostile")
    assert_harmless(described)
    assert re.search(r"Name: +hostile", described.text)
    assert "canary" in described.text
    refused = show(backups_nam="hostile")
    assert refused.code == 2
    assert "backups_nam" in refused.text


def rename_member(path: Path, name: str) -> None:
    """One more member in the tarball."""
    data = gzip.decompress(path.read_bytes())
    file = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(data)) as old, tarfile.open(fileobj=file, mode="w") as new:
        for member in old:
            new.addfile(member, old.extractfile(member) if member.isfile() else None)
        member = tarfile.TarInfo(name)
        member.size = 2
        new.addfile(member, io.BytesIO(b"{}"))
    path.write_bytes(gzip.compress(file.getvalue()))


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"context": CANARY}, id="context"),
        pytest.param({"host": f"http://127.0.0.1:1/{CANARY}", "api_key": "x"}, id="host"),
        pytest.param({"kubeconfig": f"/nowhere/{CANARY}"}, id="kubeconfig"),
    ],
)
def test_names_from_configurations(play: t.Callable[..., Screen], tmp_path: Path, options: dict[str, str]) -> None:
    store = tmp_path / "store"
    store.mkdir()
    task = {"name": "b", "included_namespaces": ["default"], "storage_location": {"path": str(store)}, **options}
    failed = play([{"arkive.k8s.k8s_backup": task}])
    assert failed.code != 0
    own = failed.text.partition("Origin:")
    # Ansible itself shows where the task stands, in which the user's own text is.
    assert_harmless(Screen(own[0], failed.code))


def test_names_in_a_location(play: t.Callable[..., Screen], tmp_path: Path) -> None:
    """Folders and documents of a store that somebody else can write to."""
    folder = tmp_path / "store" / "backups" / "b\x1b[2J\u202e"
    folder.mkdir(parents=True)
    (folder / "velero-backup.json").write_text(json.dumps({"metadata": {"name": CANARY}, "status": {"phase": CANARY}}))
    other = tmp_path / "store" / "backups" / "c"
    other.mkdir()
    (other / "velero-backup.json").write_text(json.dumps({"metadata": {"name": "c", "annotations": {CANARY: CANARY}}}))
    task = {"storage_location": {"path": str(tmp_path / "store")}, "details": True}
    assert_harmless(play([{"arkive.k8s.k8s_backup_info": task}], "-v"))
