# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option ``snapshot_location`` (documented in the fragment ``_ebs``)."""

# Private: not for use outside of this collection.

from __future__ import annotations

import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._ansible.argument_spec import ArgumentSpec
from ansible_collections.arkive.k8s.plugins.module_utils._ansible.aws_options import AWS
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_location import SnapshotLocation

_LOCATION = ArgumentSpec(
    options={"name": {"type": "str", "default": "default"}, "cluster_name": {"type": "str"}},
).merge(AWS)

EBS = ArgumentSpec(options={"snapshot_location": _LOCATION.to_option()})


def snapshot_location(params: t.Mapping[str, t.Any]) -> SnapshotLocation | None:
    """The location that the option names, None without it; raises ``ValidationError`` when it contradicts itself."""
    given = params["snapshot_location"]
    if given is None:
        return None
    return SnapshotLocation(**{name: value for name, value in given.items() if value is not None})


__all__ = ("EBS", "snapshot_location")
