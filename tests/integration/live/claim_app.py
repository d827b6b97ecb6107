# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An application of one pod that mounts one claim, as objects."""

from __future__ import annotations

import typing as t

Object = dict[str, t.Any]

CLAIM = "data"


def claim_app(
    name: str, container: Object, *, storage_class: str, size: str, grace_seconds: int, volumes: t.Sequence[Object] = ()
) -> Object:
    """The claim and its Deployment, as a list. The pod has the claim as its volume ``data``, besides ``volumes``."""
    claim = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": CLAIM},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": storage_class,
            "resources": {"requests": {"storage": size}},
        },
    }
    spec = {
        "terminationGracePeriodSeconds": grace_seconds,
        "containers": [container],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": CLAIM}}, *volumes],
    }
    labels = {"app": name}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }
    return {"apiVersion": "v1", "kind": "List", "items": [claim, deployment]}


__all__ = ("CLAIM", "claim_app")
