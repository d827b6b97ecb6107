# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The types of objects that moving data works with.

Without verbs, which a discovery would name: what is not allowed is noticed when it is tried.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses

from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import ApiResource

JOBS = ApiResource.known("batch", "jobs", "Job")
PODS = ApiResource.known("", "pods", "Pod")
SECRETS = ApiResource.known("", "secrets", "Secret")
CLAIMS = ApiResource.known("", "persistentvolumeclaims", "PersistentVolumeClaim")
EVENTS = ApiResource.known("", "events", "Event")
NAMESPACES = dataclasses.replace(ApiResource.known("", "namespaces", "Namespace"), namespaced=False)

__all__ = ("CLAIMS", "EVENTS", "JOBS", "NAMESPACES", "PODS", "SECRETS")
