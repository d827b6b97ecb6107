# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task that runs hooks holds databases around them; a password is seen nowhere; rights are those that are told."""

from __future__ import annotations

import base64
import gzip
import json
import typing as t
from pathlib import Path

import pytest
from granted import Granted
from play_runner import PlayRunner, text_of
from postgres_app import CONTAINER, DATA, PostgresApp

from ansible_collections.arkive.k8s.plugins.module_utils._databases.declared import ANNOTATION, parse_databases
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.between_tasks import (
    FreezeTaskRequest,
    freeze_path,
    thaw_path,
)
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.database_client import SECRET_LABEL
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.hook_task import (
    HookTaskOutcome,
    HookTaskRequest,
    run_hook_task,
)

PASSWORD = "hush-4711-hush"
#: Who is in a session of ours, and whether each command line of the pod, by the kernel, is without the password.
_LOOK = (
    "cat /proc/[0-9]*/cmdline | tr '\\0' ' ' >/tmp/seen; "
    "psql -U postgres -Atc \"select count(*) from pg_stat_activity where application_name like 'arkive%'\""
)


@pytest.fixture(scope="module")
def app(kubectl: t.Any, module_namespace: str) -> PostgresApp:
    """Local users are trusted, but for ``backup``, who has a password."""
    found = PostgresApp(kubectl, module_namespace)
    found.create()
    found.sql("create role backup login superuser", f"alter role backup password '{PASSWORD}'")
    found.sh("sed -i '1i local all backup scram-sha-256' $PGDATA/pg_hba.conf && kill -HUP 1")
    data = {"pw": base64.b64encode(PASSWORD.encode()).decode()}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "backup-user"}, "data": data}
    kubectl("-n", module_namespace, "create", "-f", "-", stdin=json.dumps(secret))
    return found


def run(client: KubeClient, app: PostgresApp, script: str, databases: t.Any = "declared") -> HookTaskOutcome:
    choice = parse_databases(databases)
    argv = ("/bin/bash", "-c", script)
    request = HookTaskRequest(namespace=app.namespace, pod=app.name, container=CONTAINER, argv=argv, databases=choice)
    return run_hook_task(request, client=client)


def entry(**more: t.Any) -> list[dict[str, t.Any]]:
    return [{"selector": "app=db", "kind": "postgresql", **more}]


@pytest.mark.parametrize(
    "credentials",
    [{"user": "backup", "password": PASSWORD}, {"user": "backup", "secret": {"name": "backup-user", "key": "pw"}}],
    ids=["password", "secret"],
)
def test_held_around_a_command_with_a_password_that_nobody_sees(
    client: KubeClient, kubectl: t.Any, app: PostgresApp, credentials: dict[str, t.Any]
) -> None:
    outcome = run(client, app, _LOOK, entry(mode="backup", credentials=credentials))
    assert outcome.errors == []
    assert outcome.hooks[0].stdout.strip() == b"1"
    (found,) = outcome.quiesces
    assert (found["consistent"], found["mode"], found["facts"]["user"]) == (True, "backup", "backup")
    assert app.sessions == 0
    seen = app.sh("cat /tmp/seen")
    assert "psql" in seen
    shown = (seen, str(outcome.to_return(default_on_error="Fail")), app.log(), repr(outcome))
    events = kubectl("-n", app.namespace, "get", "events,pods,persistentvolumeclaims", "-o", "yaml")
    assert [text for text in (*shown, events) if PASSWORD in text] == []


def test_a_play_shows_and_keeps_no_password(
    client: KubeClient, kubeconfig: str, app: PostgresApp, tmp_path: Path
) -> None:
    """Not at the highest verbosity, in no file of the backup, and not where it does not belong."""
    store, plays = tmp_path / "store", tmp_path / "plays"
    store.mkdir()
    plays.mkdir()
    given = {"user": "backup", "password": PASSWORD}
    task = {
        "name": "one",
        "included_namespaces": [app.namespace],
        "included_resources": ["pods", "persistentvolumeclaims"],
        "databases": entry(credentials=given),
        "storage_location": {"path": str(store)},
    }
    wrong = {"namespace": app.namespace, "argv": ["true"], "databases": entry(password=PASSWORD)}
    tasks = [
        {"arkive.k8s.k8s_backup": task, "register": "made"},
        {"arkive.k8s.k8s_hook_exec": wrong, "register": "refused", "ignore_errors": True},
        {"ansible.builtin.debug": {"msg": "quiesced {{ made.quiesces }} and {{ refused.msg }}"}},
    ]
    screen = text_of(PlayRunner(plays, kubeconfig).run(tasks, "-vvvv"))
    assert "'consistent': True" in screen
    assert "has no key 'password'" in screen
    assert PASSWORD not in screen
    stored = [path for path in store.rglob("*") if path.is_file()]
    texts = [gzip.decompress(found) if found[:2] == b"\x1f\x8b" else found for found in map(Path.read_bytes, stored)]
    assert len(texts) > 3
    assert [text for text in texts if PASSWORD.encode() in text] == []


