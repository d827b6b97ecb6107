# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What owners do by themselves, how they are paused and resumed, and which fields come from git."""

from __future__ import annotations

import datetime as dt
import json
import pathlib
import shlex
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.progress_file import progress_to
from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.account import LeftPaused
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.argo import set_lets_edit
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.field_owners import (
    changed_fields,
    git_changes,
    may_be_git,
)
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.kinds import OWNER_KINDS
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner import Owner, pause_patch, resume_patch
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_ref import Identity
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.pause_mark import (
    PAUSED_ANNOTATION,
    PauseMark,
    read_mark,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource

NOON = dt.datetime(2026, 6, 1, 12, tzinfo=dt.UTC)
TRUE = [{"type": "Reconciling", "status": "True"}]


def owner(kind: str, spec: Object, *, status: Object | None = None, **metadata: t.Any) -> Owner:
    found = OWNER_KINDS[kind]
    resource = ApiResource(
        group=found.group_resource.group,
        version="v1",
        plural=found.group_resource.resource,
        singular=kind.lower(),
        kind=kind,
        namespaced=True,
        verbs=frozenset(),
    )
    whole = {"name": "shop", "namespace": "home", "resourceVersion": "7", **metadata}
    return Owner.of(found, resource, {"metadata": whole, "spec": spec, "status": status or {}})


@pytest.mark.parametrize(
    ("kind", "spec", "undoes", "acts"),
    [
        ("Kustomization", {}, True, True),
        ("Kustomization", {"suspend": False, "prune": True}, True, True),
        ("Kustomization", {"suspend": True}, False, False),
        # Without drift detection, nothing is undone before the next upgrade (helm-controller docs/spec/v2).
        ("HelmRelease", {}, False, True),
        ("HelmRelease", {"driftDetection": {"mode": "warn"}}, False, True),
        ("HelmRelease", {"driftDetection": {"mode": "enabled"}}, True, True),
        ("HelmRelease", {"driftDetection": {"mode": "enabled"}, "suspend": True}, False, False),
        # Auto-sync alone reacts to commits (auto_sync.md); null counts as enabled.
        ("Application", {}, False, False),
        ("Application", {"syncPolicy": {}}, False, False),
        ("Application", {"syncPolicy": {"automated": {}}}, False, True),
        ("Application", {"syncPolicy": {"automated": {"enabled": None, "selfHeal": True}}}, True, True),
        ("Application", {"syncPolicy": {"automated": {"prune": True}}}, True, True),
        ("Application", {"syncPolicy": {"automated": {"enabled": False, "selfHeal": True}}}, False, False),
    ],
)
def test_what_they_do(kind: str, spec: Object, undoes: bool, acts: bool) -> None:
    settings = owner(kind, spec).now
    assert (settings.would_undo, settings.acts) == (undoes, acts)


def test_skip_reconcile_is_heeded() -> None:
    spec = {"syncPolicy": {"automated": {"selfHeal": True}}}
    assert owner("Application", spec, annotations={"argocd.argoproj.io/skip-reconcile": "true"}).now.suspended


@pytest.mark.parametrize(
    ("kind", "status", "running"),
    [
        ("Kustomization", {}, False),
        ("Kustomization", {"conditions": TRUE}, True),
        ("Kustomization", {"conditions": [{"type": "Reconciling", "status": "False"}]}, False),
        ("HelmRelease", {"conditions": TRUE}, True),
        ("Application", {"operationState": {"phase": "Running"}}, True),
        ("Application", {"operationState": {"phase": "Terminating"}}, True),
        ("Application", {"operationState": {"phase": "Succeeded"}}, False),
    ],
)
def test_what_is_at_work(kind: str, status: Object, running: bool) -> None:
    assert owner(kind, {}, status=status).is_running is running


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("Kustomization", {"prune": True}),
        ("Kustomization", {"suspend": False}),
        ("HelmRelease", {"suspend": False}),
        ("Application", {"syncPolicy": {"automated": {"selfHeal": True}, "syncOptions": ["a"]}}),
        ("Application", {"syncPolicy": {"automated": {}}}),
    ],
)
def test_a_pause_is_resumed_exactly(kind: str, spec: Object) -> None:
    before = owner(kind, spec)
    patch = pause_patch(before, PauseMark(run="r", until=NOON, was=before.value))
    assert patch["metadata"]["resourceVersion"] == "7"
    paused = Owner.of(before.kind, before.resource, merge(before.obj, patch))
    assert paused.now.suspended
    assert paused.unpaused == before.now
    resumed = merge(paused.obj, resume_patch(paused))
    assert resumed["spec"] == before.obj["spec"]
    assert not resumed["metadata"]["annotations"]
    words = shlex.split(paused.resume_command)
    assert json.loads(words[-1]) == resume_patch(paused)


