# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is noticed while data in repositories is seen to is in the result, however the task ends."""

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._catalog import delete
from ansible_collections.arkive.k8s.plugins.module_utils._catalog.delete import DeletedBackup
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.issues import Issues
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.prune_outcome import PruneOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.repositories import work
from ansible_collections.arkive.k8s.plugins.module_utils._lifecycle.repositories.request import RepositoryOutcome
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.moving import Moving
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.provider import VolumeContext
from ansible_collections.arkive.k8s.plugins.modules import k8s_backup, k8s_backup_prune, k8s_backup_repository

Runner: t.TypeAlias = "t.Callable[..., dict[str, t.Any]]"

AUTH = {"host": "https://127.0.0.1:1", "api_key": "token"}
KEYS, OWN = "The pods get the keys of the location.", "A file is left."


class Engine:
    """Notices something of the mover, as pods do, and of its own; it returns ``outcome``, or fails."""

    def __init__(self, outcome: t.Any, *, fails: bool) -> None:
        self.moving: Moving | None = None
        self._outcome = outcome
        self._fails = fails

    def make_providers(self, context: VolumeContext) -> list[t.Any]:
        self.moving = context.moving
        return []

    def look_after(self, _request: t.Any, moving: Moving, _client: t.Any, **_how: t.Any) -> t.Any:
        self.moving = moving
        return self()

    def __call__(self, *_given: t.Any, **_how: t.Any) -> t.Any:
        assert self.moving is not None
        self.moving.run.issues.warning(KEYS)
        if self._fails:
            raise ArkiveError("It stays.", details={"warnings_list": [{"message": OWN}]})
        return self._outcome


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("fails", [True, False])
@pytest.mark.parametrize("name", ["absent", "prune", "repository"])
def test_what_the_mover_has_noticed_is_in_the_result(
    run_module: Runner,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: pathlib.Path,
    name: str,
    fails: bool,
    check_mode: bool,
) -> None:
    location = {"storage_location": {"path": str(tmp_path)}, "check_mode": check_mode, **AUTH}
    if name == "absent":
        engine = Engine(DeletedBackup(location="l", issues=Issues.of(warnings=[OWN])), fails=fails)
        monkeypatch.setattr(k8s_backup, "make_providers", engine.make_providers)
        monkeypatch.setattr(delete, "delete_backup", engine)
        result = run_module(k8s_backup, name="b", state="absent", **location)
    elif name == "prune":
        engine = Engine(PruneOutcome(location="l", warnings=(OWN,)), fails=fails)
        monkeypatch.setattr(k8s_backup_prune, "make_providers", engine.make_providers)
        monkeypatch.setattr(k8s_backup_prune, "prune", engine)
        result = run_module(k8s_backup_prune, keep_last=3, **location)
    else:
        outcome = RepositoryOutcome(where="l", namespace="shop", repository_state="usable", warnings=(OWN,))
        engine = Engine(outcome, fails=fails)
        monkeypatch.setattr(work, "look_after", engine.look_after)
        result = run_module(k8s_backup_repository, namespace="shop", **location)
    assert result["failed"] is fails
    assert [each["message"] for each in result["warnings_list"]] == [KEYS, OWN]
    assert result["warnings"] == [KEYS, OWN]
