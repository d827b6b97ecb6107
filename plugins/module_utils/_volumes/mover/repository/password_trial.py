# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The password of a run, tried on the repositories of its location without a pod.

Velero (``pkg/repository/keys/keys.go``) has one password for all repositories. A new one that is made with another
password keeps it: neither a Velero nor a run that has the password of the others opens it.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import contextlib
import functools

from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._kube.cluster_run import ClusterRun
from ansible_collections.arkive.k8s.plugins.module_utils._store.errors import StoreError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.jobs.outcome import wrong_password
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.password_proof import has_library
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.place import repositories_folder
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.repository.target import PodWorks

#: So many that do not open are enough: each takes a fifth of a second of computing.
_MOST_TRIED = 10
_NO_LIBRARY = "this Python has no library 'cryptography'"
_ONLY_KOPIA = "its format, or this Python, leaves that to the pods"


class PasswordTrial:
    """Tries each repository once. Raises ``Cancelled``."""

    def __init__(self, run: ClusterRun, works: PodWorks) -> None:
        self._run = run
        self._works = works
        #: Whether repositories open with the password, by the namespaces that they are of.
        self._known: dict[str, bool | None] = {}

    def refusal(self, namespace: str) -> str:
        """Why that repository does not open; empty where it does, is not there, or nobody knows without a pod."""
        try:
            opens = self._opens(namespace)
        except StoreError as exc:
            return exc.sentence
        return wrong_password(self._works.repository(namespace).where) if opens is False else ""

    def refusal_of_new(self, namespace: str) -> str:
        """Why a repository that is not there yet is not made: the password opens none of those that are.

        Empty where it opens one, where there are none, and where nobody knows without a pod.
        """
        wrong = self._wrong
        if not wrong:
            return ""
        where = self._works.repository(wrong[0]).where
        others = f" and {counted(len(wrong) - 1, 'other')} of the location" if len(wrong) > 1 else ""
        return (
            f"No repository is made for namespace {namespace}: the password does not open that at {where}{others}. "
            "Velero has one password for all repositories of a location, and would not open the new one. Give the one "
            "that they were made with as 'repository_password'. Where the new one is to have a password of its own, "
            "make it by k8s_backup_repository with force: true."
        )

    @functools.cached_property
    def _wrong(self) -> list[str]:
        """Those that do not open, the first ones; none where any opens, as those that the run asked for itself."""
        wrong: list[str] = []
        if any(self._known.values()):
            return []
        for namespace in self._there():
            # One that nobody asks for may be one that nobody may read.
            with contextlib.suppress(StoreError):
                opens = self._opens(namespace)
                if opens:
                    return []
                wrong += [namespace] if opens is False else []
            if len(wrong) == _MOST_TRIED:
                break
        return wrong

    def _there(self) -> list[str]:
        folder = repositories_folder()
        try:
            return [each.removeprefix(folder).rstrip("/") for each in self._works.store.list(folder, "/").prefixes]
        except StoreError:
            return []

    def _opens(self, namespace: str) -> bool | None:
        if namespace not in self._known:
            self._run.cancel.check()
            self._known[namespace] = self._try(namespace)
        return self._known[namespace]

    def _try(self, namespace: str) -> bool | None:
        repository = self._works.repository(namespace)
        if repository.state() not in ("usable", "new"):
            return None
        opens = self._works.opens(namespace)
        if opens is None:
            can = has_library()
            self._run.issues.warning_once(
                "untried password",
                f"Whether the password opens the repository at {repository.where}, and others, was not tried without a "
                f"pod: {_ONLY_KOPIA if can else _NO_LIBRARY}.",
                hint="" if can else "Install it where this task runs, and a wrong one is known before anything begins.",
            )
        return opens


__all__ = ("PasswordTrial",)