def test_the_command_that_resumes_is_shown_whole(tmp_path: pathlib.Path) -> None:
    """Lines of progress are cut: one that has a reason before the command lost the command's end."""
    shown = tmp_path / "progress"
    shown.touch()
    show = progress_to(str(shown))
    before = owner("Application", {"syncPolicy": {"automated": {"prune": True, "selfHeal": True}}})
    patch = pause_patch(before, PauseMark(run="r", until=NOON, was=before.value))
    paused = Owner.of(before.kind, before.resource, merge(before.obj, patch))
    why = "whether it would undo something is not known: Argo CD did not compare it within 60 s"
    for line in LeftPaused(owner=paused.ref, why=why, command=paused.resume_command).lines:
        show(line)
    said, command = shown.read_text().splitlines()
    assert why in said
    assert command == paused.resume_command


def test_what_somebody_else_has_made_of_it_stays() -> None:
    text = PauseMark(run="r", until=NOON, was=False).to_text()
    resumed_by_hand = owner("Kustomization", {"suspend": False}, annotations={PAUSED_ANNOTATION: text})
    assert "spec" not in resume_patch(resumed_by_hand)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"run":"r","until":null}',
        '{"run":"r","until":"soon","was":null}',
        '{"run":"r","until":null,"was":{"a":1}}',
        '{"run":"r","until":null,"was":"true"}',
        "[" * 100_000,
        '{"run":"' + "x" * 70_000 + '","until":null,"was":null}',
    ],
)
def test_a_mark_that_cannot_be_used(text: str) -> None:
    one = owner("Kustomization", {"suspend": True}, annotations={PAUSED_ANNOTATION: text})
    assert (one.mark, bool(one.mark_problem)) == (None, True)
    with pytest.raises(ValueError, match=r"."):
        read_mark(one.obj, one.kind)


def test_marks_end() -> None:
    mark = PauseMark(run="r", until=NOON, was=None)
    later = NOON + dt.timedelta(seconds=1)
    assert (mark.is_over(NOON - dt.timedelta(seconds=1)), mark.is_over(NOON), mark.is_over(later)) == (
        False,
        True,
        True,
    )
    assert not PauseMark(run="r", until=None, was=None).is_over(later)


def test_what_waits_for_a_person_undoes_nothing() -> None:
    text = PauseMark(run="r", until=None, was=False).to_text()
    assert not owner("Kustomization", {"suspend": True}, annotations={PAUSED_ANNOTATION: text}).unpaused.would_undo


@pytest.mark.parametrize(
    ("spec", "lets"),
    [
        ({}, False),
        ({"syncPolicy": {"applicationsSync": "sync"}}, False),
        ({"syncPolicy": {"applicationsSync": "create-update"}}, False),
        ({"syncPolicy": {"applicationsSync": "create-only"}}, True),
        ({"syncPolicy": {"applicationsSync": "create-delete"}}, True),
        ({"ignoreApplicationDifferences": [{"jsonPointers": ["/spec/syncPolicy"]}]}, True),
        ({"ignoreApplicationDifferences": [{"jqPathExpressions": [".spec.syncPolicy.automated"]}]}, True),
        ({"ignoreApplicationDifferences": [{"jsonPointers": ["/spec/source"]}]}, False),
        ({"ignoreApplicationDifferences": [{"name": "other", "jsonPointers": ["/spec/syncPolicy"]}]}, False),
        ({"ignoreApplicationDifferences": [{"name": "shop", "jsonPointers": ["/spec/syncPolicy"]}]}, True),
        ({"ignoreApplicationDifferences": ["x", {"jsonPointers": None}]}, False),
    ],
)
def test_what_a_set_leaves_to_others(spec: Object, lets: bool) -> None:
    assert set_lets_edit({"spec": spec}, "shop") is lets


