# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the command line shows of a backup and a restore of ours, and of the same that Velero's server made."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import pytest
from operator_lab import Operator, new_name
from velero_judge import Judge, until

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.operations.operations_request import OperationsError

pytestmark = pytest.mark.velero

_STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:]{8}(?:Z| \+0000 UTC)")


@pytest.fixture
def operator(
    judge: Judge,
    velero_program: str,
    kubeconfig: str,
    make_namespace: t.Callable[[], str],
    judged_bucket: t.Any,
    s3: t.Any,
    tmp_path: Path,
) -> t.Iterator[Operator]:
    """Beside the server, in another namespace, and with the same bucket."""
    found = Operator(velero_program, kubeconfig=kubeconfig, namespace=make_namespace(), home=tmp_path)
    found.add_location(judged_bucket.name, s3)
    with found:
        yield found
    assert found.problems == []


def _made_by_server(judge: Judge, asked: list[str]) -> str:
    """Started again before, as it keeps for minutes which types there were: those of other tests are gone by now."""
    judge.start()
    name = new_name("b")
    judge("backup", "create", name, *asked)
    return name


def _without(text: str, name: str) -> list[str]:
    """The lines, without what is another's by its nature: the name, the namespace of the object and times."""
    lines = _STAMP.sub("TIME", text.replace(name, "NAME")).splitlines()
    return [line.rstrip() for line in lines if not line.startswith("Namespace:")]


