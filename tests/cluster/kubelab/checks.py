# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a cluster must be able to do, each thing tried once on the running one."""

from __future__ import annotations

import json
import secrets
import time
import typing as t

from kubelab.configs import MAX_PODS
from kubelab.execstream import V4, V5, execute
from kubelab.kubectl import CheckFailed, Kubectl, Object, claim, container, expect, pod, snapshot, volume_of
from kubelab.local_volumes import add_local_volume, remove_local_volume
from kubelab.model import NODE_MASK, NODE_NAME, Lab

_PRIVILEGED: Object = {"securityContext": {"privileged": True}}


class Checks:
    """The checks, in the order in which they run; each returns a note.  Some use the pod ``p`` of an earlier one."""

    def __init__(self, lab: Lab, kubectl: Kubectl) -> None:
        self._lab = lab
        self._k = kubectl

    def all(self) -> tuple[t.Callable[[], str], ...]:
        return (
            self.node_is_ready,
            self.image_is_pulled_always,
            self.exec_with_both_protocols,
            self.image_without_shell,
            self.nginx_behind_a_service,
            self.snapshot_and_restore_ext4,
            self.snapshot_and_restore_xfs,
            self.freeze_in_a_sidecar,
            self.slow_and_broken_snapshots,
            self.volumes_that_wait,
            self.rights_of_a_service_account,
            self.dry_run_changes_nothing,
            self.namespace_goes_with_its_volumes,
        )

    def node_is_ready(self) -> str:
        """The node has the capacity and the pod range that it should have."""
        node = self._k.get("node", NODE_NAME)
        expect(node["status"]["capacity"]["pods"] == str(MAX_PODS), node["status"]["capacity"])
        expect(node["spec"]["podCIDR"].endswith(f"/{NODE_MASK}"), node["spec"])
        info = node["status"]["nodeInfo"]
        return f"{info['kubeletVersion']}, {info['containerRuntimeVersion']}, pods {node['spec']['podCIDR']}"

    def image_is_pulled_always(self) -> str:
        """``alpine:latest`` comes from the registry, and an image that is not there does not."""
        self._k.apply(
            pod("p", container("alpine:latest", imagePullPolicy="Always")), pod("none", container("no-such:1"))
        )
        self._k.wait("pod/p", "condition=Ready")

        def refused() -> bool:
            states = self._k.get("pod", "none")["status"].get("containerStatuses", [])
            return any(
                s["state"].get("waiting", {}).get("reason") in ("ErrImagePull", "ImagePullBackOff") for s in states
            )

        self._k.eventually("the image that is not there is refused", refused)
        self._k.run("delete", "pod", "none", "--wait=false")
        return ""

    def exec_with_both_protocols(self) -> str:
        """Exit code, both streams, closing stdin (v5), 4 MiB of output, and the time of a call."""
        path = f"namespaces/{self._k.namespace}/pods/p"
        for protocol in (V4, V5):
            out, err, status = execute(self._lab, path, "echo out; echo err >&2; exit 3", protocol=protocol)
            causes = status.get("details", {}).get("causes", [{}])
            expect((out, err, causes[0].get("message")) == (b"out\n", b"err\n", "3"), (protocol, out, err, status))
        out, _err, status = execute(self._lab, path, "cat; echo end", protocol=V5, stdin=b"in\n")
        expect(out == b"in\nend\n" and status["status"] == "Success", (out, status))
        begin = time.monotonic()
        out, _err, status = execute(self._lab, path, "head -c 4194304 /dev/zero", protocol=V5)
        expect(len(out) == 4 << 20 and status["status"] == "Success", len(out))
        return f"4 MiB in {time.monotonic() - begin:.2f} s"

    def image_without_shell(self) -> str:
        """There is an image in which no command can be run."""
        self._k.apply(pod("sleeper", {"name": "c", "image": "arkive.test/sleeper:1"}))
        self._k.wait("pod/sleeper", "condition=Ready")
        done = self._k.try_run("exec", "sleeper", "--", "sh", "-c", "true")
        expect(done.returncode != 0 and "executable file not found" in done.stderr, done)
        return ""

    def nginx_behind_a_service(self) -> str:
        """A Deployment of nginx answers by its Service, to a pod and through the API server."""
        begin, labels = time.monotonic(), {"app": "web"}
        spec = {"terminationGracePeriodSeconds": 1, "containers": [{"name": "c", "image": "nginx:1.17.6"}]}
        template = {"metadata": {"labels": labels}, "spec": spec}
        deployment = {"selector": {"matchLabels": labels}, "template": template}
        self._k.apply(
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": deployment},
            _object("Service", "web", spec={"selector": labels, "ports": [{"port": 80}]}),
        )
        self._k.run("rollout", "status", "deployment/web", "--timeout=60s")
        address = self._k.get("service", "web")["spec"]["clusterIP"]
        fetch = ("exec", "p", "--", "wget", "-q", "-O-", f"http://{address}/")
        self._k.eventually("nginx by its ClusterIP", lambda: "Welcome to nginx" in self._k.try_run(*fetch).stdout)
        proxied = f"/api/v1/namespaces/{self._k.namespace}/services/web:80/proxy/"
        expect("Welcome to nginx" in self._k.run("get", "--raw", proxied), "no page through the API server")
        return f"{time.monotonic() - begin:.1f} s"

    def snapshot_and_restore_ext4(self) -> str:
        """A claim, its snapshot, and a claim restored from that, with ext4."""
        return self._snapshot_and_restore("loopfile", "64Mi", "ext4")

    def snapshot_and_restore_xfs(self) -> str:
        """The same with xfs."""
        return self._snapshot_and_restore("loopfile-xfs", "300Mi", "xfs")

    def _snapshot_and_restore(self, storage_class: str, size: str, fs_type: str) -> str:
        source, restored = f"{fs_type}-source", f"{fs_type}-restored"
        begin = time.monotonic()
        self._k.apply(
            claim(source, size=size, storage_class=storage_class),
            pod(source, container(), volumes={"data": volume_of(source)}),
        )
        self._k.wait(f"pod/{source}", "condition=Ready")
        first = time.monotonic() - begin
        expect(f" {fs_type} " in self._k.sh(source, "grep ' /data ' /proc/mounts"), "not the file system asked for")
        self._k.sh(source, "echo kept > /data/file; sync")
        taken = self._snapshot(fs_type, source)
        self._k.sh(source, "echo changed > /data/file; sync")
        begin = time.monotonic()
        self._k.apply(
            claim(restored, size=size, storage_class=storage_class, snapshot=fs_type),
            pod(restored, container(), volumes={"data": volume_of(restored)}),
        )
        self._k.wait(f"pod/{restored}", "condition=Ready")
        expect(self._k.sh(restored, "cat /data/file") == "kept\n", "the restored volume has other contents")
        return f"pod {first:.1f} s, snapshot {taken:.1f} s, restored pod {time.monotonic() - begin:.1f} s"

    def _snapshot(self, name: str, of: str, snapshot_class: str = "loopfile") -> float:
        begin = time.monotonic()
        self._k.apply(snapshot(name, of, snapshot_class))
        self._k.wait(f"volumesnapshot/{name}", "jsonpath={.status.readyToUse}=true")
        return time.monotonic() - begin

    def freeze_in_a_sidecar(self) -> str:
        """While a sidecar keeps the volume frozen, a write blocks and a snapshot is taken; then the write is done."""
        self._k.apply(
            claim("frozen"),
            pod(
                "frozen",
                container(),
                container("ubuntu:bionic", name="f", **_PRIVILEGED),
                volumes={"data": volume_of("frozen")},
            ),
        )
        self._k.wait("pod/frozen", "condition=Ready")
        # Only a file system of its own is frozen, never the node's.
        self._k.sh(
            "frozen",
            "[ $(stat -c %d /data) != $(stat -c %d /etc/hosts) ] && grep -q ' / /data ' /proc/self/mountinfo",
            "f",
        )
        self._k.sh("frozen", "echo early > /data/early", "c")
        self._k.run("exec", "frozen", "-c", "f", "--", "/sbin/fsfreeze", "--freeze", "/data")
        try:
            self._k.sh("frozen", "(echo late > /data/late) > /dev/null 2>&1 & sleep 1; [ ! -e /data/late ]")
            taken = self._snapshot("frozen", "frozen")
            expect(
                self._k.try_run("exec", "frozen", "-c", "f", "--", "/sbin/fsfreeze", "-f", "/data").returncode != 0,
                "frozen twice",
            )
        finally:
            self._k.run("exec", "frozen", "-c", "f", "--", "/sbin/fsfreeze", "--unfreeze", "/data")
        self._k.eventually(
            "the blocked write",
            lambda: self._k.try_run("exec", "frozen", "-c", "c", "--", "cat", "/data/late").stdout == "late\n",
            10,
        )
        self._k.apply(
            claim("thawed", snapshot="frozen"), pod("thawed", container(), volumes={"data": volume_of("thawed")})
        )
        self._k.wait("pod/thawed", "condition=Ready")
        listed = self._k.sh("thawed", "ls /data").split()
        expect("early" in listed and "late" not in listed, listed)
        return f"snapshot while frozen {taken:.1f} s"

    def slow_and_broken_snapshots(self) -> str:
        """The classes that delay and that fail."""
        self._k.apply(snapshot("broken", "frozen", "loopfile-broken"))
        taken = self._snapshot("slow", "frozen", "loopfile-slow")
        expect(taken > 4.5, f"a slow snapshot took {taken:.1f} s")
        self._k.eventually(
            "the error",
            lambda: "snapshotFail is set" in json.dumps(self._k.get("volumesnapshot", "broken").get("status", {})),
        )
        self._k.run("delete", "volumesnapshot", "broken", "--wait=false")
        return f"slow: {taken:.1f} s"

    def volumes_that_wait(self) -> str:
        """A volume without snapshots and one of the driver's are bound when a pod mounts them."""
        name = f"wait-{secrets.token_hex(3)}"
        begin = time.monotonic()
        add_local_volume(self._lab.state, name, "32Mi")
        self._k.apply(claim("local", size="32Mi", storage_class="local"), claim("wait", storage_class="loopfile-wait"))
        for each in ("local", "wait"):
            self._k.wait(f"persistentvolumeclaim/{each}", "jsonpath={.status.phase}=Pending", 10)
        self._k.apply(pod("wait", container(), volumes={each: volume_of(each) for each in ("local", "wait")}))
        self._k.wait("pod/wait", "condition=Ready")
        expect(self._k.get("persistentvolumeclaim", "local")["spec"]["volumeName"] == name, "another volume was bound")
        self._k.sh("wait", "echo kept > /local/file; [ $(stat -c %d /local) != $(stat -c %d /wait) ]")
        expect(self._k.try_run("exec", "wait", "--", "cat", "/local/file").stdout == "kept\n", "nothing was written")
        self._k.run("delete", "pod/wait", "persistentvolumeclaim/local", "--timeout=60s")
        remove_local_volume(self._lab.state, name)
        return f"{time.monotonic() - begin:.1f} s"

    def rights_of_a_service_account(self) -> str:
        """A token may do what its role says, and nothing else."""
        rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]
        role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"}
        subject = {"kind": "ServiceAccount", "name": "reader", "namespace": self._k.namespace}
        group = "rbac.authorization.k8s.io/v1"
        self._k.apply(
            _object("ServiceAccount", "reader"),
            _object("Role", "reader", group, rules=rules),
            _object("RoleBinding", "reader", group, roleRef=role, subjects=[subject]),
        )
        # A client certificate would win over the token.
        token = ("--token", self._k.run("create", "token", "reader").strip(), "--kubeconfig=/dev/null")
        server = (f"--server={self._lab.host_url}", f"--certificate-authority={self._lab.path('pki/ca.crt')}")
        self._k.eventually(
            "the role's effect", lambda: self._k.try_run("get", "pods", *token, *server).returncode == 0, 10
        )
        denied = self._k.try_run("get", "secrets", *token, *server)
        expect(denied.returncode != 0 and "Forbidden" in denied.stderr, denied)
        return ""

    def dry_run_changes_nothing(self) -> str:
        """Server-side dry run and server-side apply."""
        text = json.dumps(_object("ConfigMap", "made", data={"key": "value"}))
        self._k.run("apply", "--server-side", "--dry-run=server", "-f", "-", stdin=text)
        expect(self._k.try_run("get", "configmap", "made").returncode != 0, "a dry run made an object")
        self._k.run("apply", "--server-side", "-f", "-", stdin=text)
        expect(self._k.get("configmap", "made")["data"] == {"key": "value"}, "not what was applied")
        return ""

    def namespace_goes_with_its_volumes(self) -> str:
        """The namespace of these checks ends, and its volumes with it."""
        begin = time.monotonic()
        self._k.run("delete", "namespace", self._k.namespace, "--timeout=100s")
        self._k.eventually(
            "the volumes' end", lambda: self._k.namespace not in self._k.run("get", "persistentvolumes", "-o", "json")
        )
        return f"{time.monotonic() - begin:.1f} s"


def _object(kind: str, name: str, api_version: str = "v1", **more: t.Any) -> Object:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **more}


__all__ = ["CheckFailed", "Checks"]
