# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The container of a pod in which a database's client runs, and where the database's files are."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._databases.cuts import ContainerClaims
from ansible_collections.arkive.k8s.plugins.module_utils._databases.errors import ClientMissing
from ansible_collections.arkive.k8s.plugins.module_utils._databases.kind import Waves
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import ExecRefused, exec_command
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_stream import ExecStream

_OPEN_SECONDS = 30.0
_LOOK_SECONDS = 10.0
_FLUSH_SECONDS = 60.0
#: What runtimes say of a program that is not there.
_NO_PROGRAM = ("executable file not found", "no such file or directory", "not found in $path", "permission denied")

#: The claim, as namespace/name, that a path of the container lies on. Raises an ``ArkiveError`` where it is none.
ClaimOf: t.TypeAlias = t.Callable[[str], str]


class PodContainer:
    """The container that ``identity`` (namespace, pod and container) names."""

    def __init__(
        self, client: KubeClient, identity: tuple[str, str, str], *, claim_of: ClaimOf, claims: ContainerClaims
    ) -> None:
        """``client``: not cancelled, as it serves the release too."""
        self._client = client
        self._namespace, self._pod, self._container = identity
        self._claim_of = claim_of
        self._claims = claims
        #: The claims with files of the database of which snapshots are good only while they are frozen.
        self.needs_freeze: frozenset[str] = frozenset()

    def open(self, argv: t.Sequence[str]) -> ExecStream:
        try:
            return ExecStream(
                self._client,
                namespace=self._namespace,
                pod=self._pod,
                container=self._container,
                argv=argv,
                timeout=_OPEN_SECONDS,
            )
        except ExecRefused as exc:
            if any(words in exc.message.lower() for words in _NO_PROGRAM):
                raise ClientMissing(exc.message, hint=exc.hint) from exc
            raise

    def real_path(self, path: str) -> str:
        return self.look("readlink", "-f", path) or ""

    def look(self, *argv: str) -> str | None:
        return self._run(*argv, seconds=_LOOK_SECONDS)

    def flush(self, path: str) -> bool:
        return self._run("sync", "-f", path, seconds=_FLUSH_SECONDS) is not None

    def check_places(
        self, places: t.Mapping[str, str], *, unwritten: str = "", ranks: t.Mapping[str, int] | None = None
    ) -> Waves:
        """As ``Server`` has it."""
        found = {name: self._claim_of(path) for name, path in places.items() if path}
        unknown = [name for name, path in places.items() if not path]
        waves = self._claims.waves(found, unknown=unknown, unwritten=unwritten, ranks=ranks)
        claims = frozenset(claim for wave in waves for claim in wave)
        if claims <= self._claims.frozen and (len(claims) > 1 or unwritten):
            self.needs_freeze = claims
        return waves

    def _run(self, *argv: str, seconds: float) -> str | None:
        """What a program prints; None where it is not there, or fails."""
        try:
            result = exec_command(
                self._client,
                namespace=self._namespace,
                pod=self._pod,
                container=self._container,
                argv=argv,
                timeout=seconds,
            )
        except KubeError:
            return None
        return result.stdout.decode("utf-8", "replace").strip() if result.rc == 0 else None


__all__ = ("ClaimOf", "PodContainer")
