# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Canaries in a Secret that a blueprint uses in all places: none is in anything that is shown or logged."""

from __future__ import annotations

import base64
import gzip
import json
import typing as t
import urllib.parse
from pathlib import Path

from phase_lab import IMAGE, PhaseLab, output, shell
from play_runner import PlayRunner, text_of

CANARY = 'hunter2 "c4nary" $x/&'
READ = "{{ .Phases.use.Secrets.login.Data.password | toString }}"
UPPER = READ.replace("toString", "toString | upper")


def forms() -> set[str]:
    """What would give it away."""
    encoded = base64.b64encode(CANARY.encode()).decode()
    return {
        "c4nary",
        CANARY.upper(),
        "C4NARY",
        encoded,
        encoded[8:20],
        urllib.parse.quote(CANARY),
        urllib.parse.quote_plus(CANARY),
    }


def blueprint(namespace: str) -> dict[str, t.Any]:
    reference = {"kind": "Secret", "name": "login", "namespace": namespace}
    script = " ; ".join(
        (
            "echo plain $0",
            "echo -n $0 | base64",
            "echo error $0 >&2",
            # As the template has changed it.
            'echo changed "$1"',
            'printf \'###Phase-output###: {"key":"again","value":"%s"}\\n\' "$(echo -n $0 | base64)"',
            output("fine", "known"),
        )
    )
    arguments = {"namespace": namespace, "image": IMAGE, "command": [*shell(script.replace("$0", '"$0"')), READ, UPPER]}
    use = {"func": "KubeTask", "name": "use", "objects": {"login": reference}, "args": arguments}
    failing = {**use, "args": {**arguments, "command": [*shell('echo "$0"; exit 3'), READ]}}
    again = "{{ .Phases.use.Output.again }}"
    values = {
        "again": again,
        "upper": UPPER,
        "fine": "{{ .Phases.use.Output.fine }}",
    }
    return {
        "apiVersion": "cr.kanister.io/v1alpha1",
        "kind": "Blueprint",
        "metadata": {"name": "secrets"},
        "actions": {
            "use": {"phases": [use], "outputArtifacts": {"made": {"keyValue": values}}},
            "fail": {"phases": [failing]},
        },
    }


def test_no_secret_is_shown(phases: PhaseLab, kubeconfig: str, namespace: str, tmp_path: Path) -> None:
    """In check mode with a diff, by a run, by one that fails, and around a backup, with all that Ansible can say."""
    phases.apply(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login"}, "stringData": {"password": CANARY}}
    )
    source, store = tmp_path / "blueprint.json", tmp_path / "store"
    source.write_text(json.dumps(blueprint(phases.namespace)))
    store.mkdir()
    run = {"src": str(source), "action_name": "use", "subject": {"kind": "namespace", "name": namespace}}
    inline = f"{{{{ lookup('ansible.builtin.file', '{source}') | from_json }}}}"
    backup = {
        "name": "quiet",
        "included_namespaces": [namespace],
        "storage_location": {"path": str(store)},
        "execution_hooks": {"on_success": {"blueprint": inline, "action_name": "use"}},
    }
    failing = {**backup, "name": "loud"}
    failing["execution_hooks"] = {"pre_hook": {"blueprint": inline, "action_name": "fail"}}
    tasks: list[dict[str, t.Any]] = [
        {"arkive.k8s.k8s_blueprint": run, "check_mode": True, "diff": True, "register": "planned"},
        {"arkive.k8s.k8s_blueprint": {**run, "show_progress": True}, "register": "done"},
        {"arkive.k8s.k8s_blueprint": {**run, "action_name": "fail"}, "ignore_errors": True},
        {"arkive.k8s.k8s_backup": backup},
        {"arkive.k8s.k8s_backup": failing, "ignore_errors": True},
        {
            "ansible.builtin.assert": {
                "that": ["done.artifacts.made.keyValue.fine == 'known'", "planned.planned | length == 1"]
            }
        },
    ]
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    keep = {"ANSIBLE_KEEP_REMOTE_FILES": "false", "TMPDIR": str(temporary)}
    done = PlayRunner(tmp_path, kubeconfig).run(tasks, "-vvv", **keep)
    assert done.returncode == 0, text_of(done)
    kept = {str(path): path.read_bytes() for path in (*store.rglob("*"), *temporary.rglob("*")) if path.is_file()}
    texts = {path: gzip.decompress(data) if path.endswith(".gz") else data for path, data in kept.items()}
    assert any(path.endswith("-logs.gz") for path in texts)
    # The blueprint itself names no secret, and the Secret is in another namespace than what is backed up.
    shown = {
        "screen": text_of(done),
        **{path: data.decode("latin-1") for path, data in texts.items()},
    }
    assert [(where, form) for where, text in shown.items() for form in forms() if form in text] == []
