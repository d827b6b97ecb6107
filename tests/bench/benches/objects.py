# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The objects that a benchmark fills a cluster with: number N is always the same object."""

from __future__ import annotations

import base64
import collections
import random
import typing as t

PREFIX = "arkive-bench-"
LABEL = "arkive-bench"
GROUP = "arkive-bench.test"
PER_NAMESPACE = 500

Document: t.TypeAlias = dict[str, t.Any]


class Kind(t.NamedTuple):
    """``share``: how many of a hundred objects are of this kind."""

    kind: str
    api_version: str
    plural: str
    share: int


KINDS = (
    Kind("ConfigMap", "v1", "configmaps", 45),
    Kind("Secret", "v1", "secrets", 20),
    Kind("Service", "v1", "services", 15),
    Kind("Widget", f"{GROUP}/v1", "widgets", 15),
    Kind("Deployment", "apps/v1", "deployments", 5),
)

_BY_RANK = [kind for kind in KINDS for _copy in range(kind.share)]

_WORDS = """
cache connection database endpoint feature gateway handler interval journal listener maximum minimum
metrics network payment pool queue replica request retry schema session timeout tracing upload window
""".split()  # noqa: SIM905 - thirty quoted words are no table

DEFINITION: Document = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": f"widgets.{GROUP}", "labels": {LABEL: "true"}},
    "spec": {
        "group": GROUP,
        "scope": "Namespaced",
        "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
                    }
                },
            }
        ],
    },
}


def namespace_of(number: int) -> str:
    return f"{PREFIX}{number // PER_NAMESPACE:04d}"


def namespaces(objects: int) -> list[str]:
    """The namespaces that this many objects need."""
    return sorted({namespace_of(number) for number in range(0, objects, PER_NAMESPACE)} | {namespace_of(objects - 1)})


def kind_of(number: int) -> Kind:
    return _BY_RANK[number % len(_BY_RANK)]


def path_of(kind: Kind, namespace: str = "") -> str:
    root = f"/apis/{kind.api_version}" if "/" in kind.api_version else f"/api/{kind.api_version}"
    return f"{root}/namespaces/{namespace}/{kind.plural}" if namespace else f"{root}/{kind.plural}"


def counts(objects: int) -> dict[str, int]:
    """How many of each kind, by plural."""
    return dict(collections.Counter(kind_of(number).plural for number in range(objects)))


def make(number: int) -> Document:
    """The object with this number."""
    kind = kind_of(number)
    chance = random.Random(number)
    app = f"{chance.choice(_WORDS)}-{chance.choice(_WORDS)}"
    labels = {
        LABEL: "true",
        "app.kubernetes.io/name": app,
        "app.kubernetes.io/instance": f"{app}-{number % 97}",
        "app.kubernetes.io/version": f"{chance.randrange(9)}.{chance.randrange(20)}.{chance.randrange(40)}",
        "app.kubernetes.io/component": chance.choice(_WORDS),
        "app.kubernetes.io/managed-by": "Helm",
        "helm.sh/chart": f"{app}-1.{chance.randrange(30)}.0",
    }
    metadata = {
        "name": f"{app}-{number:06d}",
        "namespace": namespace_of(number),
        "labels": labels,
        "annotations": {
            "meta.helm.sh/release-name": f"{app}-{number % 97}",
            "meta.helm.sh/release-namespace": namespace_of(number),
            "checksum/config": f"{chance.getrandbits(256):064x}",
        },
    }
    body = {"ConfigMap": _config_map, "Secret": _secret, "Service": _service, "Widget": _widget}.get(
        kind.kind, _deployment
    )(chance, labels)
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **body}


def _setting(chance: random.Random) -> tuple[str, str]:
    key = ".".join(chance.sample(_WORDS, 3))
    value = chance.choice(("true", "false", str(chance.randrange(60_000)), f"{chance.randrange(90)}s", "https://api/"))
    return key, value


def _config_map(chance: random.Random, _labels: Document) -> Document:
    lines = ["=".join(_setting(chance)) for _line in range(chance.randrange(8, 40))]
    return {"data": dict(_setting(chance) for _key in range(4)) | {"application.properties": "\n".join(lines) + "\n"}}


def _secret(chance: random.Random, _labels: Document) -> Document:
    data = {"password": 24, "tls.key": chance.randrange(200, 900), "tls.crt": chance.randrange(400, 1200)}
    return {
        "type": "Opaque",
        "data": {key: base64.b64encode(chance.randbytes(size)).decode() for key, size in data.items()},
    }


def _service(chance: random.Random, _labels: Document) -> Document:
    # Neither addresses nor a selector: no controller is to have work with it.
    names = chance.sample(_WORDS, 4)
    ports = [
        {"name": name, "port": 8000 + at, "targetPort": 9000 + at, "protocol": "TCP"} for at, name in enumerate(names)
    ]
    return {"spec": {"clusterIP": "None", "ports": ports}}


def _widget(chance: random.Random, _labels: Document) -> Document:
    rules = [
        {
            "name": f"{chance.choice(_WORDS)}-{at}",
            "match": [{"metadata": {"name": chance.choice(_WORDS)}}, {"metadata": {"name": chance.choice(_WORDS)}}],
            "weight": chance.randrange(100),
            "options": dict(_setting(chance) for _key in range(3)),
        }
        for at in range(chance.randrange(2, 6))
    ]
    return {"spec": {"rules": rules, "enabled": True, "note": 'a "quoted" word, {"metadata": and more'}}


def _deployment(chance: random.Random, labels: Document) -> Document:
    selector = {"app.kubernetes.io/instance": labels["app.kubernetes.io/instance"]}
    environment = [{"name": f"OPTION_{at}", "value": _setting(chance)[1]} for at in range(chance.randrange(4, 16))]
    container = {
        "name": "main",
        "image": "registry.k8s.io/pause:3.10",
        "env": environment,
        "ports": [{"name": "http", "containerPort": 8080}],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}},
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 5},
    }
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    # Paused, so that there is no ReplicaSet for each of them.
    return {"spec": {"replicas": 0, "paused": True, "selector": {"matchLabels": selector}, "template": template}}


__all__ = (
    "DEFINITION",
    "GROUP",
    "KINDS",
    "LABEL",
    "PER_NAMESPACE",
    "PREFIX",
    "Kind",
    "counts",
    "kind_of",
    "make",
    "namespace_of",
    "namespaces",
    "path_of",
)
