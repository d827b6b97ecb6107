# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A misspelt option is named first, not what is missing because of it."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.arkive.k8s.plugins.modules import (
    k8s_backup,
    k8s_backup_diff,
    k8s_backup_export,
    k8s_backup_info,
    k8s_backup_report,
    k8s_backup_schedule,
    k8s_backup_verify,
    k8s_db_dump,
    k8s_db_verify,
    k8s_hook_exec,
    k8s_restore,
)

PLACE = {"path": "/tmp"}


@pytest.mark.parametrize(
    ("module", "arguments", "sentence"),
    [
        pytest.param(
            k8s_backup_info,
            {"storage_location": {"buckt": "x"}},
            "There is no option 'buckt' in storage_location; did you mean 'bucket'? ",
            id="instead of one that is required",
        ),
        pytest.param(
            k8s_backup_info,
            {"storage_location": {"bucket": "x", "path": "/tmp", "endpoint": "http://s3"}},
            "There is no option 'endpoint' in storage_location; did you mean 'endpoint_url'? ",
            id="beside another mistake",
        ),
        pytest.param(
            k8s_backup, {"nmae": "x", "storage_location": PLACE}, "There is no option 'nmae'; did you mean 'name'? ",
            id="at the top",
        ),
        pytest.param(
            k8s_restore, {"backup": "b", "storage_location": {**PLACE, "zzzzzz": 1}},
            "There is no option 'zzzzzz' in storage_location. ", id="like none",
        ),
        pytest.param(
            k8s_backup_info, {"bucket": "x"}, "There is no option 'bucket'; it belongs into storage_location. ",
            id="at the top instead of within",
        ),
        pytest.param(
            k8s_backup_schedule, {"name": "shop", "included_namespaces": ["shop"], "storage_location": PLACE},
            "There is no option 'included_namespaces'; it belongs into template. ", id="an option of the backups",
        ),
        pytest.param(
            k8s_hook_exec, {"namespce": "x"}, "There is no option 'namespce'; did you mean 'namespace'? ", id="hooks"
        ),
    ],
)  # fmt: skip
def test_named_with_the_nearest(
    run_module: t.Callable[..., dict[str, t.Any]], module: t.Any, arguments: dict[str, t.Any], sentence: str
) -> None:
    result = run_module(module, **arguments)
    assert result["failed"]
    assert result["msg"].startswith(sentence)
    assert result["errors_list"][0]["message"].startswith(sentence.strip())


@pytest.mark.parametrize(
    ("module", "word", "name"),
    [
        *((module, "backup", "name") for module in (k8s_backup, k8s_backup_diff, k8s_backup_export, k8s_backup_info)),
        *((module, "backup_name", "name") for module in (k8s_backup_report, k8s_backup_verify, k8s_backup_diff)),
        *((module, "name", "backup") for module in (k8s_db_dump, k8s_db_verify)),
    ],
)
def test_what_other_modules_call_it(
    run_module: t.Callable[..., dict[str, t.Any]], module: t.Any, word: str, name: str
) -> None:
    result = run_module(module, **{word: "shop-1", "storage_location": PLACE})
    assert result["msg"].startswith(f"There is no option '{word}'; did you mean '{name}'? ")


def test_a_secret_under_a_wrong_name(run_module: t.Callable[..., dict[str, t.Any]]) -> None:
    place = {"bucket": "x", "access_key": "AKIAIOSFODNN7EXAMPLE", "secret_ky": "wJalrXUtnFEMI/K7MDENG"}
    result = run_module(k8s_backup_info, storage_location=place)
    assert "did you mean 'secret_key'?" in result["msg"]
    assert "wJalrXUtnFEMI" not in str(result)


def test_what_is_known_is_not_named(run_module: t.Callable[..., dict[str, t.Any]]) -> None:
    """Aliases are names, too."""
    result = run_module(k8s_backup, name="n", namespaces=["a"], storage_location={"path": "/tmp", "bucket": "b"})
    assert "There is no option" not in result["msg"]
    assert "mutually exclusive" in result["msg"]
