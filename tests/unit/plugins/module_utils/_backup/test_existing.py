# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._backup.existing import find_existing
from ansible_collections.arkive.k8s.plugins.module_utils._backup.request import BackupOutcome, BackupRequest
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.backup_spec import BackupSpec
from ansible_collections.arkive.k8s.plugins.module_utils._velero.members import snake_case


class Record:
    items = {"pods": 2}
    hooks = [{"pod": "db-0"}]
    freezes = [{"path": "/data"}]
    quiesces = [{"pod": "db-0", "kind": "postgresql"}]
    beside: dict[str, str] | None = None


class OneBackup:
    """A catalog with one backup, and its files: with or without our record."""

    def __init__(self, phase: str | None = "Completed", *, record: bool = True, **options: t.Any) -> None:
        spec = BackupSpec.from_options(options).to_dict()
        self.backup = None if phase is None else {"spec": spec, "status": {"phase": phase} if phase else {}}
        self.record = Record() if record else None
        self.documents: dict[str, t.Any] = {"volumeinfo": [{"pvName": "pv-1"}]}

    def read_sound_backup(self, _name: str) -> t.Any:
        return self.backup

    def files(self, _name: str) -> t.Any:
        return self

    def read_record(self) -> t.Any:
        return self.record

    def read_json(self, file: str) -> t.Any:
        return self.documents.get(file)


def look(
    catalog: OneBackup, *, replace_failed: bool = False, beside: dict[str, str] | None = None, **options: t.Any
) -> BackupOutcome | None:
    spec = BackupSpec.from_options(options)
    request = BackupRequest(name="nginx", spec=spec, replace_failed=replace_failed, beside=beside or {})
    return find_existing(t.cast("t.Any", catalog), request, location="s3://b")


def test_nothing_is_there() -> None:
    assert look(OneBackup(None)) is None


@pytest.mark.parametrize("phase", ["Completed", "PartiallyFailed", "Failed", "FailedValidation"])
def test_the_same_backup_is_told_and_nothing_runs(phase: str) -> None:
    catalog = OneBackup(phase, included_namespaces=["shop"], label_selector="app=web")
    outcome = look(catalog, included_namespaces=["shop"], label_selector={"matchLabels": {"app": "web"}})
    assert outcome is not None
    assert (outcome.changed, outcome.phase, outcome.items) == (False, phase, {"pods": 2})
    assert outcome.volumes == [{"pvName": "pv-1"}]
    assert (outcome.recorded_hooks, outcome.recorded_freezes) == ([{"pod": "db-0"}], [{"path": "/data"}])


def test_a_backup_of_another_tool_has_no_record() -> None:
    outcome = look(OneBackup(record=False))
    assert outcome is not None
    assert (outcome.items, outcome.recorded_hooks) == ({}, [])


def test_its_warnings_and_errors_are_told_again() -> None:
    """As the run had reported them, not as Velero's file has them."""
    catalog = OneBackup("PartiallyFailed")
    hook = " resource: /pods name: /y message: /Error executing hook error: /exit 1"
    catalog.documents["results"] = {
        "errors": {"velero": [" message: /bad"], "namespaces": {"web": [" name: /x"], "shop": [hook]}},
        "warnings": {"cluster": ["odd"]},
    }
    outcome = look(catalog)
    assert outcome is not None
    told = [tuple(each[name] for name in ("resource", "namespace", "name", "message")) for each in outcome.errors_list]
    assert told == [
        ("", "", "", "bad"),
        ("pods", "shop", "y", "Error executing hook: exit 1"),
        ("", "web", "x", ""),
    ]
    assert [each["message"] for each in outcome.warnings_list] == ["odd"]


@pytest.mark.parametrize(
    ("made", "asked", "names"),
    [
        pytest.param({"execution_hooks": "1"}, {"execution_hooks": "1"}, "", id="the same"),
        pytest.param({"execution_hooks": "1"}, {"execution_hooks": "2"}, "execution_hooks", id="others"),
        pytest.param({}, {"backup_hooks": "1", "databases": "1"}, "backup_hooks, databases", id="made without"),
        pytest.param({"databases": "1"}, {}, "databases", id="now without"),
        pytest.param(None, {"backup_hooks": "1"}, "", id="a record that does not say"),
    ],
)
def test_what_is_not_in_the_spec_and_differs_is_a_warning(
    made: dict[str, str] | None, asked: dict[str, str], names: str
) -> None:
    """Nobody is to believe that the hooks of the second task have run."""
    catalog = OneBackup()
    t.cast("t.Any", catalog.record).beside = made
    outcome = look(catalog, beside=asked)
    assert outcome is not None
    assert outcome.changed is False
    said = f"was made with other {names}, or without. It is left as it is, and nothing of that is done now"
    assert [said in each["message"] for each in outcome.warnings_list] == ([True] if names else [])


