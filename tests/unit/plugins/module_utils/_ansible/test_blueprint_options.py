# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options of blueprints, as the room of blueprints takes them."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from ansible_collections.arkive.k8s.plugins.module_utils._ansible import blueprint_options as options
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import MASK

BLUEPRINT = """
apiVersion: cr.kanister.io/v1alpha1
kind: Blueprint
metadata: {name: NAME}
actions: {}
"""
PLAIN = {"definition": None, "src": None}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "inner").mkdir()
    (tmp_path / "one.yml").write_text(BLUEPRINT.replace("NAME", "one"))
    (tmp_path / "inner" / "two.yaml").write_text(BLUEPRINT.replace("NAME", "two"))
    (tmp_path / "service.yml").write_text("apiVersion: v1\nkind: Service\n")
    return tmp_path


def test_a_folder_is_read_with_the_folders_in_it(folder: Path) -> None:
    found = options.given_blueprints({**PLAIN, "src": str(folder)}, folder=True)
    assert sorted(each.blueprint.name for each in found) == ["one", "two"]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        pytest.param(lambda d: options.given_blueprints({**PLAIN, "src": str(d)}), "is a folder", id="a folder to run"),
        pytest.param(lambda d: options.blueprints_of_files(str(d / "none.yml")), "cannot be read", id="no file"),
        pytest.param(
            lambda d: options.chosen_blueprint(options.blueprints_of_files(str(d)), None), "More than one", id="several"
        ),
        pytest.param(
            lambda d: options.chosen_blueprint(options.blueprints_of_files(str(d)), "three"), "There is no", id="none"
        ),
        pytest.param(lambda _d: options.refuse_profile({"profile": {}}), "no location profiles", id="a profile"),
        pytest.param(lambda _d: options.subject_of(None), "works on a subject", id="no subject"),
        pytest.param(lambda _d: options.phase_seconds({"phase_timeout": "soon"}), "soon", id="no duration"),
        pytest.param(lambda _d: options.phase_seconds({"phase_timeout": "0s"}), "more than 0", id="no time"),
    ],
)
def test_what_is_refused(folder: Path, make: t.Callable[[Path], t.Any], said: str) -> None:
    with pytest.raises(ArkiveError) as caught:
        make(folder)
    assert said in caught.value.sentence


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"login": "db"}, "secrets.login is no reference"),
        ({"login": {"name": "db"}}, "secrets.login is no reference"),
        ({"login": {"name": "", "namespace": "shop"}}, "an empty name"),
    ],
)
def test_a_reference_that_is_none_is_refused(given: dict[str, t.Any], said: str) -> None:
    with pytest.raises(ArkiveError, match=said):
        options.references_of(given, "secrets", "Secret")


def test_references_have_the_kind_that_the_option_is_for() -> None:
    found = options.references_of({"login": {"name": "db", "namespace": "shop"}}, "secrets", "Secret")
    assert (found["login"].kind, found["login"].namespace) == ("Secret", "shop")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"dump": "text"}, "is not one"),
        ({"dump": {"keyValue": {}, "other": 1}}, "is not one"),
        ({"dump": {"keyValue": {"password": MASK}}}, "show_secrets"),
    ],
)
def test_an_artifact_that_is_none_or_masked_is_refused(given: dict[str, t.Any], said: str) -> None:
    with pytest.raises(ArkiveError) as caught:
        options.artifacts_of(given)
    assert said in caught.value.sentence
