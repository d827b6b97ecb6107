# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Archives of clusters from 1.16 to 1.33, by what our own reader makes of them and into what they turn.

What a real server says of the objects is in tests/integration/live/restore/test_restore_old_clusters.py.
"""

from __future__ import annotations

import io

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._archive.tarball_reader import TarballReader
from ansible_collections.arkive.k8s.plugins.module_utils._core.names import GroupResource
from ansible_collections.arkive.k8s.plugins.module_utils._restore.choose.contents import BackupContents
from ansible_collections.arkive.k8s.plugins.module_utils._restore.conversions.converter import Converter
from ansible_collections.arkive.k8s.plugins.module_utils._restore.conversions.gone import GONE
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.cluster_versions import (
    MINORS,
    TARGET,
    TYPES,
)
from ansible_collections.arkive.k8s.tests.unit.plugins.module_utils._restore.old_archives import OldCluster, tarball_of

_SERVED = {(one.api_version(version), one.kind) for one in TYPES for version in one.at(TARGET)}
_MOVED_GROUPS = {"extensions"}


def serves(api_version: str, kind: str) -> bool:
    return "/" not in api_version or api_version.endswith("example.org/v1") or (api_version, kind) in _SERVED


@pytest.mark.parametrize("everything", [False, True], ids=["preferred", "all versions"])
@pytest.mark.parametrize("minor", MINORS)
def test_each_stored_object_turns_into_one_that_is_served(minor: int, everything: bool) -> None:
    stored = OldCluster(minor, "shop", "m").stored(everything=everything)
    with TarballReader.open(io.BytesIO(tarball_of(stored))) as reader:
        reader.verify()
        contents = BackupContents(reader)
        assert sum(len(contents.refs(kind)) for kind in contents.types) == sum(one.preferred for one in stored)
        contents.convert(Converter(serves))
        for kind in contents.types:
            assert kind.group not in _MOVED_GROUPS
            for ref in contents.refs(kind):
                found = contents.read_converted(ref)
                key = (found.body["apiVersion"], found.body["kind"])
                assert not found.refusal, (ref, found.refusal)
                assert serves(*key) or key in GONE or key[1] == "Event", key


@pytest.mark.parametrize("minor", MINORS)
def test_the_directories_of_versions_hold_what_the_server_had(minor: int) -> None:
    stored = OldCluster(minor, "shop", "m").stored(everything=True)
    with TarballReader.open(io.BytesIO(tarball_of(stored))) as reader:
        for one in TYPES:
            found = set(reader.versions(GroupResource.parse(one.group_resource)))
            there = one.at(minor)
            assert found <= {f"{there[0]}-preferredversion", *there[1:]} if there else not found


def test_a_definition_lies_under_the_paths_of_v1_in_v1beta1_as_long_as_servers_had_both() -> None:
    name = "customresourcedefinitions.apiextensions.k8s.io"
    for minor in MINORS:
        (one,) = [one for one in OldCluster(minor, "shop", "m").stored() if one.group_resource == name]
        assert one.directory == "v1-preferredversion"
        assert one.obj["apiVersion"].endswith("/v1beta1" if minor < 22 else "/v1")
