# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pod that is asked for: what it runs, and what its blueprint wants to be different."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.objects import Object, ObjectView


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PodRequest:
    """``function`` asks for it; ``spec`` is the PodSpec before ``override``, a fragment that is merged into it.

    ``main``: the container whose log is read and whose outputs count. ``name_prefix``: of the name, which ends in
    random letters.
    """

    function: str
    name_prefix: str
    namespace: str
    spec: Object
    main: str = "container"
    override: ObjectView = dataclasses.field(default_factory=dict)
    labels: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    annotations: t.Mapping[str, str] = dataclasses.field(default_factory=dict)

    @property
    def purpose(self) -> str:
        """``KubeTask`` as the value of a label: ``kube-task``."""
        letters = (f"-{each.lower()}" if each.isupper() else each for each in self.function)
        return "".join(letters).lstrip("-")


__all__ = ("PodRequest",)
