# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The programs of the node and their command lines, in the order in which they can start."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass

from kubelab.configs import KUBELET_HOME
from kubelab.model import API_PORT, CODE, DRIVER, NODE_ADDRESS, NODE_MASK, NODE_NAME, PODS, SERVICES, Lab

_ETCD = "http://127.0.0.1:2379"

#: Enough for the four clusters of a whole test run, with much garbage in each.
_MUCH_MEMORY = 15 << 30


@dataclass(frozen=True, slots=True)
class Component:
    """A program that is kept running; its output goes to ``log/<name>.log``."""

    name: str
    argv: tuple[str, ...]
    inherit: tuple[int, ...] = ()  # file descriptors


def first(lab: Lab, listener: int) -> list[Component]:
    """What needs nothing else.  ``listener`` is the socket on the host's 127.0.0.1 that the forwarder serves."""
    forward = (sys.executable, str(CODE / "lab.py"), "_forward", "--fd", str(listener), "--state", str(lab.state))
    return [
        _etcd(lab),
        Component("containerd", ("containerd", "--config", str(lab.path("containerd.toml")))),
        Component("registry", (lab.program("registry"), "serve", str(lab.path("registry.yaml")))),
        Component("kube-apiserver", _apiserver(lab)),
        _loopfile(lab),
        Component("forwarder", forward, (listener,)),
    ]


def with_api_server(lab: Lab) -> list[Component]:
    """What needs the API server."""
    return [
        _kubelet(lab),
        _controller_manager(lab),
        _scheduler(lab),
        Component("kube-proxy", (lab.program("kube-proxy"), f"--config={lab.path('proxy.json')}")),
    ]


def with_definitions(lab: Lab) -> list[Component]:
    """What needs the custom resource definitions of snapshots.

    The sidecars end when the driver's socket goes: they are started again like everything here.
    """
    admin, socket = f"--kubeconfig={lab.path('pki/node-admin.conf')}", f"--csi-address={csi_socket()}"
    groups = "--feature-gates=CSIVolumeGroupSnapshot=true"
    # By default they ask five things a second: twenty snapshots would mostly wait for that.
    fast = ("--kube-api-qps=200", "--kube-api-burst=400")
    return [
        Component(
            "csi-provisioner",
            (lab.program("csi-provisioner"), socket, admin, "--extra-create-metadata", "--default-fstype=ext4", *fast),
        ),
        Component(
            "csi-snapshotter",
            (lab.program("csi-snapshotter"), socket, admin, "--extra-create-metadata", groups, *fast),
        ),
        Component("snapshot-controller", (lab.program("snapshot-controller"), admin, groups, *fast)),
    ]


NAMES = (
    "etcd",
    "containerd",
    "registry",
    "kube-apiserver",
    "loopfile",
    "forwarder",
    "kubelet",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
    "csi-provisioner",
    "csi-snapshotter",
    "snapshot-controller",
)
"""The names of all components."""


def environment() -> dict[str, str]:
    """What the programs see: no proxy, and no KUBECONFIG, which the provisioner would take before its option.

    Where there is memory enough, garbage is collected less often: a cluster computes an eighth less, and takes half as
    much memory again.
    """
    kept = {k: v for k, v in os.environ.items() if k != "KUBECONFIG" and not k.lower().endswith("_proxy")}
    return {
        **kept,
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "OTEL_TRACES_EXPORTER": "none",
        **({"GOGC": "400"} if _memory() >= _MUCH_MEMORY else {}),
    }


