# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images of Go programs: named as the real ones, served over the base image of the cluster that serves them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from kubelab.commands import LabError
from kubelab.golang import KOPIA, GoBuild
from kubelab.model import Lab
from kubelab.oci import Layer, RegistryTree
from kubelab.oci_reading import has_image, layers_of
from kubelab.program_images import KOPIA_IMAGE, ProgramImage

MODULE = "example.test/tool"


class _BuiltTool(GoBuild):
    """A build whose program is there already."""

    def directory(self) -> Path:
        return self.source.parent / "built"


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProgramImage:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    source = tmp_path / "source"
    source.mkdir()
    (tmp_path / "built").mkdir()
    (source / "go.mod").write_text(f"module tool\n\nrequire {MODULE} v1.2.3\n", encoding="utf-8")
    (tmp_path / "built/tool").write_bytes(b"\x7fELF")
    build = _BuiltTool(name="tool", packages=(MODULE,), folder=source)
    config = {"Entrypoint": ["/bin/tool"]}
    return ProgramImage(
        repository="some/tool", tag="{}", module=MODULE, programs={"usr/bin/tool": build}, config=config
    )


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """A cluster whose registry has the base image."""
    (tmp_path / "base/bin").mkdir(parents=True)
    tree = RegistryTree(tmp_path / "state/registry")
    tree.add_image(["library/debian:bookworm"], [tree.add_layer(tmp_path / "base")], {"Cmd": ["sh"]})
    return Lab(state=tmp_path / "state")


def test_it_is_served_over_the_base(image: ProgramImage, lab: Lab) -> None:
    assert not image.is_served(lab)
    assert image.serve(lab) == "docker.io/some/tool:1.2.3"
    assert image.is_served(lab)
    base = layers_of(lab.registry, "library/debian:bookworm")
    made = json.loads((image.build() / "layer.json").read_text(encoding="utf-8"))
    assert layers_of(lab.registry, "some/tool:1.2.3") == [*base, Layer(**made)]


def test_serving_again_changes_nothing(image: ProgramImage, lab: Lab) -> None:
    image.serve(lab)
    before = {path: path.read_bytes() for path in lab.registry.rglob("*") if path.is_file()}
    image.serve(lab)
    assert {path: path.read_bytes() for path in lab.registry.rglob("*") if path.is_file()} == before


def test_it_is_made_once(image: ProgramImage) -> None:
    assert image.built() is None
    made = image.build()
    (image.programs["usr/bin/tool"].directory() / "tool").unlink()
    assert (image.built(), image.build()) == (made, made)


def test_a_tree_has_only_what_was_added(lab: Lab) -> None:
    found = [has_image(lab.registry, f"library/{name}") for name in ("debian:bookworm", "debian:1", "other:bookworm")]
    assert found == [True, False, False]
    with pytest.raises(FileNotFoundError):
        layers_of(lab.registry, "library/debian:1")


def test_a_module_that_is_not_asked_for(image: ProgramImage) -> None:
    with pytest.raises(LabError, match=r"does not ask for example\.test/other"):
        image.programs["usr/bin/tool"].pinned("example.test/other")


def test_kopia_is_the_version_that_go_mod_pins() -> None:
    assert KOPIA_IMAGE.name == f"docker.io/kopia/kopia:{KOPIA.pinned('github.com/kopia/kopia').removeprefix('v')}"