def test_a_wrong_password_runs_nothing(client: KubeClient, app: PostgresApp) -> None:
    app.sh("rm -f /tmp/ran")
    outcome = run(client, app, "touch /tmp/ran", entry(credentials={"user": "backup", "password": "wrong-4711"}))
    assert "password authentication failed" in outcome.errors[0]
    assert "wrong-4711" not in str(outcome.to_return(default_on_error="Fail"))
    assert app.sh("ls /tmp/ran 2>&1 || true").endswith("No such file or directory")


def test_a_command_that_fails_lets_go(client: KubeClient, app: PostgresApp) -> None:
    outcome = run(client, app, "exit 3", entry())
    assert "exit code 3" in outcome.errors[0]
    assert (outcome.quiesces[0]["consistent"], app.sessions) == (True, 0)


def test_an_annotation_is_enough_and_a_hostile_one_is_no_command(
    client: KubeClient, kubectl: t.Any, app: PostgresApp
) -> None:
    def annotate(*pairs: str) -> None:
        kubectl("-n", app.namespace, "annotate", "pod", app.name, "--overwrite", *pairs)

    names = ("", "-user", "-lease", "-credentials-secret")
    try:
        annotate(f"{ANNOTATION}=postgresql", f"{ANNOTATION}-user=backup", f"{ANNOTATION}-lease=20s")
        annotate(f"{ANNOTATION}-credentials-secret=backup-user/pw")
        refused = run(client, app, _LOOK)
        assert "which does not use it itself" in refused.errors[0]
        kubectl("-n", app.namespace, "label", "secret", "backup-user", f"{SECRET_LABEL}=true")
        outcome = run(client, app, _LOOK)
        assert outcome.errors == []
        assert (outcome.hooks[0].stdout.strip(), outcome.quiesces[0]["facts"]["user"]) == (b"1", "backup")
        annotate(f"{ANNOTATION}-user=x'; touch /tmp/owned; $(touch /tmp/owned) `touch /tmp/owned`")
        hostile = run(client, app, "true")
        assert "could not be held" in hostile.errors[0]
        annotate(f"{ANNOTATION}-user=a\n\\! touch /tmp/owned")
        said = run(client, app, "true").errors[0]
        assert f"pod {app.namespace}/{app.name}" in said
        assert f"{ANNOTATION}-user: " in said
        assert "\n" not in said
        assert app.sh("ls /tmp/owned 2>&1 || true").endswith("No such file or directory")
    finally:
        annotate(*(f"{ANNOTATION}{name}-" for name in names))


def test_a_freeze_that_outlives_the_task_begins_under_a_checkpoint(client: KubeClient, app: PostgresApp) -> None:
    def task(mode: str) -> FreezeTaskRequest:
        hook = HookTaskRequest(
            namespace=app.namespace,
            pod=app.name,
            container=CONTAINER,
            run_id="live",
            databases=parse_databases(entry(mode=mode)),
        )
        return FreezeTaskRequest(task=hook, path=DATA)

    refused = freeze_path(task("backup"), client=client)
    assert "waits for the thaw" in refused.errors[0]
    assert refused.lease_ids == []
    outcome = freeze_path(task("light"), client=client)
    try:
        assert (outcome.errors, len(outcome.lease_ids)) == ([], 1)
        assert outcome.quiesces[0]["consistent"] is True
    finally:
        thawed = thaw_path(task("light"), client=client)
    assert thawed.errors == []
    assert app.sessions == 0


def test_the_rights_that_are_told_are_enough_and_needed(
    client: KubeClient, kubeconfig: str, app: PostgresApp, namespace: str
) -> None:
    granted = Granted(client, kubeconfig, app.namespace, namespace)
    databases = entry(credentials={"user": "backup", "secret": {"name": "backup-user", "key": "pw"}})
    try:
        caller = granted.caller("hooks", hooks=False, freezes=False, database_secrets=True)
        assert run(caller, app, "true", databases).errors == []
        without = granted.caller("hooks", hooks=False, freezes=False, databases=True)
        assert "secrets" in run(without, app, "true", databases).errors[0]
        assert run(without, app, "true", entry()).errors == []
        bare = granted.caller("hooks", hooks=False, freezes=False)
        assert "pods/exec" in str(run(bare, app, "true", entry()).errors)
    finally:
        granted.remove()
