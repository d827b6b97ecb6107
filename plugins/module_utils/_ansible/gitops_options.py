# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options about Argo CD and Flux (documented in the fragment ``_gitops``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.duration_options import seconds
from ansible_collections.arkive.k8s.plugins.module_utils._gitops.terms import ON_OWNED, RESUME, GitOpsTerms

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


__all__ = ("GITOPS", "TRACKING", "gitops_terms")
