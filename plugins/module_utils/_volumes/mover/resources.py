# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The types of objects that moving data works with.

Without verbs, which a discovery would name: what is not allowed is noticed when it is tried.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource


def _type(group: str, plural: str, kind: str) -> ApiResource:
    return ApiResource(
        group=group,
        version="v1",
        plural=plural,
        singular=kind.lower(),
        kind=kind,
        namespaced=True,
        verbs=frozenset(),
        preferred=True,
    )


JOBS = _type("batch", "jobs", "Job")
PODS = _type("", "pods", "Pod")
SECRETS = _type("", "secrets", "Secret")
CLAIMS = _type("", "persistentvolumeclaims", "PersistentVolumeClaim")
EVENTS = _type("", "events", "Event")

__all__ = ("CLAIMS", "EVENTS", "JOBS", "PODS", "SECRETS")
