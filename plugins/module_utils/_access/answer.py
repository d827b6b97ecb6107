# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The least roles for some tasks, and what the caller lacks of them."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._access.lacking import LackingRight, find_lacking
from ansible_collections.arkive.k8s.plugins.module_utils._access.question import AccessQuestion
from ansible_collections.arkive.k8s.plugins.module_utils._access.roles import AccountRights
from ansible_collections.arkive.k8s.plugins.module_utils._access.tasks import grants_of_all
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issue
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.discovery import Discovery
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.rights import rules_text


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AccessAnswer:
    """``rights`` as they are to be; ``lacking`` of them the caller has not. ``absent``: namespaces that are not there.

    ``places``: those in which something is to be done.
    """

    rights: AccountRights
    lacking: tuple[LackingRight, ...] = ()
    places: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    def to_return(self) -> dict[str, t.Any]:
        """The keys of a task's result."""
        needs = dict.fromkeys(right.need for right in self.lacking)
        return {
            "allowed": all(right.otherwise for right in self.lacking),
            "lacking": [right.to_return() for right in self.lacking],
            "grant": rules_text(needs),
            "roles": self.rights.objects,
            "yaml": self.rights.text_with(map(_make_first, self.absent)),
            "elsewhere": [
                {**need._asdict(), "why": grant.why, "otherwise": grant.otherwise}
                for grant in self.rights.elsewhere
                for need in grant.needs
            ],
            "warnings_list": [issue.to_return() for issue in self._issues()],
        }

    def _issues(self) -> t.Iterator[Issue]:
        """That the account has no namespace yet is of interest to whoever applies the roles only."""
        for name in self.absent:
            if name in self.places or self.lacking:
                yield Issue(
                    message=f"Namespace {name} is not there, and has to be before the roles are applied.",
                    name=name,
                    resource="namespaces",
                    hint=f"kubectl create namespace {name}",
                )


def look_at_access(question: AccessQuestion, *, client: KubeClient) -> AccessAnswer:
    """Raises ``ValidationError`` for a question that cannot be answered, ``KubeError``."""
    discovery = Discovery.read(client)
    scope = question.scope(discovery)
    return AccessAnswer(
        rights=AccountRights(question.subject, grants_of_all(question.tasks, scope), question.places),
        lacking=tuple(find_lacking(client, discovery, question.tasks, scope)),
        places=question.places,
        absent=tuple(_absent_namespaces(client, question)),
    )


def _absent_namespaces(client: KubeClient, question: AccessQuestion) -> t.Iterator[str]:
    """A Role needs its namespace; whoever may not look sees it when it is applied."""
    for name in dict.fromkeys((*question.places, question.subject.namespace)):
        try:
            client.get(f"/api/v1/namespaces/{name}")
        except KubeError as exc:
            if not (exc.not_found or exc.forbidden):
                raise
            if exc.not_found:
                yield name


def _make_first(namespace: str) -> str:
    return f"Namespace {namespace} is not there. To make it first: kubectl create namespace {namespace}"


__all__ = ("AccessAnswer", "look_at_access")
