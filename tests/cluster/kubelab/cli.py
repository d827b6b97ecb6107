# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands."""

from __future__ import annotations

import argparse
import json
import sys
import typing as t
from dataclasses import asdict
from pathlib import Path

from kubelab import execution_environment, faults, launcher
from kubelab.argocd import build_argocd, start_argocd, stop_argocd
from kubelab.cleanup import stop
from kubelab.commands import LabError, say
from kubelab.conformance import conformance
from kubelab.flux import build_flux, start_flux, stop_flux
from kubelab.forwarder import forward, relay
from kubelab.gitops_types import gitops_types
from kubelab.golang import ARGOCD, FLUX, GOLDEN
from kubelab.init import run_init
from kubelab.local_volumes import add_local_volume, remove_local_volume
from kubelab.model import NODE_ADDRESS, Lab, default_state
from kubelab.netns import listen_beside
from kubelab.processes import node_pid
from kubelab.program_images import KOPIA_IMAGE, find_kopia
from kubelab.robust import robust
from kubelab.s3 import S3Files, start_s3
from kubelab.status import shell, status
from kubelab.velero import build_velero, find_velero, start_velero, stop_velero
from kubelab.watchdog import watch

_COLLECTIONS_HELP = "the folder with ansible_collections that goes into the execution environment"


def main(argv: t.Sequence[str] | None = None) -> int:
    """Run a command; the exit code."""
    options = _parser().parse_args(argv)
    if "state" in options:
        options.state = Path(options.state or default_state(options.index)).resolve()
    try:
        return int(options.run(options) or 0)
    except LabError as error:
        say(f"Error: {error}")
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lab.py", description="A real one-node Kubernetes with an S3 server, for tests."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(
        name: str, run: t.Callable[[argparse.Namespace], int | None], text: str | None, *, state: bool = True
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text) if text else commands.add_parser(name)
        added.set_defaults(run=run)
        if state:
            added.add_argument("--state", help="the cluster's directory (default: lab-INDEX in the cache)")
            added.add_argument(
                "--index",
                type=int,
                default=0,
                help="another number for each cluster that runs at the same time (default: 0)",
            )
        return added

    build = command("build", _build, "install, build and make all that is missing", state=False)
    build.add_argument("what", nargs="*", choices=tuple(_BUILDS), default="cluster", help="(default: cluster)")
    build.add_argument("--collections", type=Path, help=_COLLECTIONS_HELP)
    start = command("start", _start, "start a cluster; one that is there is removed first")
    start.add_argument("--port", type=int, default=0, help="the API server's on 127.0.0.1 (default: a free one)")
    start.add_argument("--s3-port", type=int, default=0, help="the S3 server's on 127.0.0.1 (default: a free one)")
    start.add_argument("--no-s3", action="store_true", help="no S3 server")
    command("stop", _stop, "end a cluster and remove all that it made")
    shown = command("status", _status, "show paths, addresses, keys and pids; exit code 3 when no cluster runs")
    shown.add_argument("--json", action="store_true", help="as JSON")
    shown.add_argument("--check-frozen", action="store_true", help="exit code 4 when a file system was left frozen")
    command("kubeconfig", _kubeconfig, "print the path of the kubeconfig")
    inside = command("shell", _shell, "run a command in the node: shell -- COMMAND ARGUMENT ...")
    inside.add_argument("command", nargs="*")
    fault = command("component", _component, "stop, cont (signals), kill (started again), down, up: one component")
    fault.add_argument("action", choices=faults.ACTIONS)
    fault.add_argument("name")
    s3 = command("s3", _s3, "start or stop an S3 server without a cluster")
    s3.add_argument("action", choices=("start", "stop"))
    s3.add_argument("--s3-port", type=int, default=0, help="its port on 127.0.0.1 (default: a free one)")
    s3.add_argument("--lends-keys", action="store_true", help="it lends keys that end (STS); for start")
    image = command("execution-environment", _execution_environment, "serve the image that AWX runs jobs in; its name")
    image.add_argument("--collections", type=Path, required=True, help=_COLLECTIONS_HELP)
    velero = command("velero", _velero, "start or stop a stock Velero server; program: where its command is")
    velero.add_argument("action", choices=("start", "stop", "program"))
    velero.add_argument("--bucket", help="the bucket that it knows; for start")
    velero.add_argument("--prefix", default="", help="a prefix in the bucket")
    velero.add_argument("--node-agent", action="store_true", help="with its node-agent, which copies volumes")
    local = command("local-volume", _local_volume, "add or remove a volume without snapshots; add prints its path")
    local.add_argument("action", choices=("add", "remove"))
    local.add_argument("name", help="of its PersistentVolume")
    local.add_argument("--size", default="64Mi", help="for add (default: 64Mi)")
    kopia = command("kopia", _kopia, "program: where kopia's command is; image: serve its image, and print its name")
    kopia.add_argument("action", choices=("program", "image"))
    flux = command("flux", _flux, "start or stop Flux's controllers; built: exit code 3 when they are not")
    flux.add_argument("action", choices=("start", "stop", "built"))
    argocd = command("argocd", _argocd, "start or stop Argo CD's controllers; built: exit code 3 when they are not")
    argocd.add_argument("action", choices=("start", "stop", "built"))
    exposed = command("expose", _expose, "let pods reach a server of the host; prints its URL, and does not end")
    exposed.add_argument("--server", required=True, help="HOST:PORT")
    checked = command("conformance", _conformance, "run the CSI suite, and check a running cluster")
    checked.add_argument(
        "--driver-tests", action="store_true", help="the CSI driver's own tests too, which take a minute"
    )
    command(
        "robust", _robust, "check that stop and start clean up in every state, on clusters of their own", state=False
    )
    command("golden", _golden, "build the program of the golden tests, and print where it is", state=False)
    types = "print the folder with the custom resource definitions of Argo CD and Flux"
    command("gitops-types", _gitops_types, types, state=False)
    command("_init", _init, None).add_argument("--fd", type=int)
    command("_forward", _forward, None).add_argument("--fd", type=int)
    relayed = command("_relay", _relay, None)
    relayed.add_argument("--fd", type=int, nargs="+")
    relayed.add_argument("--server", nargs="+", help="for each of these sockets, HOST:PORT")
    relayed.add_argument("--for", dest="served", help="whose it is, by which it is found")
    command("_watchdog", _watchdog, None).add_argument("--init", type=int)
    return parser


