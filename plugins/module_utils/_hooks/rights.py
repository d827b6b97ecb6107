# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rights that commands in pods take."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import PODS
from ansible_collections.arkive.k8s.plugins.module_utils._kube.access_review import Need
from ansible_collections.arkive.k8s.plugins.module_utils._kube.grants import Grant, needs_on


def exec_needs(namespaces: t.Iterable[str]) -> list[Need]:
    """What running commands in the pods of ``namespaces`` takes: exec is a GET over a websocket, a POST elsewhere."""
    return list(needs_on("create get", PODS, places=namespaces, subresource="exec"))


def hook_grants(namespaces: t.Iterable[str]) -> list[Grant]:
    """Hooks, whoever declares them."""
    return [Grant("Hooks: commands in the containers of pods.", tuple(exec_needs(namespaces)))]


__all__ = ("exec_needs", "hook_grants")