def test_inventories() -> None:
    ids = ["shop_web__ConfigMap", "shop_web_apps_Deployment", "_a__b_rbac.authorization.k8s.io_ClusterRole", "odd", ""]
    flux = owner("Kustomization", {}, status={"inventory": {"entries": [*({"id": one} for one in ids), None]}})
    assert list(flux.kind.inventory(flux.obj)) == [
        Identity("", "ConfigMap", "shop", "web"),
        Identity("apps", "Deployment", "shop", "web"),
        Identity("rbac.authorization.k8s.io", "ClusterRole", "", "a:b"),
    ]
    resources = [{"kind": "Deployment", "group": "apps", "namespace": "shop", "name": "web"}, {"kind": "X"}, None]
    argo = owner("Application", {}, status={"resources": resources})
    assert list(argo.kind.inventory(argo.obj)) == [Identity("apps", "Deployment", "shop", "web")]


def _managed(*entries: tuple[str, Object, str]) -> Object:
    fields = [{"manager": who, "fieldsV1": what, "time": when} for who, what, when in entries]
    return {"metadata": {"managedFields": fields}}


BEFORE, AFTER = "2026-06-01T11:00:00Z", "2026-06-01T13:00:00Z"
DATA = {"f:data": {"f:a": {}}}


@pytest.mark.parametrize(
    ("entries", "applied", "may_be"),
    [
        ([("kustomize-controller", DATA, BEFORE)], NOON, True),
        # Somebody else's, and the last reconciliation has left it to them.
        ([("app", DATA, BEFORE)], NOON, False),
        ([("arkive.k8s", DATA, BEFORE)], NOON, False),
        # It was taken from the tool since.
        ([("app", DATA, AFTER)], NOON, True),
        ([("app", DATA, "")], NOON, True),
        ([("app", DATA, BEFORE)], None, True),
        ([("app", DATA, BEFORE), ("kustomize-controller", DATA, BEFORE)], NOON, True),
        # Flux hands these to itself.
        ([("kubectl-edit", DATA, BEFORE)], NOON, True),
        ([("before-first-apply", DATA, BEFORE)], NOON, True),
        # Nobody's: somebody may have removed it.
        ([("app", {"f:data": {"f:b": {}}}, BEFORE)], NOON, True),
        ([], NOON, True),
    ],
)
def test_fields_of_git(entries: list[tuple[str, Object, str]], applied: dt.datetime | None, may_be: bool) -> None:
    live = _managed(*entries)
    assert may_be_git(live, ("data", "a"), applied) is may_be
    assert git_changes(live, {"data": {"a": "1"}}, applied) == (("data.a",) if may_be else ())


def test_lists_and_the_labels_of_restores() -> None:
    live = _managed(("app", {"f:spec": {"f:ports": {'k:{"port":80}': {}}}}, BEFORE))
    patch = {"spec": {"ports": [], "type": "x"}, "metadata": {"labels": {"velero.io/restore-name": "r", "a": None}}}
    assert git_changes(live, patch, NOON) == ("spec.type", "metadata.labels.a")
    assert changed_fields(patch) == ("spec.ports", "spec.type", "metadata.labels.a")


def test_a_field_of_the_status_is_no_field_of_git() -> None:
    entry = {"manager": "app", "fieldsV1": DATA, "time": BEFORE, "subresource": "status"}
    assert may_be_git({"metadata": {"managedFields": [entry]}}, ("data", "a"), NOON)


ENDED = {"lastReconciled": "2026-06-01T12:02:00Z"}


def test_when_flux_has_applied_all() -> None:
    ready, history = [{"type": "Ready", "status": "True"}], [{**ENDED, "lastReconciledDuration": "1m59s"}, {}]
    assert owner("Kustomization", {}, status={"conditions": ready, "history": history}).last_applied == NOON
    unclear: tuple[Object, ...] = (
        {"history": history},
        {"conditions": ready},
        {"conditions": ready, "history": [ENDED]},
        {"conditions": ready, "history": [None]},
    )
    for status in unclear:
        assert owner("Kustomization", {}, status=status).last_applied is None


def merge(before: t.Any, patch: t.Any) -> t.Any:
    """RFC 7386."""
    if not isinstance(patch, dict):
        return patch
    result = dict(before) if isinstance(before, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge(result.get(name), value)
    return result
