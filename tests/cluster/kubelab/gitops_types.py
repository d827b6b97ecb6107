# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The custom resource definitions of Argo CD and Flux, read from their Go modules: nothing of them is built for it."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import zipfile
from pathlib import Path

from kubelab.cache import cached, digest_of
from kubelab.commands import LabError
from kubelab.golang import find_go

#: Module, version, and the files of it that are wanted.
MODULES = (
    ("github.com/fluxcd/kustomize-controller", "v1.7.3", ("config/crd/bases/",)),
    ("github.com/fluxcd/helm-controller", "v1.4.3", ("config/crd/bases/",)),
    (
        "github.com/argoproj/argo-cd/v3",
        "v3.6.1",
        ("manifests/crds/application-crd.yaml", "manifests/crds/applicationset-crd.yaml"),
    ),
)


def gitops_types() -> Path:
    """A folder with a file for each definition."""

    def make(into: Path) -> None:
        for module, version, wanted in MODULES:
            root = f"{module}@{version}/"
            with zipfile.ZipFile(_download(module, version)) as archive:
                for name in archive.namelist():
                    path = name.removeprefix(root)
                    if path.startswith(wanted) and path.endswith(".yaml"):
                        (into / Path(path).name).write_bytes(archive.read(name))

    return cached("gitops-types", digest_of(json.dumps(MODULES)), make)


def _download(module: str, version: str) -> str:
    """Its zip file. A module that asks for a newer Go is downloaded, checked, and reported as an error."""
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod", "GOWORK": "off"}
    with tempfile.TemporaryDirectory(prefix="arkive-go-") as empty:
        done = subprocess.run(
            [find_go(), "mod", "download", "-json", f"{module}@{version}"],
            cwd=empty,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    try:
        found = json.loads(done.stdout)
    except ValueError:
        found = {}
    if not (found.get("Zip") and found.get("Sum")):
        raise LabError(f"{module} {version} cannot be downloaded: {found.get('Error') or done.stderr}")
    return str(found["Zip"])


__all__ = ["MODULES", "gitops_types"]