@pytest.mark.parametrize(
    ("stored", "asked", "fields"),
    [
        pytest.param({}, {"included_namespaces": ["shop"]}, ["includedNamespaces"], id="namespaces"),
        pytest.param({"included_namespaces": ["shop"]}, {}, ["includedNamespaces"], id="now-everything"),
        pytest.param({}, {"ttl": "24h"}, ["ttl"], id="ttl"),
        pytest.param({}, {"ttl": "never"}, ["ttl"], id="never"),
        pytest.param({}, {"include_cluster_resources": False}, ["includeClusterResources"], id="false-is-not-unset"),
        pytest.param({}, {"label_selector": "app=web"}, ["labelSelector"], id="selector"),
        pytest.param(
            {},
            {"excluded_resources": ["secrets"], "excluded_namespaces": ["x"]},
            ["excludedNamespaces", "excludedResources"],
            id="two",
        ),
    ],
)
def test_another_spec_is_refused(stored: dict[str, t.Any], asked: dict[str, t.Any], fields: list[str]) -> None:
    with pytest.raises(ValidationError, match="Backup 'nginx' exists in s3://b with another spec") as caught:
        look(OneBackup(**stored), **asked)
    assert caught.value.details == {"differing_fields": fields, "phase": "Failed"}
    assert ", ".join(map(snake_case, fields)) in caught.value.message
    assert "state=absent" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        pytest.param({"included_namespaces": ["a", "b"]}, {"included_namespaces": ["b", "a"]}, id="order"),
        pytest.param({}, {"included_namespaces": ["*"]}, id="star-is-the-default"),
        pytest.param({}, {"ttl": "720h"}, id="ttl-spelled-otherwise"),
        pytest.param({}, {"storage_location": "other"}, id="the-location-is-not-what-is-in-it"),
    ],
)
def test_what_does_not_differ(stored: dict[str, t.Any], asked: dict[str, t.Any]) -> None:
    assert look(OneBackup(**stored), **asked) is not None


def test_what_a_server_adds_is_not_compared() -> None:
    catalog = OneBackup(record=False)
    assert catalog.backup is not None
    del catalog.backup["spec"]["includedNamespaces"]  # Velero 1.18.1 leaves it empty
    catalog.backup["spec"] |= {"volumeSnapshotLocations": ["default"], "csiSnapshotTimeout": "20m0s"}
    assert look(catalog) is not None


@pytest.mark.parametrize("phase", ["New", "InProgress", "Finalizing", "WaitingForPluginOperations", "Deleting", ""])
def test_one_that_is_being_made_is_refused(phase: str) -> None:
    with pytest.raises(ValidationError, match=f"is still being made: its phase is {phase or 'New'}"):
        look(OneBackup(phase), replace_failed=True)


@pytest.mark.parametrize(
    ("phase", "replaced"),
    [("Completed", False), ("PartiallyFailed", True), ("Failed", True), ("FailedValidation", True)],
)
def test_replace_failed(phase: str, replaced: bool) -> None:
    assert (look(OneBackup(phase), replace_failed=True) is None) is replaced


def test_a_failed_one_of_another_spec_may_be_replaced() -> None:
    assert look(OneBackup("Failed"), replace_failed=True, ttl="1h") is None
    with pytest.raises(ValidationError, match="with another spec: ttl differs"):
        look(OneBackup("Completed"), replace_failed=True, ttl="1h")


@pytest.mark.parametrize(
    ("stored", "asked", "same"),
    [(None, None, True), ("{}", "{}", True), (None, "{}", False), ("{}", None, False), ("{}", '{"a":1}', False)],
)
def test_a_policy_of_the_task(stored: str | None, asked: str | None, same: bool) -> None:
    def annotations(text: str | None) -> dict[str, str]:
        return {} if text is None else {"arkive.k8s/resource-policies": text}

    catalog = OneBackup()
    assert catalog.backup is not None
    catalog.backup["metadata"] = {"annotations": annotations(stored)}
    request = BackupRequest(name="nginx", spec=BackupSpec(), annotations=annotations(asked))
    if same:
        assert find_existing(t.cast("t.Any", catalog), request, location="s3://b")
        return
    with pytest.raises(ValidationError, match="another spec: resource_policies differs"):
        find_existing(t.cast("t.Any", catalog), request, location="s3://b")
