# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The database of a pod: which it is, and its programs, run in its container."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._core.printable import one_line
from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import mask, remember_secrets
from ansible_collections.arkive.k8s.plugins.module_utils._databases.declared import ANNOTATION
from ansible_collections.arkive.k8s.plugins.module_utils._databases.dumps.dump_kind import (
    MISSING,
    NO_PROGRAM,
    DumpKind,
    DumpOrder,
)
from ansible_collections.arkive.k8s.plugins.module_utils._databases.dumps.dump_kinds import find_dump_kind
from ansible_collections.arkive.k8s.plugins.module_utils._dump.errors import DumpError
from ansible_collections.arkive.k8s.plugins.module_utils._dump.request import DumpRequest
from ansible_collections.arkive.k8s.plugins.module_utils._hooks.executor import resolve_container
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.errors import KubeError
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_errors import ExecRefused
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_pipe import ExecPipe, open_pipe
from ansible_collections.arkive.k8s.plugins.module_utils._kube.paths import namespaced_path
from ansible_collections.arkive.k8s.plugins.module_utils._kube.pods import is_running

_LOOK_SECONDS = 60.0
_SHOWN_WORDS = 600
#: By what servers say: PostgreSQL (28P01, 28000, 42501, 3D000), MariaDB and MySQL (1045, 1044, 1142, 1049), Redis
#: (NOAUTH, WRONGPASS, NOPERM), and MongoDB.
_ADVICE: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(
            r"authentication failed|no password supplied|role \"[^\"]*\" does not exist|\b1045\b|NOAUTH|WRONGPASS", re.I
        ),
        "Set user and password, or leave both out to connect as the container itself would.",
    ),
    (
        re.compile(r"permission denied|must be superuser|\b1044\b|\b1142\b|\b1227\b|NOPERM|not authorized", re.I),
        "Name a user with more rights: the notes of the module say which.",
    ),
    (
        re.compile(r"database \"[^\"]*\" does not exist|\b1049\b", re.I),
        "Name a database that is there, or make it.",
    ),
)
_NO_SHELL = ("executable file not found", "no such file or directory", "not found in $path", "permission denied")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PodDatabase:
    """``title``: of the kind, in sentences. ``pod``: the object."""

    client: KubeClient
    pod: dict[str, t.Any]
    target: tuple[str, str, str]
    title: str
    kind_name: str
    kind: DumpKind
    order: DumpOrder
    password: str | None = dataclasses.field(repr=False)

    @property
    def where(self) -> str:
        namespace, pod, container = self.target
        return f"container {container} of pod {namespace}/{pod}"

    def start(
        self,
        argv: t.Sequence[str],
        seconds: float,
        stdin: t.Iterable[bytes] | None = None,
        *,
        stays_open: bool = False,
    ) -> ExecPipe:
        """Run a program; the password goes first, where there is one. ``stays_open``: see ``open_pipe``."""
        if self.password is not None:
            stdin = _behind(f"{self.password}\n".encode(), stdin or ())
        elif stays_open:
            stdin = stdin or ()
        try:
            return open_pipe(self.client, self.target, argv, stdin=stdin, stays_open=stays_open, seconds=seconds)
        except ExecRefused as exc:
            raise self.explained(exc) from exc

    def explained(self, exc: ExecRefused) -> ExecRefused | DumpError:
        """What it means that nothing was started."""
        if any(words in exc.message.lower() for words in _NO_SHELL):
            return DumpError(
                f"The database's programs cannot be started in {self.where}: it has no shell.",
                hint="Name another container of the pod that has them, with container.",
            )
        return exc

    def require_success(self, pipe: ExecPipe, program: str) -> None:
        """Raises ``DumpError`` unless the program that has ended says that all went well."""
        if pipe.rc == 0:
            return
        said = shown_words(pipe.said)
        if pipe.rc == NO_PROGRAM and MISSING in pipe.said:
            name = pipe.said.rpartition(MISSING)[2].strip()
            raise DumpError(
                f"There is no program {one_line(name)} in {self.where}.",
                hint="Name another container of the pod that has it, with container.",
            )
        raise DumpError(f"{program} in {self.where} ended with code {pipe.rc}. {said}".strip(), hint=_advice(said))

    def ask(self, argv: t.Sequence[str], program: str, cancel: CancelToken) -> str:
        """What a program prints that says little."""
        pipe = self.start(argv, _LOOK_SECONDS)
        try:
            answer = b"".join(pipe.read(cancel))
        except ExecRefused as exc:
            raise self.explained(exc) from exc
        finally:
            pipe.close()
        self.require_success(pipe, program)
        return answer.decode("utf-8", "replace")


def _advice(said: str) -> str | None:
    """What to do about what a program has said, where that is known."""
    return next((advice for words, advice in _ADVICE if words.search(said)), None)


def find_database(client: KubeClient, request: DumpRequest) -> PodDatabase:
    """Raises ``ValidationError`` where the options, or the pod's annotations, do not say which it is; ``KubeError``."""
    try:
        pod = client.get(namespaced_path("v1", request.namespace, "pods", request.pod))
    except KubeError as exc:
        if not exc.not_found:
            raise
        raise DumpError(
            f"There is no pod {request.namespace}/{request.pod}.", hint="Check its name and its namespace."
        ) from exc
    if not is_running(pod):
        raise DumpError(f"The pod {request.namespace}/{request.pod} does not run.")
    annotations = (pod.get("metadata") or {}).get("annotations") or {}
    name = request.kind or str(annotations.get(ANNOTATION) or "")
    if not name:
        raise ValidationError(
            f"Of which kind the database of pod {request.namespace}/{request.pod} is, is not said.",
            hint=f"Give kind, or annotate the pod with {ANNOTATION}.",
        )
    row = find_dump_kind(name)
    if request.database and not row.of_one:
        raise ValidationError(f"{row.title} is dumped as a whole: leave database out.")
    container = resolve_container(pod, request.container or str(annotations.get(f"{ANNOTATION}-container") or ""))
    order = DumpOrder(
        database=request.database,
        user=request.user or str(annotations.get(f"{ANNOTATION}-user") or ""),
        with_password=request.password is not None,
    )
    order.validate()
    remember_secrets([request.password] if request.password else [])
    return PodDatabase(
        client=client,
        pod=pod,
        target=(request.namespace, request.pod, container),
        title=row.title,
        kind_name=row.name,
        kind=row.load(),
        order=order,
        password=request.password,
    )


def shown_words(said: str) -> str:
    """The end of what a program said to stderr, as it may be shown; a sentence, or empty."""
    words = one_line(mask(said.strip()))[-_SHOWN_WORDS:]
    return f"It said: {words}" if words else ""


def _behind(first: bytes, pieces: t.Iterable[bytes]) -> t.Iterator[bytes]:
    yield first
    yield from pieces


__all__ = ("PodDatabase", "find_database", "shown_words")
