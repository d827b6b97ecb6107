# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The configuration files of the node's programs."""

from __future__ import annotations

import json
import typing as t

from kubelab.commands import write
from kubelab.images import PAUSE_IMAGE
from kubelab.model import NODE_ADDRESS, NODE_NAME, POD_RANGE, PODS, REGISTRY_ADDRESS, Lab

KUBELET_HOME = "/var/lib/kubelet"
CONTAINERD_HOME = "/var/lib/containerd"
CONTAINERD_SOCKET = "/run/containerd/containerd.sock"
MAX_PODS = 250

_CONTAINERD = """version = 2
root = "{home}"
state = "/run/containerd"
oom_score = 0
[grpc]
  address = "{socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "{home}/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  restrict_oom_score_adj = true
  disable_apparmor = true
  tolerate_missing_hugetlb_controller = true
  disable_hugetlb_controller = true
  max_concurrent_downloads = 8
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "{registries}"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{cni}"
    max_conf_num = 1
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        BinaryName = "/usr/sbin/runc"
        SystemdCgroup = false
"""

# Every registry's name leads to ours: docker.io, registry.k8s.io and all others.
_MIRROR = """server = "http://{address}"
[host."http://{address}"]
  capabilities = ["pull", "resolve"]
"""

_REGISTRY = """version: 0.1
log: {{level: warn, accesslog: {{disabled: true}}}}
storage:
  filesystem: {{rootdirectory: "{root}"}}
  maintenance: {{readonly: {{enabled: true}}}}
http: {{addr: "{address}"}}
"""


def write_configs(lab: Lab) -> None:
    """Write all of them into the state directory."""
    values = {
        "home": CONTAINERD_HOME,
        "socket": CONTAINERD_SOCKET,
        "pause": PAUSE_IMAGE,
        "registries": lab.path("registries"),
        "cni": lab.path("cni"),
    }
    write(lab.path("containerd.toml"), _CONTAINERD.format(**values))
    write(lab.path("registries/_default/hosts.toml"), _MIRROR.format(address=REGISTRY_ADDRESS))
    write(lab.path("registry.yaml"), _REGISTRY.format(root=lab.registry, address=REGISTRY_ADDRESS))
    write(lab.path("cni/10-pods.conflist"), json.dumps(_cni(), indent=1))
    write(lab.path("kubelet.json"), json.dumps(_kubelet(lab), indent=1))
    write(lab.path("proxy.json"), json.dumps(_proxy(lab), indent=1))
    # Nothing listens there: look-ups in pods fail at once. An empty file would make containerd hand out the host's.
    write(lab.path("resolv.conf"), f"nameserver {NODE_ADDRESS.ip}\n")


def _cni() -> dict[str, t.Any]:
    ipam = {
        "type": "host-local",
        "dataDir": "/run/cni-ipam",
        "ranges": [[{"subnet": str(POD_RANGE)}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    return {
        "cniVersion": "0.4.0",
        "name": "pods",
        "plugins": [
            {"type": "ptp", "ipMasq": False, "ipam": ipam},
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }


def _kubelet(lab: Lab) -> dict[str, t.Any]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(lab.path("pki/ca.crt"))},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(lab.path("pki/kubelet-serving.crt")),
        "tlsPrivateKeyFile": str(lab.path("pki/kubelet-serving.key")),
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        "maxPods": MAX_PODS,
        "serializeImagePulls": False,
        "registryPullQPS": 0,
        "eventRecordQPS": 0,
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": lab.cgroup,
        "failCgroupV1": False,
        "failSwapOn": False,
        "oomScoreAdj": 0,
        "maxOpenFiles": 20000,
        "resolvConf": str(lab.path("resolv.conf")),
        "clusterDomain": "cluster.local",
        "volumePluginDir": f"{KUBELET_HOME}/volume-plugins",
        "protectKernelDefaults": True,  # never write the machine's own /proc/sys
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "evictionHard": {
            "memory.available": "50Mi",
            "nodefs.available": "1%",
            "imagefs.available": "1%",
            "nodefs.inodesFree": "1%",
        },
        "shutdownGracePeriod": "0s",
        "nodeStatusUpdateFrequency": "5s",
        "syncFrequency": "20s",
        "registerNode": True,
    }


def _proxy(lab: Lab) -> dict[str, t.Any]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "clientConnection": {"kubeconfig": str(lab.path("pki/proxy.conf"))},
        "clusterCIDR": str(PODS),
        "hostnameOverride": NODE_NAME,
        # nf_conntrack_max cannot be set in a network namespace: 0 leaves it.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }


__all__ = ["CONTAINERD_HOME", "CONTAINERD_SOCKET", "KUBELET_HOME", "MAX_PODS", "write_configs"]
