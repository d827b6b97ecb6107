# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Types as Heptio Ark had them in a cluster: without a schema."""

from __future__ import annotations

import contextlib
import json
import typing as t

_GROUP = "ark.heptio.com"


@contextlib.contextmanager
def types_of_ark(kubectl: t.Any, kinds: t.Mapping[str, str]) -> t.Iterator[None]:
    """``kinds`` by their plurals; they are served when it begins, and go with it."""
    made = [_definition(plural, kind) for plural, kind in kinds.items()]
    names = [f"crd/{definition['metadata']['name']}" for definition in made]
    kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": made}))
    kubectl("wait", "--for=condition=Established", *names, "--timeout=30s")
    try:
        yield
    finally:
        kubectl("delete", *names, "--wait=false")


def _definition(plural: str, kind: str) -> dict[str, t.Any]:
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{_GROUP}"},
        "spec": {
            "group": _GROUP,
            "scope": "Namespaced",
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }


__all__ = ("types_of_ark",)
