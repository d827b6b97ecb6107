# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where things lie: this checkout, and the cache outside of it."""

from __future__ import annotations

import hashlib
import os
import pathlib

CHECKOUT = pathlib.Path(__file__).resolve().parents[3]

#: Shared by all checkouts: Python environments, and what the cluster is built from.
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "arkive"

#: The part of a whole test run that this process does, beside the others; empty where it does all that it is given.
LANE = os.environ.get("ARKIVE_TEST_LANE", "")


def _id_of(lane: str) -> str:
    return hashlib.sha256(f"{CHECKOUT}{lane}".encode()).hexdigest()[:12]


def work_of(lane: str) -> pathlib.Path:
    """Where a lane of this checkout works."""
    return CACHE / f"checkout-{_id_of(lane)}"


#: Of this checkout alone, and of this lane: each has a copy of the tree and a cluster of its own.
CHECKOUT_ID = _id_of(LANE)
WORK = work_of(LANE)

#: The root of Ansible's collections, with a copy of this checkout at the place where ansible-test wants it.
COLLECTIONS = WORK / "collections"
TREE = COLLECTIONS / "ansible_collections" / "arkive" / "k8s"

#: The state of the local cluster: a short path, as there are sockets in it.
CLUSTER_STATE = CACHE / f"lab-{CHECKOUT_ID}"

#: The state of an S3 server that stands alone.
S3_STATE = CACHE / f"s3-{CHECKOUT_ID}"

LOGS = WORK / "logs"

__all__ = (
    "CACHE",
    "CHECKOUT",
    "CHECKOUT_ID",
    "CLUSTER_STATE",
    "COLLECTIONS",
    "LANE",
    "LOGS",
    "S3_STATE",
    "TREE",
    "WORK",
    "work_of",
)
