# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random mixtures of stored and live objects: what a plan says of each is what the run does, and the next does nothing.

Each case: objects of random kinds are stored in one variant and live in the same one, in another one or not at all;
restored by a random policy, into their namespace or another one, with or without modifiers.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import random
import secrets
import tempfile
import typing as t
from pathlib import Path

from ansible_collections.arkive.k8s.plugins.module_utils._kube.auth import connect
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.kube_auth import KubeAuth
from ansible_collections.arkive.k8s.plugins.module_utils._kube.objects import create_object, delete_object
from ansible_collections.arkive.k8s.plugins.module_utils._restore.outcome import RestoreOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._velero.resource_modifiers import parse_modifiers
from campaigns.live_support import Backups, Cluster
from campaigns.plan_objects import KINDS, Kind, Object, custom_kinds, definitions, make, policy

_POLICIES = ("none", "update", "update", "replace", "recreate")
#: What may become of an object that the plan has an action for, in words of the run: its action and its state.
_AFTER = {
    "create": {("create", "created")},
    "update": {("update", "updated")},
    # A run that finds nothing to do carries nothing out.
    "unchanged": {("unchanged", "unchanged"), ("unchanged", "")},
    "skip": {("skip", "")},
    "conflict": {("conflict", "failed")},
    # What the server could not judge.
    "unverified": {("create", "created"), ("update", "updated"), ("conflict", "failed")},
}
_MODIFIERS = {
    "version": "v1",
    "resourceModifierRules": [
        {
            "conditions": {"groupResource": "configmaps"},
            "mergePatches": [{"patchData": '{"metadata": {"annotations": {"example.org/moved": "yes"}}}'}],
        }
    ],
}


