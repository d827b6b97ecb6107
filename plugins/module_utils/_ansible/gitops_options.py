# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options about Argo CD and Flux (documented in the fragment ``_gitops``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.duration_options import seconds
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.kinds import OWNER_KINDS
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_book import OwnerBook, read_tracking
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.owner_ref import OwnerRef
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.task import GitOpsRequest
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.terms import ON_OWNED, RESUME, GitOpsTerms
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery

#: How Argo CD is set up, and how long a pause is respected.
TRACKING = ArgumentSpec(
    options={
        "gitops_argocd_namespace": {"type": "str", "default": "argocd"},
        "gitops_instance_label": {"type": "str"},
        "gitops_pause_limit": {"type": "str", "default": "4h"},
    }
)
#: What is done around a change.
GITOPS = ArgumentSpec(
    options={
        "on_gitops_owned": {"type": "str", "choices": list(ON_OWNED), "default": "refuse"},
        "gitops_resume": {"type": "str", "choices": list(RESUME), "default": "when_clean"},
        "gitops_compare_timeout": {"type": "str", "default": "1m"},
    }
).merge(TRACKING)
_OWNER = ArgumentSpec(
    options={
        "kind": {"type": "str", "choices": list(OWNER_KINDS), "required": True},
        "namespace": {"type": "str"},
        "name": {"type": "str", "required": True},
    }
)
#: Of a task that does nothing else.
GITOPS_TASK = ArgumentSpec(
    options={
        "state": {"type": "str", "choices": ["paused", "resumed", "listed"], "default": "listed"},
        "owners": {**_OWNER.to_option(), "type": "list", "elements": "dict", "default": []},
        "namespaces": {"type": "list", "elements": "str", "default": []},
        "run": {"type": "str"},
        "only_overdue": {"type": "bool", "default": False},
        "wait_timeout": {"type": "str", "default": "10m"},
    }
).merge(TRACKING)


def gitops_request(params: t.Mapping[str, t.Any]) -> GitOpsRequest:
    """Raises ``ValidationError``."""
    home = params["gitops_argocd_namespace"]
    for owner in params["owners"]:
        if owner["kind"] != "Application" and not owner["namespace"]:
            raise ValidationError(f"{owner['kind']} '{owner['name']}' has no namespace.", hint="Say where it is.")
    return GitOpsRequest(
        state=params["state"],
        owners=tuple(OwnerRef(owner["kind"], owner["namespace"] or home, owner["name"]) for owner in params["owners"]),
        namespaces=tuple(dict.fromkeys(params["namespaces"])),
        run=params["run"] or "",
        only_overdue=params["only_overdue"],
        limit=seconds(params, "gitops_pause_limit", least=60.0),
        timeout=seconds(params, "wait_timeout", least=1.0),
    )


def make_book(params: t.Mapping[str, t.Any], client: KubeClient) -> OwnerBook:
    """The owners of the cluster. Raises ``KubeError``."""
    find = Discovery.read(client).find
    namespace, label = params["gitops_argocd_namespace"], params["gitops_instance_label"] or ""
    return OwnerBook(client, find, read_tracking(client, find, namespace=namespace, label=label))


def gitops_terms(params: t.Mapping[str, t.Any]) -> GitOpsTerms:
    """Raises ``ValidationError``."""
    return GitOpsTerms(
        on_owned=params["on_gitops_owned"],
        resume=params["gitops_resume"],
        argocd_namespace=params["gitops_argocd_namespace"],
        instance_label=params["gitops_instance_label"] or "",
        pause_limit=seconds(params, "gitops_pause_limit", least=60.0),
        compare_timeout=seconds(params, "gitops_compare_timeout", least=1.0),
    )


__all__ = ("GITOPS", "GITOPS_TASK", "TRACKING", "gitops_request", "gitops_terms", "make_book")