def _memory() -> int:
    """Bytes of this machine."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def csi_socket() -> str:
    """Where the driver listens, in the node."""
    return f"{KUBELET_HOME}/plugins/{DRIVER}/csi.sock"


def _etcd(lab: Lab) -> Component:
    argv = (
        lab.program("etcd"),
        f"--data-dir={lab.path('etcd')}",
        "--unsafe-no-fsync",
        "--listen-peer-urls=http://127.0.0.1:2380",
        f"--listen-client-urls={_ETCD}",
        f"--advertise-client-urls={_ETCD}",
        "--log-level=warn",
    )
    return Component("etcd", argv)


def _apiserver(lab: Lab) -> tuple[str, ...]:
    pki = lab.path("pki")
    return (
        lab.program("kube-apiserver"),
        f"--etcd-servers={_ETCD}",
        f"--advertise-address={NODE_ADDRESS.ip}",
        f"--secure-port={API_PORT}",
        f"--service-cluster-ip-range={SERVICES}",
        f"--tls-cert-file={pki}/apiserver.crt",
        f"--tls-private-key-file={pki}/apiserver.key",
        f"--client-ca-file={pki}/ca.crt",
        f"--service-account-key-file={pki}/sa.pub",
        f"--service-account-signing-key-file={pki}/sa.key",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        f"--kubelet-client-certificate={pki}/apiserver-kubelet.crt",
        f"--kubelet-client-key={pki}/apiserver-kubelet.key",
        f"--kubelet-certificate-authority={pki}/ca.crt",
        "--kubelet-preferred-address-types=InternalIP",
        "--allow-privileged=true",
        "--profiling=false",
        f"--requestheader-client-ca-file={pki}/front-ca.crt",
        "--requestheader-allowed-names=front-proxy",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={pki}/front.crt",
        f"--proxy-client-key-file={pki}/front.key",
    )


def _loopfile(lab: Lab) -> Component:
    argv = (
        lab.program("loopfile"),
        f"-name={DRIVER}",
        f"-node={NODE_NAME}",
        f"-socket={csi_socket()}",
        f"-registry={KUBELET_HOME}/plugins_registry",
        f"-data={lab.path('volumes')}",
        "-pool-size=32G",
        # As cloud drivers do: a volume that a tool forgot to thaw stays frozen, and a test sees it.
        "-thaw-at-unstage=false",
    )
    return Component("loopfile", argv)


def _kubelet(lab: Lab) -> Component:
    argv = (
        lab.program("kubelet"),
        f"--config={lab.path('kubelet.json')}",
        f"--kubeconfig={lab.path('pki/kubelet.conf')}",
        f"--node-ip={NODE_ADDRESS.ip}",
        f"--hostname-override={NODE_NAME}",
        f"--root-dir={KUBELET_HOME}",
        f"--cert-dir={KUBELET_HOME}/pki",
    )
    return Component("kubelet", argv)


def _controller_manager(lab: Lab) -> Component:
    pki = lab.path("pki")
    argv = (
        lab.program("kube-controller-manager"),
        *_client(lab, "controller-manager"),
        "--use-service-account-credentials=true",
        "--kube-api-qps=200",  # its own limit would make it take 4.5 s to start its controllers
        "--kube-api-burst=400",
        f"--flex-volume-plugin-dir={KUBELET_HOME}/volume-plugins",
        f"--root-ca-file={pki}/ca.crt",
        f"--service-account-private-key-file={pki}/sa.key",
        f"--cluster-signing-cert-file={pki}/ca.crt",
        f"--cluster-signing-key-file={pki}/ca.key",
        "--allocate-node-cidrs=true",
        f"--cluster-cidr={PODS}",
        f"--node-cidr-mask-size={NODE_MASK}",
        f"--service-cluster-ip-range={SERVICES}",
    )
    return Component("kube-controller-manager", argv)


def _scheduler(lab: Lab) -> Component:
    # An event that is lost while a pod is being looked at (a claim that is bound just then) leaves it for five minutes.
    again = "--pod-max-in-unschedulable-pods-duration=5s"
    return Component("kube-scheduler", (lab.program("kube-scheduler"), *_client(lab, "scheduler"), again))


def _client(lab: Lab, user: str) -> tuple[str, ...]:
    conf = lab.path(f"pki/{user}.conf")
    return (
        f"--kubeconfig={conf}",
        f"--authentication-kubeconfig={conf}",
        f"--authorization-kubeconfig={conf}",
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
    )


__all__ = ["NAMES", "Component", "csi_socket", "environment", "first", "with_api_server", "with_definitions"]
