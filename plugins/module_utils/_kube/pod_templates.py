# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What makes pods: where the template of these stands, by type. Custom ones are those that many clusters have."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.group_resources import (
    CRON_JOBS,
    DAEMON_SETS,
    DEPLOYMENTS,
    JOBS,
    REPLICA_SETS,
    REPLICATION_CONTROLLERS,
    STATEFUL_SETS,
)
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource


class PodMaker(t.NamedTuple):
    """``template``: the members that lead to it in an object."""

    kind: str
    group_resource: GroupResource
    template: tuple[str, ...] = ("spec", "template")


#: Who is nearest to its pods stands first.
POD_MAKERS = (
    PodMaker("StatefulSet", STATEFUL_SETS),
    PodMaker("Deployment", DEPLOYMENTS),
    PodMaker("ReplicaSet", REPLICA_SETS),
    PodMaker("ReplicationController", REPLICATION_CONTROLLERS),
    PodMaker("DaemonSet", DAEMON_SETS),
    PodMaker("Job", JOBS),
    PodMaker("CronJob", CRON_JOBS, ("spec", "jobTemplate", "spec", "template")),
    PodMaker("DeploymentConfig", GroupResource("deploymentconfigs", "apps.openshift.io")),
    PodMaker("Rollout", GroupResource("rollouts", "argoproj.io")),
)

__all__ = ("POD_MAKERS", "PodMaker")
