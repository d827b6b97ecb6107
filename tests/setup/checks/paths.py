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

#: Of this checkout alone.
CHECKOUT_ID = hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:12]
WORK = CACHE / f"checkout-{CHECKOUT_ID}"

#: The root of Ansible's collections, with a copy of this checkout at the place where ansible-test wants it.
COLLECTIONS = WORK / "collections"
TREE = COLLECTIONS / "ansible_collections" / "arkive" / "k8s"

#: The state of the local cluster: a short path, as there are sockets in it.
CLUSTER_STATE = CACHE / f"lab-{CHECKOUT_ID}"

#: The state of an S3 server that stands alone.
S3_STATE = CACHE / f"s3-{CHECKOUT_ID}"

LOGS = WORK / "logs"

__all__ = ("CACHE", "CHECKOUT", "CHECKOUT_ID", "CLUSTER_STATE", "COLLECTIONS", "LOGS", "S3_STATE", "TREE", "WORK")
