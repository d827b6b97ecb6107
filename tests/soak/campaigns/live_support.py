# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the live tests break things with, for campaigns: this folder's neighbours are made importable first."""

from __future__ import annotations

import sys
from pathlib import Path

_TESTS = Path(__file__).parents[2]
_LIVE = _TESTS / "integration" / "live"
for _folder in (
    _LIVE,
    *(_LIVE / name for name in ("quiesce", "backup_hooks", "restore", "databases", "awx")),
    _TESTS / "cluster",
):
    if str(_folder) not in sys.path:
        sys.path.append(str(_folder))

from awx_jobs import ContainerGroup, Job, JobBucket, JobResult, execution_environment, in_cluster_spec
from claim_app import claim_app
from cut_proxy import CutProxy, through
from database_runs import HELD_PROGRAM, DatabaseApp
from files_app import CLAIM, LIST, PATH, FilesApp
from hook_pods import HookPods
from kubelab.apiclient import ApiClient
from kubelab.faults import component
from kubelab.model import NODE_ADDRESS, Lab
from kubelab.netns import listen_beside
from kubelab.processes import node_pid
from kubelab.status import frozen_lines
from many_hooks import run_many_hooks
from mariadb_app import MariadbApp
from mongodb_standin import MongodbStandin
from nginx_app import host_pids
from postgres_app import PostgresApp
from processes import Engine, Started
from redis_app import RedisApp
from refusing_s3 import ReadOnlyS3
from restore_lab import Backups, Cluster
from snapshot_lab import SnapshotLab

#: The program of a restore that kills itself.
KILLED_ROLL_BACK = _LIVE / "restore" / "killed_roll_back.py"
#: The program of a task that moves data.
MOVING_PROGRAM = _LIVE / "volumes" / "moving_process.py"

__all__ = (
    "CLAIM",
    "HELD_PROGRAM",
    "KILLED_ROLL_BACK",
    "LIST",
    "MOVING_PROGRAM",
    "NODE_ADDRESS",
    "PATH",
    "ApiClient",
    "Backups",
    "Cluster",
    "ContainerGroup",
    "CutProxy",
    "DatabaseApp",
    "Engine",
    "FilesApp",
    "HookPods",
    "Job",
    "JobBucket",
    "JobResult",
    "Lab",
    "MariadbApp",
    "MongodbStandin",
    "PostgresApp",
    "ReadOnlyS3",
    "RedisApp",
    "SnapshotLab",
    "Started",
    "claim_app",
    "component",
    "execution_environment",
    "frozen_lines",
    "host_pids",
    "in_cluster_spec",
    "listen_beside",
    "node_pid",
    "run_many_hooks",
    "through",
)
