# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the API server warns of while a restore asks it and writes: each text once, with the objects it is about."""

# Private: not for use outside of this collection.

from __future__ import annotations

import threading
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._core.words import counted
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient

_MOST_TEXTS = 100


class Subject(t.NamedTuple):
    """The object that a request was about; ``resource`` is its group-resource."""

    resource: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.resource} {'/'.join(filter(None, (self.namespace, self.name)))}"


class ServerWarnings:
    """Of one restore, from all of its threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subjects: dict[str, set[Subject]] = {}
        self._dropped: dict[str, set[Subject]] = {}
        self._reported: set[str] = set()

    def client_for(self, client: KubeClient, subject: Subject) -> KubeClient:
        """``client`` for requests about one object."""
        return client.heeding(lambda text: self._note(self._subjects, text, subject))

    def note_dropped(self, subject: Subject, paths: t.Iterable[str]) -> None:
        """Fields that were sent and are not in the answer: not all that is dropped is warned of by the server."""
        for path in paths:
            self._note(self._dropped, path, subject)

    def _note(self, found: dict[str, set[Subject]], text: str, subject: Subject) -> None:
        with self._lock:
            found.setdefault(text, set()).add(subject)

    def report(self, issues: Issues) -> None:
        """A warning for each text that was not reported yet."""
        with self._lock:
            texts = dict(self._subjects)
            for path, subjects in self._dropped.items():
                if f'unknown field "{path}"' not in texts:
                    texts[f'it drops the field "{path}"'] = subjects
            new = sorted(texts.keys() - self._reported)
            self._reported.update(new)
        for text in new[:_MOST_TEXTS]:
            first, *others = sorted(texts[text])
            more = f" (and {counted(len(others), 'more object')})" if others else ""
            issues.warning(f"The API server warns of {first}{more}: {text}", **first._asdict())
        if len(new) > _MOST_TEXTS:
            issues.warning(f"The API server has {len(new) - _MOST_TEXTS} more warnings.")


__all__ = ("ServerWarnings", "Subject")
