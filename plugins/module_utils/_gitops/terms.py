# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What somebody wants to be done about objects that a GitOps tool owns."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError

OnOwned: t.TypeAlias = t.Literal["refuse", "pause", "report", "ignore"]
Resume: t.TypeAlias = t.Literal["when_clean", "always", "never"]
ON_OWNED: tuple[OnOwned, ...] = t.get_args(OnOwned)
RESUME: tuple[Resume, ...] = t.get_args(Resume)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class GitOpsTerms:
    """``argocd_namespace`` is where Argo CD runs, ``instance_label`` a label key of its own that it tracks by.

    ``pause_limit``: for how many seconds a pause is respected by other runs. ``compare_timeout``: how long Argo CD may
    take to compare an Application, in seconds.
    """

    on_owned: OnOwned = "refuse"
    resume: Resume = "when_clean"
    argocd_namespace: str = "argocd"
    instance_label: str = ""
    pause_limit: float = 4 * 3600.0
    compare_timeout: float = 60.0

    def __post_init__(self) -> None:
        if self.on_owned not in ON_OWNED:
            raise ValidationError(f"on_gitops_owned is '{self.on_owned}'; it must be one of {', '.join(ON_OWNED)}.")
        if self.resume not in RESUME:
            raise ValidationError(f"gitops_resume is '{self.resume}'; it must be one of {', '.join(RESUME)}.")


__all__ = ("ON_OWNED", "RESUME", "GitOpsTerms", "OnOwned", "Resume")
