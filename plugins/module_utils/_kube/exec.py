# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands in containers, over a websocket of our own: argv in, bytes and the exit code out."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import time
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._kube.client import KubeClient
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_channels import (
    V4,
    V5,
    ExecChannels,
    stdin_messages,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_errors import (
    ExecError,
    ExecRefused,
    ExecStreamLost,
    ExecTimeout,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_handshake import (
    ExecRequest,
    open_stream,
)
from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec_run import PING_SECONDS, ExecRun
from ansible_collections.arkive.k8s.plugins.module_utils._kube.wire import Deadline


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ExecResult:
    """How a command ended. Killed by a signal, ``rc`` is 128 + the signal, as in a shell."""

    rc: int
    stdout: bytes
    stderr: bytes
    stdout_truncated: bool
    stderr_truncated: bool
    duration_seconds: float


def exec_command(
    client: KubeClient,
    *,
    namespace: str,
    pod: str,
    container: str,
    argv: t.Sequence[str],
    stdin: bytes | None = None,
    timeout: float | None = 30.0,
    max_output: int = 1 << 20,
    cancel: CancelToken | None = None,
    last_words: str = "",
    _protocols: tuple[str, ...] = (V5, V4),
    _ping_seconds: float = PING_SECONDS,
) -> ExecResult:
    """Run ``argv`` and wait for its end. An exit code other than 0 is a result, not an error.

    stdin: given to the command and closed after it; needs the v5 protocol (Kubernetes 1.30). None: no stdin at all.
        A command that ends without reading more than some 100 KiB of it may block the API server until the timeout
        (seen with Kubernetes 1.34, and with kubectl).
    timeout: seconds for everything, connecting included; None for no limit. A dead peer is noticed either way.
    max_output: bytes kept of stdout and of stderr; more is read and dropped, and the result says so.
    cancel: asked instead of the client's token.
    last_words: a command that stays on as the parent of what it started ends for us when it has said, on a line of its
        own, ``<last_words> rc=N`` on both stdout and stderr. It is not waited for; what it runs is not touched.

    Raises ``ExecRefused`` (nothing was started), ``ExecTimeout`` and ``ExecStreamLost`` (the command may still run),
    ``ExecError`` (the runtime failed) and ``Cancelled`` (the command may still run). Uses one connection of its own.
    """
    if stdin is not None:
        _protocols = tuple(protocol for protocol in _protocols if protocol == V5)
    request = ExecRequest(
        namespace=namespace,
        pod=pod,
        container=container,
        argv=tuple(argv),
        with_stdin=stdin is not None,
        protocols=_protocols,
        timeout=timeout,
    )
    require_sense(request)
    client = client if cancel is None else client.with_cancel(cancel)
    deadline = Deadline(timeout)
    started = time.monotonic()
    channels = ExecChannels(max_output, last_words.encode())
    run = ExecRun(
        open_stream(client, request, deadline),
        request,
        channels,
        stdin=None if stdin is None else stdin_messages(stdin),
        ping_seconds=_ping_seconds,
    )
    try:
        code = run.until_end(deadline)
    finally:
        run.close()
    return ExecResult(
        rc=code,
        stdout=bytes(run.channels.stdout),
        stderr=run.stderr,
        stdout_truncated=run.channels.stdout.truncated,
        stderr_truncated=run.channels.stderr.truncated,
        duration_seconds=time.monotonic() - started,
    )


def require_sense(request: ExecRequest) -> None:
    """Refuse what the API server would misunderstand."""
    missing = [name for name in ("namespace", "pod", "container", "argv") if not getattr(request, name)]
    if missing:
        raise ExecRefused(f"No command can be run without {' and '.join(missing)}.", status=400, reason="Invalid")
    if not request.protocols:
        raise ExecRefused(
            f"Nothing was started in {request.where}: its stdin can be closed with {V5} only, which is not offered.",
            status=400,
            reason="Invalid",
        )


__all__ = ("ExecError", "ExecRefused", "ExecResult", "ExecStreamLost", "ExecTimeout", "exec_command")
