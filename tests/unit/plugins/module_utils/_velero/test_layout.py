# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._velero.layout import (
    LONGEST_NAME,
    BackupKeys,
    RestoreKeys,
    check_top_level,
)


@pytest.mark.parametrize(
    ("attribute", "key"),
    [
        ("directory", "backups/n.1/"),
        ("metadata", "backups/n.1/velero-backup.json"),
        ("tarball", "backups/n.1/n.1.tar.gz"),
        ("logs", "backups/n.1/n.1-logs.gz"),
        ("results", "backups/n.1/n.1-results.gz"),
        ("resource_list", "backups/n.1/n.1-resource-list.json.gz"),
        ("volumeinfo", "backups/n.1/n.1-volumeinfo.json.gz"),
        ("volumesnapshots", "backups/n.1/n.1-volumesnapshots.json.gz"),
        ("podvolumebackups", "backups/n.1/n.1-podvolumebackups.json.gz"),
        ("itemoperations", "backups/n.1/n.1-itemoperations.json.gz"),
        ("arkive_record", "backups/n.1/n.1-arkive.json.gz"),
        ("write_lock", "backups/n.1/n.1-arkive-claim.json"),
    ],
)
def test_backup_keys(attribute: str, key: str) -> None:
    """Velero 1.18; the last two are ours."""
    assert getattr(BackupKeys("n.1"), attribute) == key


@pytest.mark.parametrize(
    ("attribute", "key"),
    [
        ("directory", "restores/r/"),
        ("logs", "restores/r/restore-r-logs.gz"),
        ("results", "restores/r/restore-r-results.gz"),
        ("resource_list", "restores/r/restore-r-resource-list.json.gz"),
        ("itemoperations", "restores/r/restore-r-itemoperations.json.gz"),
        pytest.param("volumeinfo", "restores/r/r-volumeinfo.json.gz", id="no prefix: compat trap 9"),
    ],
)
def test_restore_keys(attribute: str, key: str) -> None:
    assert getattr(RestoreKeys("r"), attribute) == key


def test_each_file_of_the_longest_name_fits_into_a_directory() -> None:
    """255 bytes (ext4, XFS): else a backup that says Completed has files that cannot be there."""
    for keys in (BackupKeys("x" * LONGEST_NAME), RestoreKeys("x" * LONGEST_NAME)):
        longest = max(len(segment) for key in vars(keys).values() for segment in key.split("/"))
        assert longest <= 255


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../a", "A", "a_b", "-a", "a" * 254])
def test_bad_names(name: str) -> None:
    with pytest.raises(ValidationError, match="cannot be the name of a backup"):
        BackupKeys(name)
    with pytest.raises(ValidationError, match="cannot be the name of a restore"):
        RestoreKeys(name)


@pytest.mark.parametrize(
    ("prefixes", "message"),
    [
        pytest.param([], None, id="empty"),
        pytest.param(["backups/", "restores/", "restic/", "metadata/", "plugins/", "kopia/"], None, id="all allowed"),
        pytest.param(
            ["backups/", "b/", "a/"], "Backup store contains invalid top-level directories: [a b]", id="two strangers"
        ),
        pytest.param(
            ["d/", "c/", "b/", "a/"],
            "Backup store contains 4 invalid top-level directories: [a b c ...]",
            id="more than three",
        ),
        pytest.param(["Backups"], "Backup store contains invalid top-level directories: [Backups]", id="upper case"),
    ],
)
def test_top_level(prefixes: list[str], message: str | None) -> None:
    """Velero 1.18: the texts are its own."""
    if message is None:
        check_top_level(prefixes)
        return
    with pytest.raises(ValidationError) as caught:
        check_top_level(prefixes)
    assert caught.value.message == message
