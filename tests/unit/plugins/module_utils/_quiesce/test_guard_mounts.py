# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._kube.exec import ExecRefused
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.errors import QuiesceError
from ansible_collections.arkive.k8s.plugins.module_utils._quiesce.guard import (
    ApiObjectReader,
    Mount,
    Probe,
    check_mount,
    guard_freeze,
    parse_probe,
    probe_container,
)

# The second check: by the container's own mounts.
NODE = "254:0"
CLAIM = Mount("7:1", "/", "/data", "ext4")
ROOT = Mount("0:45", "/", "/", "overlay")
HOSTS = Mount(NODE, "/var/lib/kubelet/pods/x/etc-hosts", "/etc/hosts", "ext4")


def check(*mounts: Mount, path: str = "/data", sub_path: str = "") -> Mount:
    return check_mount(Probe((), (path,), mounts), path, sub_path, f"{path} of db-0")


@pytest.mark.parametrize(
    ("mounts", "path", "sub_path"),
    [
        pytest.param([ROOT, CLAIM, HOSTS], "/data", "", id="seen-on-a-real-node"),
        pytest.param([ROOT, CLAIM, HOSTS], "/data/db", "", id="below-the-mount"),
        pytest.param([ROOT, Mount("7:1", "/", "/data", "xfs"), HOSTS], "/data", "", id="xfs"),
        pytest.param([ROOT, Mount("0:99", "/", "/data", "btrfs"), HOSTS], "/data", "", id="btrfs"),
        pytest.param([ROOT, Mount("7:1", "/mysql", "/data", "ext4"), HOSTS], "/data", "mysql", id="subPath"),
        pytest.param([ROOT, Mount("7:1", "/a/b", "/data", "ext4"), HOSTS], "/data", "a/b/", id="subPath-deep"),
        pytest.param([ROOT, Mount("7:1", "/db-0", "/data", "ext4"), HOSTS], "/data", "$(POD)", id="subPathExpr"),
        pytest.param([ROOT, Mount("7:2", "/", "/data", "ext4"), CLAIM, HOSTS], "/data", "", id="the-last-one-on-top"),
        pytest.param([ROOT, CLAIM, Mount("7:2", "/", "/data/in", "ext4"), HOSTS], "/data/in", "", id="nested"),
        pytest.param([ROOT, Mount("7:1", "/", "/my data", "ext4")], "/my data", "", id="blank"),
    ],
)
def test_a_file_system_of_its_own_passes(mounts: list[Mount], path: str, sub_path: str) -> None:
    assert check(*mounts, path=path, sub_path=sub_path).device != NODE


def test_the_design_example() -> None:
    mount = check(ROOT, Mount("7:1", "/", "/data", "ext4"), Mount("254:0", "/hosts", "/etc/hosts", "ext4"))
    assert mount.device == "7:1"


@pytest.mark.parametrize(
    ("mounts", "path", "sub_path", "why"),
    [
        pytest.param([ROOT, HOSTS], "/data", "", "file system is overlay", id="overlay"),
        pytest.param([Mount("0:50", "/", "/data", "nfs4"), HOSTS], "/data", "", "file system is nfs4", id="nfs4"),
        pytest.param([Mount("0:50", "/", "/data", "tmpfs"), HOSTS], "/data", "", "file system is tmpfs", id="tmpfs"),
        pytest.param([Mount("0:50", "/", "/data", "fuse.s3fs")], "/data", "", "file system is fuse.s3fs", id="fuse"),
        pytest.param([Mount("7:1", "/", "/data", "ext3")], "/data", "", "file system is ext3", id="ext3"),
        pytest.param(
            [Mount("8:1", "/vol/x", "/data", "ext4")],
            "/data",
            "",
            "only the directory /vol/x",
            id="root-is-a-directory",
        ),
        pytest.param(
            [Mount("7:1", "/other", "/data", "ext4")],
            "/data",
            "mysql",
            "only the directory /other",
            id="another-subPath",
        ),
        pytest.param([Mount("7:1", "/x", "/data", "ext4")], "/data", "..", "only the directory /x", id="subPath-dots"),
        pytest.param(
            [Mount(NODE, "/", "/data", "ext4"), HOSTS], "/data", "", "same as /etc/hosts", id="same-device-as-hosts"
        ),
        pytest.param(
            [Mount(NODE, "/var/empty", "/data", "ext4"), HOSTS],
            "/data",
            "$(X)",
            "same as /etc/hosts",
            id="emptyDir-expr",
        ),
        pytest.param([Mount("8:1", "/", "/", "ext4")], "/data", "", "same as /,", id="the-containers-root"),
        pytest.param(
            [CLAIM, Mount("7:1", "/", "/", "ext4")], "/data", "", "same as /,", id="a-runtime-whose-root-is-a-disk"
        ),
        pytest.param([ROOT, CLAIM, ROOT, Mount(NODE, "/c", "/data", "ext4")], "/data", "", "only the", id="hidden"),
        pytest.param([HOSTS], "/data", "", "not in /proc/self/mountinfo", id="no-mount"),
        pytest.param([], "/data", "", "not in /proc/self/mountinfo", id="empty-table"),
    ],
)
def test_anything_else_is_refused(mounts: list[Mount], path: str, sub_path: str, why: str) -> None:
    with pytest.raises(QuiesceError, match="The freeze of /data of db-0 is refused") as caught:
        check(*mounts, path=path, sub_path=sub_path)
    assert why in caught.value.message