def _build(options: argparse.Namespace) -> None:
    # argparse (Python 3.11) looks for a default among the choices, so it is no list.
    wanted = [options.what] if isinstance(options.what, str) else options.what
    for what, build in _BUILDS.items():
        if what in wanted:
            build(options)


def _build_cluster(_options: argparse.Namespace) -> None:
    launcher.require_root()
    launcher.build()


def _build_velero(_options: argparse.Namespace) -> None:
    build_velero()


def _build_flux(_options: argparse.Namespace) -> None:
    build_flux()


def _build_argocd(_options: argparse.Namespace) -> None:
    build_argocd()


def _build_kopia(_options: argparse.Namespace) -> None:
    KOPIA_IMAGE.build()


def _build_execution_environment(options: argparse.Namespace) -> None:
    if options.collections is None:
        raise LabError("Which collections are to be in the execution environment? Say --collections.")
    execution_environment.build(options.collections)


_BUILDS: dict[str, t.Callable[[argparse.Namespace], None]] = {
    "cluster": _build_cluster,
    "velero": _build_velero,
    "execution-environment": _build_execution_environment,
    "kopia": _build_kopia,
    "flux": _build_flux,
    "argocd": _build_argocd,
}


def _start(options: argparse.Namespace) -> None:
    launcher.require_root()
    launcher.start(
        options.state, index=options.index, port=options.port, s3_port=options.s3_port, with_s3=not options.no_s3
    )


def _stop(options: argparse.Namespace) -> None:
    if Lab.load(options.state) is not None:  # an S3 server alone needs no root
        launcher.require_root()
    stop(options.state)


def _status(options: argparse.Namespace) -> int:
    found = status(options.state)
    if options.json:
        print(json.dumps(found, indent=1))
    else:
        _print_status(found)
    if options.check_frozen and found["frozen"]:
        return 4
    return 0 if found["running"] else 3


