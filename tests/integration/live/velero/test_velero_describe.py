# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``velero backup describe --details`` tells of a backup, the description of ``k8s_backup_info`` tells too.

The facts are compared, not the layout: each of Velero's lines with a value has one here with the same name and value,
or stands in a table of what is told otherwise.
"""

from __future__ import annotations

import re
import secrets
import typing as t

import pytest
from velero_judge import Judge
from volume_lab import DataApp

from ansible_collections.arkive.k8s.plugins.module_utils._backup.engine import run_backup
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.backup_filter import BackupFilter
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.backup_text import describe_backup_lines
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.describe import SECTIONS
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.listing import list_backups
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec

pytestmark = pytest.mark.velero

Fact: t.TypeAlias = "tuple[str, str]"


@pytest.fixture(scope="module")
def told(judge: Judge, judged_store: t.Any, client: t.Any, kubectl: t.Any) -> t.Iterator[tuple[str, list[str]]]:
    """Velero's text and ours, of one backup with hooks, a volume and warnings."""
    namespace, name = f"arkive-test-d-{secrets.token_hex(3)}", f"d{secrets.token_hex(3)}"
    app = DataApp(kubectl, namespace)
    kubectl("create", "namespace", namespace)
    try:
        app.create()
        rule = {
            "name": "words",
            "includedNamespaces": [namespace],
            "labelSelector": {"matchLabels": {"app": "data"}},
            "pre": [{"exec": {"container": "main", "command": ["/bin/echo", "before"], "onError": "Continue"}}],
            "post": [{"exec": {"command": ["/bin/false"], "onError": "Continue", "timeout": "20s"}}],
        }
        options = {
            "included_namespaces": [namespace],
            "excluded_resources": ["secrets", "no-such-type"],
            "hooks": [rule],
            "labels": {"team": "shop"},
            "ttl": "72h",
            "ordered_resources": {"pods": [f"{namespace}/app"]},
        }
        request = BackupRequest(name=name, spec=BackupSpec.from_options(options), labels={"from": "here"})
        outcome = run_backup(request, client=client, store=judged_store)
        assert outcome.phase in ("Completed", "PartiallyFailed")
        assert outcome.warnings_list
        judge.start()
        judge.await_synced([name])
        listing = list_backups(judged_store, BackupFilter(name=name), sections=frozenset(SECTIONS))
        (entry,) = listing.backups
        yield judge.describe("backup", name), describe_backup_lines(entry)
    finally:
        kubectl("delete", "namespace", namespace, "--ignore-not-found", "--wait=false")


#: What Velero's text names otherwise.
RENAMED = {"Velero-Native Snapshot PVs": "Snapshot Volumes"}
#: What it tells that is not told here, and why.
UNTOLD = {
    "File System Backup (Default)": "no backup of this collection has one",
    "Data Mover": "the default of a field that is not set",
    "Hooks": "Velero's server takes the hooks off a Backup that it takes over (1.18, backup_sync_controller.go)",
    "Cluster": "there are no warnings of this kind",
}
_TIME = re.compile(r"(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) \+0000 UTC")


def facts(text: str) -> set[Fact]:
    """Names and values; a line without a name, such as an object of a list, has an empty one."""
    found: set[Fact] = set()
    for line in text.splitlines():
        words = line.strip()
        name, colon, value = words.partition(":  ") if ":  " in words else words.partition(": ")
        if not colon:
            name, value = ("", words) if not words.endswith(":") else (words.rstrip(":"), "")
        value = _TIME.sub(r"\1T\2Z", " ".join(value.split()))
        found.add((RENAMED.get(name, name), value.partition(" (took")[0]))
    return found


def test_facts(told: tuple[str, list[str]]) -> None:
    theirs, ours = facts(told[0]), facts("\n".join(told[1]))
    missing = {(name, value) for name, value in theirs - ours if value and name not in UNTOLD}
    ordered = {fact for fact in missing if fact[0] == "pods"}
    assert missing - ordered == set()
    # An object that is to come first: in one line here.
    ((_type, wanted),) = ordered
    assert ("OrderedResources", f"pods={wanted}") in ours


def test_hooks_are_told_here(told: tuple[str, list[str]]) -> None:
    """What they are to do, and what became of each."""
    ours = facts("\n".join(told[1]))
    assert {
        ("Command", "/bin/echo before"),
        ("On Error", "Continue"),
        ("Timeout", "20s"),
        ("Command", "/bin/false"),
    } <= ours
    assert any(line.strip().startswith("pre ") and "ok, " in line for line in told[1])


def test_warnings_are_told_by_the_names_that_the_user_has_written(told: tuple[str, list[str]]) -> None:
    for text in (told[0], "\n".join(told[1])):
        assert "excluded_resources names 'no-such-type', and the cluster has no such resource." in text
        assert "An entry of ordered_resources does not exist" in text
