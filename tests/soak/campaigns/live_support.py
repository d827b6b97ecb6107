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
from cut_proxy import CutProxy, through
from database_runs import HELD_PROGRAM, DatabaseApp
from hook_pods import HookPods
from kubelab.apiclient import ApiClient
from kubelab.model import Lab
from many_hooks import run_many_hooks
from mariadb_app import MariadbApp
from mongodb_standin import MongodbStandin
from nginx_app import host_pids
from postgres_app import PostgresApp
from processes import Engine, Started
from redis_app import RedisApp
from restore_lab import Backups, Cluster
from snapshot_lab import SnapshotLab

#: The program of a restore that kills itself.
KILLED_ROLL_BACK = _LIVE / "restore" / "killed_roll_back.py"

__all__ = (
    "HELD_PROGRAM",
    "KILLED_ROLL_BACK",
    "ApiClient",
    "Backups",
    "Cluster",
    "ContainerGroup",
    "CutProxy",
    "DatabaseApp",
    "Engine",
    "HookPods",
    "Job",
    "JobBucket",
    "JobResult",
    "Lab",
    "MariadbApp",
    "MongodbStandin",
    "PostgresApp",
    "RedisApp",
    "SnapshotLab",
    "Started",
    "execution_environment",
    "host_pids",
    "in_cluster_spec",
    "run_many_hooks",
    "through",
)
