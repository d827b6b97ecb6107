# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images with one layer of Go programs over Debian's, under the names that the real ones have.

Only what some tests run is in them, so they are made when asked for, and served by a registry that may run already.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import typing as t
from dataclasses import asdict, dataclass, field
from pathlib import Path

from kubelab.cache import cached, digest_of, find_cached
from kubelab.commands import say
from kubelab.golang import KOPIA, VELERO, VELERO_RESTORE_HELPER, GoBuild
from kubelab.model import Lab
from kubelab.oci import Layer, RegistryTree, copy_tree
from kubelab.oci_reading import has_image, layers_of

_BASE = "library/debian:bookworm"
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramImage:
    """An image: ``programs`` are the builds by the paths that each program has in it; a file's name is the program's.

    ``module`` is the one whose version is the tag, with or without the ``v`` in ``tag``.
    """

    repository: str
    tag: str  # with {} where the version without its v is
    module: str
    programs: t.Mapping[str, GoBuild]
    directories: t.Mapping[str, tuple[int, int]] = field(default_factory=dict)  # and their owner and group
    config: t.Mapping[str, t.Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As a pod names it."""
        return f"docker.io/{self._name}"

    @property
    def _name(self) -> str:
        build = next(iter(self.programs.values()))
        return f"{self.repository}:{self.tag.format(build.pinned(self.module).removeprefix('v'))}"

    @property
    def _kind(self) -> str:
        return f"image-{self.repository.replace('/', '-')}"

    @property
    def _key(self) -> str:
        code = [Path(__file__).with_name(name) for name in ("program_images.py", "oci.py")]
        return digest_of(*code, *(build.source for build in self.programs.values()), *self.programs)

    def build(self) -> Path:
        """The layer, in a tree for a registry; the programs are built and it is made when they are not there yet."""
        return cached(self._kind, self._key, self._make)

    def built(self) -> Path | None:
        """The same; None when it has not been made."""
        return find_cached(self._kind, self._key)

    def serve(self, lab: Lab) -> str:
        """Have the registry of a cluster serve the image, which runs or is about to; its name."""
        made = self.build()
        copy_tree(made / "tree", lab.registry)
        tree = RegistryTree(lab.registry)
        layer = Layer(**json.loads((made / "layer.json").read_text(encoding="utf-8")))
        tree.add_image([self._name], [*layers_of(lab.registry, _BASE), layer], self.config)
        return self.name

    def is_served(self, lab: Lab) -> bool:
        """Whether a cluster's registry has it."""
        return has_image(lab.registry, self._name)

    def _make(self, into: Path) -> None:
        programs = {path: build.directory() / Path(path).name for path, build in self.programs.items()}
        say(f"Making the image {self.name}")
        with tempfile.TemporaryDirectory(prefix="arkive-image-") as temporary:
            root = Path(temporary) / "root"
            for directory, owner in self.directories.items():
                (root / directory).mkdir(parents=True)
                os.chown(root / directory, *owner)
            for path, program in programs.items():
                target = root / path
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(program, target)
                target.chmod(0o755)
            layer = RegistryTree(into / "tree").add_layer(root)
        (into / "layer.json").write_text(json.dumps(asdict(layer)), encoding="utf-8")


#: As tools/docker/Dockerfile of kopia has it, whose base is ubuntu:jammy; without rclone, sshfs and fuse. The program
#: is in usr/bin, to which /bin is a link there as here.
KOPIA_IMAGE = ProgramImage(
    repository="kopia/kopia",
    tag="{}",
    module="github.com/kopia/kopia",
    programs={"usr/bin/kopia": KOPIA},
    directories={"app": (0, 0)},
    config={
        "Env": [
            _PATH,
            "TERM=xterm-256color",
            "LC_ALL=C.UTF-8",
            "KOPIA_CONFIG_PATH=/app/config/repository.config",
            "KOPIA_LOG_DIR=/app/logs",
            "KOPIA_CACHE_DIRECTORY=/app/cache",
            "RCLONE_CONFIG=/app/rclone/rclone.conf",
            "KOPIA_PERSIST_CREDENTIALS_ON_CONNECT=false",
            "KOPIA_CHECK_FOR_UPDATES=false",
        ],
        "WorkingDir": "/app",
        "Entrypoint": ["/bin/kopia"],
    },
)


#: As Velero's Dockerfile has it, whose base has no shell; without velero-helper and restic, which 1.18 runs for nobody.
VELERO_IMAGE = ProgramImage(
    repository="velero/velero",
    tag="v{}",
    module="github.com/vmware-tanzu/velero",
    programs={"velero": VELERO, "velero-restore-helper": VELERO_RESTORE_HELPER},
    directories={"home/cnb": (1002, 1000)},
    config={"Env": [_PATH, "HOME=/home/cnb"], "User": "1002:1000"},  # cnb of paketobuildpacks/run-jammy-tiny
)


def find_kopia() -> Path | None:
    """The program, for the host; None when it has not been built."""
    found = KOPIA.built()
    return found / "kopia" if found else None


__all__ = ["KOPIA_IMAGE", "VELERO_IMAGE", "ProgramImage", "find_kopia"]
