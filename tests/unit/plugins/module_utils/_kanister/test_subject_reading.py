# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of a subject templates may read (docs/compatibility 15.4)."""

from __future__ import annotations

import datetime as dt
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.action_request import ActionRequest
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.errors import BlueprintError
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.function import PodDefaults
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.model import Blueprint
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.rendering import Renderer
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.secret_mask import SecretMask
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.subject import Subject
from ansible_collections.arkive.k8s.plugins.module_utils._kanister.subject_reading import read_parameters, rfc3339_nano
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._kanister.function_lab import (
    NAMESPACE,
    FunctionLab,
)


def add_pod(lab: FunctionLab, name: str, owner: str, *, phase: str = "Running", claim: str = "") -> None:
    spec: dict[str, t.Any] = {"containers": [{"name": "main"}, {"name": "side"}]}
    if claim:
        spec["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]
        spec["containers"][0]["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
    statuses = [{"name": "main"}, {"name": "side"}]
    lab.api.add(
        "pods",
        name,
        namespace=NAMESPACE,
        metadata={"ownerReferences": [{"uid": owner, "kind": "X", "name": "x"}]},
        spec=spec,
        status={"phase": phase, "containerStatuses": statuses},
    )


def rendered(lab: FunctionLab, subject: Subject, text: str, **more: t.Any) -> str:
    request = ActionRequest(
        blueprint=Blueprint(name="b"), action_name="a", subject=subject, pods=PodDefaults(namespace=NAMESPACE), **more
    )
    mask = SecretMask()
    value = Renderer(mask).value(text, read_parameters(lab.run, request, mask), "the text").value
    return str(value)


@pytest.fixture
def workloads(lab: FunctionLab) -> FunctionLab:
    lab.node.status = None  # Pods stay as they are added.
    stateful = added(lab, "statefulsets", "db", spec={"replicas": 3})
    for index, phase in enumerate(("Running", "Running", "Pending")):
        add_pod(lab, f"db-{index}", stateful, phase=phase, claim=f"data-db-{index}")
    add_pod(lab, "other-0", "somebody")
    revision = "deployment.kubernetes.io/revision"
    deployment = added(lab, "deployments", "web", metadata={"annotations": {revision: "2"}}, spec={})
    for number in (1, 2):
        owners = [{"uid": deployment, "kind": "Deployment", "name": "web"}]
        metadata = {"annotations": {revision: str(number)}, "ownerReferences": owners}
        add_pod(lab, f"web-{number}-a", added(lab, "replicasets", f"web-{number}", metadata=metadata))
    added(lab, "persistentvolumeclaims", "data-db-0")
    return lab


def added(lab: FunctionLab, plural: str, name: str, **more: t.Any) -> str:
    """Its uid."""
    return str(lab.api.add(plural, name, namespace=NAMESPACE, **more)["metadata"]["uid"])


STATEFUL_SET = Subject.of(kind="statefulset", name="db", namespace=NAMESPACE)
CLAIM = Subject.of(kind="pvc", name="data-db-0", namespace=NAMESPACE)
DEPLOYMENT = Subject.of(kind="Deployment", name="web", namespace=NAMESPACE)


@pytest.mark.parametrize(
    ("subject", "text", "result"),
    [
        (STATEFUL_SET, "{{ .StatefulSet.Name }} {{ .StatefulSet.Pods }}", "db [db-0 db-1]"),
        (STATEFUL_SET, "{{ .StatefulSet.Containers }}", "[[main side] [main side]]"),
        (STATEFUL_SET, '{{ index .StatefulSet.PersistentVolumeClaims "db-1" }}', "map[data-db-1:/data]"),
        (STATEFUL_SET, "{{ .Object.spec.replicas }}", "3"),
        (DEPLOYMENT, "{{ range .Deployment.Pods }}{{ . }};{{ end }}", "web-2-a;"),
        (Subject.of_namespace(NAMESPACE), "{{ .Namespace.Name }} {{ .Namespace.Namespace }}", "shop shop"),
        (Subject.of_namespace(NAMESPACE), "{{ .Object.kind }}", "Namespace"),
        (CLAIM, "{{ .PVC.Namespace }}/{{ .PVC.Name }}", "shop/data-db-0"),
        (
            Subject.of(name="db-0", namespace=NAMESPACE, api_version="v1", resource="pods"),
            "{{ .Object.metadata.name }}{{ if .StatefulSet }} a set{{ end }}",
            "db-0",
        ),
    ],
)  # fmt: skip
def test_a_subject_is_read(workloads: FunctionLab, subject: Subject, text: str, result: str) -> None:
    assert rendered(workloads, subject, text) == result


@pytest.mark.parametrize(
    ("subject", "text"),
    [(STATEFUL_SET, "{{ .Deployment.Name }}"), (DEPLOYMENT, "{{ .Namespace.Name }}"), (DEPLOYMENT, "{{ .Nothing }}")],
)
def test_what_a_subject_is_not_is_an_error(workloads: FunctionLab, subject: Subject, text: str) -> None:
    with pytest.raises(BlueprintError):
        rendered(workloads, subject, text)


def test_a_deployment_without_its_revision_is_refused(workloads: FunctionLab) -> None:
    workloads.api.add("deployments", "new", namespace=NAMESPACE, metadata={"uid": "dep-2"}, spec={})
    with pytest.raises(BlueprintError, match="current revision"):
        rendered(workloads, Subject.of(kind="deployment", name="new", namespace=NAMESPACE), "x")


def test_a_namespace_that_is_still_to_come_is_known_by_its_name(lab: FunctionLab) -> None:
    coming = Subject.of_namespace("coming")
    assert rendered(lab, coming, "{{ .Namespace.Name }}", namespace_may_be_missing=True) == "coming"
    with pytest.raises(BlueprintError, match="is not there"):
        rendered(lab, coming, "{{ .Namespace.Name }}")


@pytest.mark.parametrize(
    "given",
    [
        {"kind": "statefulset", "name": "db"},
        {"kind": "elastic", "name": "db", "namespace": "shop"},
        {"kind": "namespace", "name": ""},
    ],
)
def test_a_subject_that_says_too_little_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Subject.of(**t.cast("t.Any", given))


@pytest.mark.parametrize(
    ("microsecond", "text"),
    [(0, "2026-06-01T02:00:00Z"), (120000, "2026-06-01T02:00:00.12Z"), (1, "2026-06-01T02:00:00.000001Z")],
)
def test_the_time_drops_zeros(microsecond: int, text: str) -> None:
    moment = dt.datetime(2026, 6, 1, 4, 0, 0, microsecond, dt.timezone(dt.timedelta(hours=2)))
    assert rfc3339_nano(moment) == text
