# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Velero's own ``velero install`` puts into a cluster, taken apart: its server is no pod here."""

from __future__ import annotations

import json
import os
import typing as t
from dataclasses import dataclass
from pathlib import Path

from kubelab.commands import run
from kubelab.golang import VELERO_PLUGIN
from kubelab.kubectl import Object
from kubelab.program_images import VELERO_IMAGE

_PLUGIN = "github.com/vmware-tanzu/velero-plugin-for-aws"
APPLY = ("apply", "--server-side", "--force-conflicts", "-f", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The objects: definitions come first."""

    definitions: list[Object]
    server: list[Object]  # among them the Deployment, which restores and maintenance look at, with no replicas
    node_agent: list[Object]

    @classmethod
    def of(cls, program: Path, kubeconfig: Path) -> Installation:
        """As this program prints it, which makes a client and asks it for nothing."""
        options = ("--no-default-backup-location", "--use-volume-snapshots=false", "--no-secret")
        wanted = ("--use-node-agent", "--features=EnableCSI")
        plugin = f"velero/velero-plugin-for-aws:{VELERO_PLUGIN.pinned(_PLUGIN)}"  # of a pod that does not run here
        images = (f"--image={VELERO_IMAGE.name}", f"--plugins={plugin}")
        environment = {**os.environ, "KUBECONFIG": str(kubeconfig)}
        printed = run(program, "install", *options, *wanted, *images, "--dry-run", "-o", "json", env=environment).stdout
        found: dict[str, list[Object]] = {}
        for each in json.loads(printed)["items"]:
            found.setdefault(each["kind"], []).append(each)
        for deployment in found["Deployment"]:
            deployment["spec"]["replicas"] = 0
        agent = [each for kind in ("ServiceAccount", "ClusterRoleBinding", "DaemonSet") for each in found[kind]]
        return cls(
            definitions=found["CustomResourceDefinition"],
            server=[*found["Namespace"], *found["Deployment"]],
            node_agent=agent,
        )


def listed(objects: t.Sequence[Object]) -> str:
    """Objects as kubectl reads them."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})


__all__ = ["APPLY", "Installation", "listed"]
