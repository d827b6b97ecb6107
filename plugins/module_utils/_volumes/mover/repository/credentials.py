# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keys that a pod gets: short-lived and bound to one repository where the server gives such.

Whoever may read Secrets or make pods in the namespace can read them while they are there. AWS gives bound keys by
GetFederationToken to users, and by no way to roles; servers that speak like it (MinIO) by AssumeRole.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import math
import typing as t

from ansible_collections.arkive.k8s.plugins.module_utils._aws.access import AwsAccess
from ansible_collections.arkive.k8s.plugins.module_utils._aws.client import AwsKeys, find_keys, make_client
from ansible_collections.arkive.k8s.plugins.module_utils._aws.errors import exception_text
from ansible_collections.arkive.k8s.plugins.module_utils._core.cancellation import CancelToken
from ansible_collections.arkive.k8s.plugins.module_utils._core.clock import rfc3339
from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ArkiveError
from ansible_collections.arkive.k8s.plugins.module_utils._core.secrets import remember_secrets
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.errors import MoverError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.mover.model import CredentialsKind, RepositoryPlace

#: The longest that AWS lends keys for, and the shortest, in seconds (GetFederationToken).
_LONGEST = 129600
_SHORTEST = 900
#: Until a pod has them, and for what differs between two clocks, in seconds.
_MARGIN = 300
#: MinIO's AssumeRole asks for a role and looks at none.
_ANY_ROLE = "arn:aws:iam::000000000000:role/arkive"
_SESSION = "arkive-k8s"
_HOLD = ("s3:ListBucket", "s3:GetBucketLocation")
_READ = ("s3:GetObject",)
_WRITE = ("s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")
STATIC_WARNING = (
    "The pods that move data get the keys of the storage location itself, which do not end by themselves and open all "
    "of it: {why}. Whoever may read Secrets, or make pods, in a namespace whose volumes are moved can read them "
    "meanwhile."
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PodKeys:
    """``bound``: they open one repository, and end. ``warning``: a sentence where they are not, empty otherwise."""

    keys: AwsKeys
    bound: bool = False
    warning: str = ""

    def secret_data(self, password: str) -> dict[str, str]:
        """What the pod's environment gets, by the names that kopia looks for."""
        found = {
            "AWS_ACCESS_KEY_ID": self.keys.access_key,
            "AWS_SECRET_ACCESS_KEY": self.keys.secret_key,
            "KOPIA_PASSWORD": password,
        }
        return found | ({"AWS_SESSION_TOKEN": self.keys.session_token} if self.keys.session_token else {})


class KeySource:
    """Gives keys for pods, as ``kind`` wants. Raises ``MoverError``.

    ``location`` is the name of the storage location, for people. ``now``: this machine's clock, by which those that it
    has found itself expire.
    """

    def __init__(
        self,
        access: AwsAccess,
        kind: CredentialsKind,
        *,
        location: str,
        cancel: CancelToken,
        now: t.Callable[[], dt.datetime],
    ) -> None:
        self._access = access
        self._where = f"the storage location '{location}'"
        self._kind = kind
        self._cancel = cancel
        self._now = now
        self._refused = ""

    def keys(self, place: RepositoryPlace, *, write: bool, seconds: float) -> PodKeys:
        """Keys for the repository at ``place`` that last for ``seconds``: refreshed in a running pod they cannot be."""
        found = self._find(place, write=write, seconds=seconds)
        remember_secrets((found.keys.secret_key, found.keys.session_token))
        return found

    def _find(self, place: RepositoryPlace, *, write: bool, seconds: float) -> PodKeys:
        if self._kind != "static" and not self._refused:
            try:
                return PodKeys(keys=self._lent(place, write=write, seconds=seconds), bound=True)
            except MoverError as exc:
                if self._kind == "sts":
                    raise
                self._refused = exc.message.rstrip(".")
        keys = self._own()
        self._require_life(keys, seconds)
        why = self._refused or "mover.credentials is 'static'"
        return PodKeys(keys=keys, warning=STATIC_WARNING.format(why=why))

    def _own(self) -> AwsKeys:
        return find_keys(
            self._access, what="S3", error=MoverError, explain=self._explain("find keys"), cancel=self._cancel
        )

    def _require_life(self, keys: AwsKeys, seconds: float) -> None:
        if keys.expires is not None and keys.expires < self._now() + dt.timedelta(seconds=seconds):
            raise MoverError(
                f"The credentials of {self._where} end at {rfc3339(keys.expires)}, "
                f"before moving data may have ended, which has {seconds:.0f} s.",
                hint="Get new ones, or lower item_operation_timeout.",
            )

    def _lent(self, place: RepositoryPlace, *, write: bool, seconds: float) -> AwsKeys:
        """By STS. Raises ``MoverError`` with what it says."""
        own = self._own()
        ends_by_itself = bool(own.session_token)
        amazon = not self._access.endpoint_url
        if amazon and ends_by_itself:
            raise MoverError("AWS lends no bound keys to a role or a session.")
        duration = math.ceil(max(seconds + _MARGIN, _SHORTEST))
        if duration > _LONGEST:
            raise MoverError(f"AWS lends keys for {_LONGEST} s at most, and moving data may take {seconds:.0f} s.")
        client, errors = make_client(
            "sts",
            self._access,
            what="STS",
            error=MoverError,
            explain=self._explain("use STS"),
            max_connections=1,
            cancel=self._cancel,
            default_region="us-east-1",
            retries={"mode": "standard", "total_max_attempts": 2},
        )
        policy = bound_policy(place, write=write)
        try:
            if amazon:
                answer = client.get_federation_token(Name=_SESSION, Policy=policy, DurationSeconds=duration)
            else:
                answer = client.assume_role(
                    RoleArn=_ANY_ROLE, RoleSessionName=_SESSION, Policy=policy, DurationSeconds=duration
                )
            found = answer.get("Credentials") or {}
            keys = AwsKeys(
                access_key=str(found["AccessKeyId"]),
                secret_key=str(found["SecretAccessKey"]),
                session_token=str(found["SessionToken"]),
                expires=found["Expiration"].astimezone(dt.UTC),
            )
        except errors as exc:
            raise self._explain("borrow keys of STS")(exc) from exc
        except (KeyError, AttributeError, TypeError) as exc:
            raise MoverError("The server's answer to a question for bound keys has none.") from exc
        self._require_life(keys, seconds)
        return keys

    def _explain(self, doing: str) -> t.Callable[[Exception], ArkiveError]:
        def explain(exc: Exception) -> ArkiveError:
            words = exception_text(exc, self._access)
            return MoverError(f"Cannot {doing} for {self._where}: {words}.")

        return explain


def bound_policy(place: RepositoryPlace, *, write: bool) -> str:
    """What borrowed keys may do, in IAM's JSON: nothing but this repository."""
    partition = "aws-cn" if place.region.startswith("cn-") else "aws-us-gov" if "-gov-" in place.region else "aws"
    bucket = place.bucket if place.bucket.startswith("arn:") else f"arn:{partition}:s3:::{place.bucket}"
    statements: list[dict[str, t.Any]] = [
        {
            "Effect": "Allow",
            "Action": [_HOLD[0]],
            "Resource": [bucket],
            "Condition": {"StringLike": {"s3:prefix": [f"{place.prefix}*"]}},
        },
        {"Effect": "Allow", "Action": [_HOLD[1]], "Resource": [bucket]},
        {
            "Effect": "Allow",
            "Action": [*_READ, *(_WRITE if write else ())],
            "Resource": [f"{bucket}/{place.prefix}*"],
        },
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))


__all__ = ("STATIC_WARNING", "KeySource", "PodKeys", "bound_policy")
