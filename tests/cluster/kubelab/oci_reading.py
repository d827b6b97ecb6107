# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What images a registry's tree holds, as ``kubelab.oci`` writes it. ``name`` is ``repository:tag`` everywhere."""

from __future__ import annotations

import json
from pathlib import Path

from kubelab.oci import Layer

_BASE = "docker/registry/v2"


def has_image(root: Path, name: str) -> bool:
    """Whether there is an image of this name."""
    return _tag(root, name).exists()


def layers_of(root: Path, name: str) -> list[Layer]:
    """The layers of an image, the lowest first; FileNotFoundError when there is none."""
    digest = _tag(root, name).read_text(encoding="ascii").removeprefix("sha256:")
    manifest = json.loads((root / _BASE / "blobs/sha256" / digest[:2] / digest / "data").read_bytes())
    return [Layer(each["digest"], each["size"]) for each in manifest["layers"]]


def _tag(root: Path, name: str) -> Path:
    repository, tag = name.rsplit(":", 1)
    return root / _BASE / "repositories" / repository / "_manifests/tags" / tag / "current/link"


__all__ = ["has_image", "layers_of"]
