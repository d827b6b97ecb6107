# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of the kinds of stores, one row for each: nobody else asks of which kind a location is."""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError
from ansible_collections.arkive.k8s.plugins.module_utils._store.local.location import LocalLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.location import StorageLocation
from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.location import S3Location

if t.TYPE_CHECKING:
    from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
    from ansible_collections.arkive.k8s.plugins.module_utils._store.store import Store


class DownloadUrl(t.Protocol):
    """Makes an address for a key that is good for ``seconds``.

    ``public_url``: the endpoint by which others reach the location, empty when it is the location's own.
    """

    def __call__(self, location: t.Any, key: str, *, seconds: int, public_url: str = "", cancel: CancelToken) -> str:
        """The address, which works for ``seconds``."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StoreKind:
    """A location that has ``option`` is of this kind; ``title`` is for people.

    ``library``: what it needs beside the collection's own, empty for nothing. ``attempts``: how often a request is made
    that gets no answer, 1 where the kind's own client sees to that. ``download_url``: the address of an object, by
    which anybody can read it for a while; None where the kind has none.
    """

    option: str
    title: str
    location: type[StorageLocation]
    open: t.Callable[[t.Any, CancelToken], Store]
    library: str = ""
    attempts: int = 1
    download_url: DownloadUrl | None = None

    @property
    def options(self) -> dict[str, dataclasses.Field[t.Any]]:
        """The fields of its locations that are options, by name."""
        return {field.name: field for field in dataclasses.fields(self.location) if not field.metadata.get("found")}


def _open_local(location: LocalLocation, _cancel: CancelToken) -> Store:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.local.store import LocalStore

    return LocalStore(location)


def _open_s3(location: S3Location, cancel: CancelToken) -> Store:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.store import S3Store

    return S3Store(location, cancel)


def _presign(location: S3Location, key: str, *, seconds: int, public_url: str = "", cancel: CancelToken) -> str:
    from ansible_collections.arkive.k8s.plugins.module_utils._store.s3.download_url import presign_download

    return presign_download(location, key, seconds=seconds, public_url=public_url, cancel=cancel)


KINDS = (
    StoreKind(option="path", title="a local directory", location=LocalLocation, open=_open_local),
    StoreKind(
        option="bucket",
        title="an S3 bucket",
        location=S3Location,
        open=_open_s3,
        library="boto3",
        download_url=_presign,
    ),
)


def find_kind(options: t.Mapping[str, t.Any]) -> StoreKind:
    """The kind of the location that has these options. Raises ``ValidationError`` where they name none, or several."""
    named = [kind for kind in KINDS if options.get(kind.option)]
    if len(named) == 1:
        return named[0]
    if named:
        what = "both " + " and ".join(f"'{kind.option}'" for kind in named)
    else:
        what = "neither " + " nor ".join(f"'{kind.option}'" for kind in KINDS)
    name, ways = options.get("name") or "default", [f"'{kind.option}' for {kind.title}" for kind in KINDS]
    raise ValidationError(f"The storage location '{name}' has {what}.", hint=f"Give {' or '.join(ways)}.")


def kind_of(location: StorageLocation) -> StoreKind:
    """The row of ``location``."""
    return next(kind for kind in KINDS if isinstance(location, kind.location))


def make_location(options: t.Mapping[str, t.Any]) -> StorageLocation:
    """The location that has these options; None stands for one that was not given.

    Raises ``ValidationError`` when they contradict each other.
    """
    kind = find_kind(options)
    foreign = {
        name: other for other in KINDS if other is not kind for name in other.options if name not in kind.options
    }
    own = {name: value for name, value in options.items() if value is not None and name not in foreign}
    location = kind.location(**own)
    _refuse_foreign(location, kind, {name: other for name, other in foreign.items() if options.get(name) is not None})
    return location


def _refuse_foreign(location: StorageLocation, kind: StoreKind, given: t.Mapping[str, StoreKind]) -> None:
    # One with a default of its own cannot be distinguished from one that was not given.
    wrong = {name: other for name, other in given.items() if other.options[name].default is None}
    if wrong:
        owners = " or ".join(dict.fromkeys(f"'{other.option}'" for other in wrong.values()))
        raise ValidationError(
            f"The storage location '{location.name}' is {kind.title}, so {', '.join(wrong)} cannot apply.",
            hint=f"Those options belong to a location with {owners}.",
        )


__all__ = ("KINDS", "StoreKind", "find_kind", "kind_of", "make_location")