class PlanCampaign:
    """Needs the local cluster."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self._group = f"s{secrets.token_hex(3)}.arkive.test"

    def __enter__(self) -> t.Self:
        self._client = connect(KubeAuth(kubeconfig=os.environ["ARKIVE_TEST_KUBECONFIG"]))
        cluster = Cluster(self._client)
        for obj in [*definitions(self._group), *policy(f"soak.{self._group}")]:
            self._make(cluster, obj)
        for plural in ("gadgets", "widgets"):
            cluster.wait("customresourcedefinitions", f"{plural}.{self._group}", None, _is_established)
        self._cluster = Cluster(self._client)
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="arkive-soak-")))
        return self

    def _make(self, cluster: Cluster, obj: Object) -> None:
        resource = cluster.discovery.find_kind(obj["apiVersion"], obj["kind"])
        assert resource is not None
        create_object(self._client, resource, obj)
        self._stack.callback(delete_object, self._client, resource, obj["metadata"]["name"])

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def run_case(self, chance: random.Random) -> str:
        with contextlib.ExitStack() as stack:
            case = _Case(self._cluster, chance, stack, group=self._group)
            backups = Backups(self._folder / secrets.token_hex(4), self._client)
            return case.run(backups)


class _Case:
    """A source namespace and a target; everything has names of its own."""

    def __init__(self, cluster: Cluster, chance: random.Random, stack: contextlib.ExitStack, *, group: str) -> None:
        self._cluster = cluster
        self._chance = chance
        self._stack = stack
        self._kinds = (*KINDS, *custom_kinds(group) * 2)
        self._label = f"soak.{group}"
        self._source = f"arkive-test-p-{secrets.token_hex(3)}"
        self._target = self._source if chance.random() < 0.6 else f"{self._source}-to"
        self._stored: list[tuple[str, Object]] = []

    def run(self, backups: Backups) -> str:
        options = self._options()
        if self._chance.random() < 0.9:
            self._make_namespace()
        self._stack.callback(self._remove_namespace)
        for number in range(self._chance.randint(3, 12)):
            self._add(self._chance.choice(self._kinds), f"{self._source}-{number}")
        backups.write("b", self._stored)
        told = backups.plan("b", want_diff=True, **dict(options))
        done = backups.restore("b", **dict(options))
        again = backups.restore("b", **dict(options))
        third = backups.plan("b", want_diff=True, **dict(options))
        wrong = [*_differences(told, done), *_not_settled(again, third)]
        return f"{options}: {'; '.join(wrong)}" if wrong else ""

    def _options(self) -> Object:
        options: Object = {"existing_resource_policy": self._chance.choice(_POLICIES)}
        if self._target != self._source:
            options["namespace_mapping"] = {self._source: self._target}
        if self._chance.random() < 0.3:
            options["modifiers"] = parse_modifiers(_MODIFIERS)
        return options

    def _make_namespace(self) -> None:
        labels = {self._label: "yes"} if self._chance.random() < 0.5 else {}
        # The API server warns of pods that another level would refuse.
        labels |= {"pod-security.kubernetes.io/warn": "restricted"} if self._chance.random() < 0.3 else {}
        self._cluster.client.post("/api/v1/namespaces", {"metadata": {"name": self._target, "labels": labels}})

    def _remove_namespace(self) -> None:
        with contextlib.suppress(KubeError):
            self._cluster.client.delete(f"/api/v1/namespaces/{self._target}")

    def _add(self, kind: Kind, name: str) -> None:
        """Store one variant. Another one, or the same, may live."""
        seed = self._chance.random()
        stored = make(kind, random.Random(seed), name, self._source)
        fate = self._chance.choice(("absent", "same", "other", "other"))
        if fate != "absent":
            other = random.Random(seed if fate == "same" else self._chance.random())
            made = self._make_live(kind, make(kind, other, name, self._target))
            if made is not None and fate == "same" and self._chance.random() < 0.5:
                # As a backup of this very cluster has it, with all defaults.
                stored = _as_backed_up(made, self._source if kind.namespaced else "")
        self._stored.append((kind.resource, stored))

    def _make_live(self, kind: Kind, obj: Object) -> Object | None:
        """None for what the server refuses, or has no namespace for."""
        resource = self._cluster.discovery.find_kind(kind.api_version, kind.kind)
        assert resource is not None
        try:
            made = create_object(self._cluster.client, resource, obj)
        except KubeError:
            return None
        if not kind.namespaced:
            self._stack.callback(delete_object, self._cluster.client, resource, obj["metadata"]["name"])
        return made


def _as_backed_up(made: Object, namespace: str) -> Object:
    obj = {name: value for name, value in made.items() if name != "status"}
    return {**obj, "metadata": {**made["metadata"], **({"namespace": namespace} if namespace else {})}}


def _is_established(definition: Object | None) -> bool:
    conditions = ((definition or {}).get("status") or {}).get("conditions") or ()
    return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)


def _by_object(outcome: RestoreOutcome) -> dict[tuple[str, str], Object]:
    return {(item["resource"], item["name"]): item for item in outcome.plan_items}


def _differences(told: RestoreOutcome, done: RestoreOutcome) -> t.Iterator[str]:
    """Objects of which the plan said something else than the run did."""
    planned, ran = _by_object(told), _by_object(done)
    if planned.keys() != ran.keys():
        yield f"the plan has {sorted(planned.keys() ^ ran.keys())} more or less than the run"
    for key in planned.keys() & ran.keys():
        before, after = planned[key], ran[key]
        became = (after["action"], after.get("state", ""))
        if became not in _AFTER[before["action"]]:
            yield f"{key} was to be {before['action']} ({before['reason']}), and became {became} ({after['reason']})"
        if before["action"] == after["action"] != "create":
            for field in ("judged", "dropped"):
                if before.get(field) != after.get(field):
                    yield f"{key} has {field} {before.get(field)} in the plan, and {after.get(field)} in the run"
    writes = any(item["state"] in ("created", "updated") for item in ran.values() if "state" in item)
    if told.changed is not done.changed and not (told.changed and not writes):
        yield f"changed was to be {told.changed}, and is {done.changed}"


def _not_settled(again: RestoreOutcome, third: RestoreOutcome) -> t.Iterator[str]:
    """What the second run changes, and what the third would."""
    if again.changed:
        wrote = [
            f"{i['resource']} {i['name']} {i['state']}"
            for i in again.plan_items
            if i.get("state") in ("created", "updated")
        ]
        yield f"the second run changes {wrote}"
    if third.changed or third.diffs:
        yield f"the third one would change {[_changed_lines(diff) for diff in third.diffs]}"


def _changed_lines(diff: Object) -> list[str]:
    lines = difflib.unified_diff(diff["before"].splitlines(), diff["after"].splitlines(), n=0, lineterm="")
    return [diff["after_header"], *list(lines)[2:]]


__all__ = ("PlanCampaign",)