@pytest.mark.parametrize("point", ["/", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/dev/termination-log"])
def test_every_mount_of_the_runtime_tells_the_nodes_device(point: str) -> None:
    with pytest.raises(QuiesceError, match=f"the same as {point}"):
        check(Mount("7:1", "/", "/data", "ext4"), Mount("7:1", "/x", point, "ext4"))


def test_parse_probe() -> None:
    probe = parse_probe(
        "missing=setsid\nmissing=/dev/shm\npath=/data\npath=/my data\nmountinfo\n"
        "500 400 0:45 / / rw,relatime master:1 - overlay overlay rw,lowerdir=/a - b\n"
        "502 500 7:1 /my\\040dir /my\\040data rw,relatime shared:1 master:2 - ext4 /dev/loop1 rw\n"
        "503 500 8:1 /a\\134b /tab\\011here rw - xfs /dev/sdb rw\n"
        "garbage\n"
    )
    assert probe.missing == ("setsid", "/dev/shm")
    assert probe.paths == ("/data", "/my data")
    assert probe.mounts == (
        Mount("0:45", "/", "/", "overlay"),
        Mount("7:1", "/my dir", "/my data", "ext4"),
        Mount("8:1", "/a\\b", "/tab\there", "xfs"),
    )


def test_an_escaped_backslash_before_digits_is_a_backslash() -> None:
    line = "502 500 7:1 / /a\\134040b rw - ext4 /dev/loop1 rw\n"
    assert parse_probe(f"mountinfo\n{line}").mounts[0].point == "/a\\040b"


def test_probe_container(cluster: t.Any) -> None:
    probe = probe_container(cluster.client, namespace="shop", pod="db-0", container="db", paths=["/data"])
    assert (probe.missing, probe.paths) == ((), ("/data",))
    assert Mount("7:1", "/", "/data", "ext4") in probe.mounts
    (call,) = cluster.calls
    assert (call.kind, call.container, call.argv[4:]) == ("probe", "db", ("/data",))


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        pytest.param((127, "", ""), "it has no /bin/sh", id="127"),
        pytest.param((126, "", ""), "it has no /bin/sh", id="126"),
        pytest.param((2, "", "sh: no /proc"), "exit code 2 sh: no /proc.", id="failed"),
        pytest.param((0, "path=/data\nmountinfo\n", ""), "exit code 0", id="no-mounts"),
        pytest.param((0, "mountinfo\n1 2 7:1 / / rw - ext4 x rw\n", ""), "exit code 0", id="no-paths"),
    ],
)
def test_a_container_that_cannot_be_examined_is_refused(cluster: t.Any, answer: tuple[int, str, str], why: str) -> None:
    rc, stdout, stderr = answer
    cluster.answers["probe"] = [cluster.done(rc, stderr, stdout)]
    with pytest.raises(QuiesceError) as caught:
        probe_container(cluster.client, namespace="shop", pod="db-0", container="db", paths=["/data"])
    assert caught.value.message.startswith("container db of pod shop/db-0 cannot be examined before the freeze")
    assert why in caught.value.message


def test_a_refused_exec_is_a_refusal(cluster: t.Any) -> None:
    cluster.answers["probe"] = [ExecRefused("There is no such container.")]
    with pytest.raises(QuiesceError, match=r"cannot be examined before the freeze: There is no such container\."):
        probe_container(cluster.client, namespace="shop", pod="db-0", container="db", paths=["/data"])


def test_a_container_without_a_shell_is_told_to_use_another_one(cluster: t.Any) -> None:
    """The words of runc 1.2 and of containerd 2.1."""
    said = 'OCI runtime exec failed: exec: "/bin/sh": stat /bin/sh: no such file or directory: unknown'
    cluster.answers["probe"] = [ExecRefused(said)]
    with pytest.raises(QuiesceError) as caught:
        probe_container(cluster.client, namespace="shop", pod="db-0", container="db", paths=["/data"])
    assert caught.value.hint == "Use a container with a shell for the freeze, or set allow_shared_freeze: true."


@pytest.mark.parametrize(
    ("path", "resolved", "why"),
    [
        pytest.param("/data", "/data", "", id="the-claim"),
        pytest.param("/data/link", "/data/db", "", id="a-link-inside"),
        pytest.param("/data/link", "/etc", "no volume is mounted there", id="a-link-that-leads-out"),
        pytest.param("/data", "", "cannot say where the path leads", id="unresolved"),
    ],
)
def test_links_are_resolved(cluster: t.Any, path: str, resolved: str, why: str) -> None:
    pod = cluster.add_pod("db-0")
    probe = Probe((), (resolved,), (ROOT, CLAIM, HOSTS))
    given: dict[str, t.Any] = {"container": "db", "path": path, "probe": probe, "resolved": resolved}
    if why:
        with pytest.raises(QuiesceError, match=why):
            guard_freeze(ApiObjectReader(cluster.client), pod, **given)
        return
    target = guard_freeze(ApiObjectReader(cluster.client), pod, **given)
    assert (target.path, target.claim, target.device, target.fs_type) == (path, "shop/data", "7:1", "ext4")
    assert (target.node, target.volume) == ("node-1", "data")