def _print_status(found: dict[str, t.Any]) -> None:
    print("running" if found["running"] else "not running", "at", found["state"])
    for key in ("kubeconfig", "kubectl", "server"):
        if key in found:
            print(f"  {key}: {found[key]}")
    for key, value in (found["s3"] or {}).items():
        print(f"  s3 {key}: {value}")
    for name, pid in found["pids"].items():
        print(f"  {name}: pid {pid}")
    for line in found["frozen"]:
        print(line)


def _kubeconfig(options: argparse.Namespace) -> None:
    lab = Lab.load(options.state)
    if lab is None:
        raise LabError(f"No cluster is at {options.state}: start one.")
    print(lab.kubeconfig)


def _shell(options: argparse.Namespace) -> None:
    shell(options.state, options.command)


def _component(options: argparse.Namespace) -> None:
    faults.component(options.state, options.action, options.name)


def _s3(options: argparse.Namespace) -> None:
    if options.action == "stop":
        S3Files(options.state).stop()
        return
    json.dump(asdict(start_s3(options.state, port=options.s3_port, lends_keys=options.lends_keys)), sys.stdout)
    print()


def _execution_environment(options: argparse.Namespace) -> None:
    lab = Lab.load(options.state)
    if lab is None:
        raise LabError(f"No cluster is at {options.state}: start one.")
    print(execution_environment.add_image(lab, options.collections))


def _velero(options: argparse.Namespace) -> int:
    if options.action == "program":
        program = find_velero()
        print(program or "", end="\n" if program else "")
        return 0 if program else 3
    if options.action == "stop":
        stop_velero(options.state)
        return 0
    if not options.bucket:
        raise LabError("Which bucket is Velero to know? Say --bucket.")
    started = start_velero(options.state, bucket=options.bucket, prefix=options.prefix, node_agent=options.node_agent)
    json.dump(asdict(started), sys.stdout)
    print()
    return 0


def _local_volume(options: argparse.Namespace) -> None:
    launcher.require_root()
    if options.action == "remove":
        remove_local_volume(options.state, options.name)
        return
    print(add_local_volume(options.state, options.name, options.size))


def _kopia(options: argparse.Namespace) -> int:
    if options.action == "program":
        program = find_kopia()
        print(program or "", end="\n" if program else "")
        return 0 if program else 3
    lab = Lab.load(options.state)
    if lab is None:
        raise LabError(f"No cluster is at {options.state}: start one.")
    print(KOPIA_IMAGE.serve(lab))
    return 0


def _flux(options: argparse.Namespace) -> int:
    if options.action == "built":
        return 0 if FLUX.built() else 3
    if options.action == "stop":
        stop_flux(options.state)
        return 0
    json.dump(asdict(start_flux(options.state)), sys.stdout)
    print()
    return 0


def _argocd(options: argparse.Namespace) -> int:
    if options.action == "built":
        return 0 if ARGOCD.built() else 3
    if options.action == "stop":
        stop_argocd(options.state)
        return 0
    json.dump(asdict(start_argocd(options.state)), sys.stdout)
    print()
    return 0


def _conformance(options: argparse.Namespace) -> int:
    launcher.require_root()
    return conformance(options.state, driver_tests=options.driver_tests)


def _robust(_options: argparse.Namespace) -> int:
    launcher.require_root()
    return robust()


def _gitops_types(_options: argparse.Namespace) -> None:
    print(gitops_types())


def _golden(_options: argparse.Namespace) -> None:
    print(GOLDEN.directory() / "golden")


def _init(options: argparse.Namespace) -> None:
    run_init(options.state, options.fd)


def _forward(options: argparse.Namespace) -> None:
    forward(options.fd, options.state)


def _relay(options: argparse.Namespace) -> None:
    relay(options.fd, options.server)


def _expose(options: argparse.Namespace) -> None:
    listener = listen_beside(node_pid(options.state), str(NODE_ADDRESS.ip))
    print(f"http://{NODE_ADDRESS.ip}:{listener.getsockname()[1]}", flush=True)
    relay([listener.detach()], [options.server])


def _watchdog(options: argparse.Namespace) -> None:
    lab = Lab.load(options.state)
    if lab is not None:
        watch(lab, options.init)


__all__ = ["main"]