def _shape(value: t.Any) -> t.Any:
    """Of a spec or a status: its members, and what they say that is no time."""
    if isinstance(value, dict):
        return {key: _shape(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_shape(entry) for entry in value]
    return "TIME" if isinstance(value, str) and _STAMP.fullmatch(value) else value


def test_what_is_shown_is_what_the_server_shows(
    judge: Judge, operator: Operator, namespace: str, kubectl: t.Any
) -> None:
    kubectl("-n", namespace, "create", "configmap", "prices", "--from-literal=apple=1")
    ours = new_name("b")
    asked = ["--include-namespaces", namespace, "--wait"]
    operator("backup", "create", ours, *asked)
    theirs = _made_by_server(judge, asked)

    of_ours, of_theirs = operator.get("backups", ours), judge.get("backups", theirs)
    assert of_ours is not None
    assert of_theirs is not None
    assert _shape(of_ours["spec"]) == _shape(of_theirs["spec"])
    assert _shape(of_ours["status"]) == _shape(of_theirs["status"])
    assert of_ours["metadata"]["annotations"] == of_theirs["metadata"]["annotations"]
    assert of_ours["metadata"]["labels"] == of_theirs["metadata"]["labels"]
    shown = operator("backup", "describe", ours, "--details", "--colorized=false")
    assert _without(shown, ours) == _without(judge.describe("backup", theirs), theirs)
    rows = [act("backup", "get", name).splitlines()[1] for act, name in ((operator, ours), (judge, theirs))]
    assert _without(rows[0], ours) == _without(rows[1], theirs)
    as_json = json.loads(operator("backup", "describe", ours, "--details", "-o", "json"))
    assert set(as_json) == set(judge.describe_backup(theirs))

    for name, act in ((ours, operator), (theirs, judge)):
        kubectl("-n", namespace, "delete", "configmap", "prices")
        act("restore", "create", f"{name}-back", "--from-backup", name, "--wait")
    of_ours, of_theirs = operator.get("restores", f"{ours}-back"), judge.get("restores", f"{theirs}-back")
    assert of_ours is not None
    assert of_theirs is not None
    assert _shape(of_ours["spec"]) == {**_shape(of_theirs["spec"]), "backupName": ours}
    assert set(of_ours["status"]) == set(of_theirs["status"])
    assert of_ours["status"]["phase"] == of_theirs["status"]["phase"] == "Completed"
    assert of_ours["metadata"]["finalizers"] == of_theirs["metadata"]["finalizers"]
    shown, wanted = (
        _without(act("restore", "describe", f"{name}-back", "--details", "--colorized=false"), name)
        for act, name in ((operator, ours), (judge, theirs))
    )
    # Of objects there is a map; what is there already is passed over by other rules (docs/compatibility 14.25).
    passed_over = re.compile(r"\(skipped\)$|^  v1/Namespace:$")
    assert sorted(line for line in shown if not passed_over.search(line)) == sorted(
        line for line in wanted if not passed_over.search(line)
    )


INVALID: dict[str, dict[str, t.Any]] = {
    "location": {"storageLocation": "no"},
    "snapshots": {"volumeSnapshotLocations": ["no"]},
    "namespaces": {"includedNamespaces": ["a"], "excludedNamespaces": ["a"]},
    "several": {
        "storageLocation": "no",
        "volumeSnapshotLocations": ["no"],
        "includedNamespaces": ["a"],
        "excludedNamespaces": ["a"],
        "ttl": "1h0m0s",
    },
}


def _refused(judge: Judge, operator: Operator, name: str, spec: dict[str, t.Any]) -> tuple[Object, Object]:
    """As we refuse it, and as the server does."""
    # As the command line writes it.
    spec = {"hooks": {}, "metadata": {}, **spec}
    kind = {"apiVersion": "velero.io/v1", "kind": "Backup", "metadata": {"name": name}, "spec": spec}
    operator.create("backups", name, spec)
    operator.client.post("/apis/velero.io/v1/namespaces/velero/backups", kind)
    return operator.await_phase("backups", name, "FailedValidation"), judge.await_end("backups", name)


@pytest.mark.parametrize("case", INVALID)
def test_what_is_not_valid_is_refused_as_the_server_does(judge: Judge, operator: Operator, case: str) -> None:
    name = new_name("i")
    ours, theirs = _refused(judge, operator, name, INVALID[case])
    assert _shape(ours["status"]) == _shape(theirs["status"])
    assert ours["metadata"]["labels"] == theirs["metadata"]["labels"]
    assert _shape(ours["spec"]) == _shape(theirs["spec"])
    shown, wanted = (_without(act("backup", "describe", name, "--colorized=false"), name) for act in (operator, judge))
    # Without a location the server does not answer what the command line asks for then.
    assert [line for line in shown if "<error" not in line] == [line for line in wanted if "<error" not in line]


def test_schedules_are_shown_as_the_server_s_are(judge: Judge, operator: Operator) -> None:
    good, bad = new_name("s"), new_name("s")
    for name, text, phase in ((good, "0 3 * * *", "Enabled"), (bad, "0 3 * *", "FailedValidation")):
        for act in (operator, judge):
            act("schedule", "create", name, "--schedule", text, "--ttl", "24h")
        ours = operator.await_phase("schedules", name, phase)
        theirs = until(lambda name=name: _with_phase(judge.get("schedules", name)), f"{name} is judged", seconds=60)
        assert theirs["status"]["phase"] == phase
        assert set(ours["status"]) == set(theirs["status"])
        assert _shape(ours["spec"]) == _shape(theirs["spec"])
    for act in (operator, judge):
        act("schedule", "pause", good)
    shown, wanted = (act("schedule", "describe", good, "--colorized=false") for act in (operator, judge))
    assert _without(shown, good) == _without(wanted, good)
    for name in (good, bad):
        shown, wanted = (_without(act("schedule", "get", name), name) for act in (operator, judge))
        assert shown == wanted


def _with_phase(schedule: Object | None) -> Object | None:
    return schedule if ((schedule or {}).get("status") or {}).get("phase") else None


def test_a_namespace_of_the_server_is_left_to_it(
    judge: Judge, velero_program: str, kubeconfig: str, tmp_path: Path
) -> None:
    judge.start()
    beside = Operator(velero_program, kubeconfig=kubeconfig, namespace="velero", home=tmp_path)
    with pytest.raises(OperationsError, match="A Velero server is at work in namespace 'velero'"):
        beside.pass_once()
