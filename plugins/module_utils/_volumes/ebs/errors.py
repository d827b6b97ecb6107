# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What EC2 and botocore say, as a sentence about the snapshot location.

Works on the exceptions' names and response dicts, so that it needs no import of botocore.
"""

# Private: not for use outside of this collection.

from __future__ import annotations

from ansible_collections.arkive.k8s.plugins.module_utils._aws.errors import (
    CREDENTIALS,
    UNREACHABLE,
    credentials_fault,
    error_code,
    exception_text,
    no_connection,
    tls_fault,
)
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.errors import SnapshotError
from ansible_collections.arkive.k8s.plugins.module_utils._volumes.snapshot_location import SnapshotLocation

_WRONG_CREDENTIALS = frozenset({"AuthFailure", "InvalidClientTokenId", "UnrecognizedClientException"})
_EXPIRED = frozenset({"RequestExpired", "ExpiredTokenException"})
_DENIED = frozenset({"UnauthorizedOperation", "AccessDenied", "AccessDeniedException", "Blocked", "OptInRequired"})
_HINTS = {
    "BadAnswer": "Check 'endpoint_url', and what stands between; what was asked for may have been done nevertheless.",
    "IncorrectState": "A snapshot can be used when it is complete: try again later.",
    "SnapshotCreationPerVolumeRateExceeded": "EBS takes one snapshot of a volume in some seconds: try again.",
    "SnapshotLimitExceeded": "Delete snapshots, or ask AWS for a higher limit.",
    "VolumeLimitExceeded": "Delete volumes, or ask AWS for a higher limit.",
    "TagLimitExceeded": "A resource has 50 tags at most: the volume's own and the labels of the backup are too many.",
    "InvalidSnapshot.InUse": "Deregister the image that uses it first.",
    "SnapshotLocked": "Unlock it first; in compliance mode it stays until the lock ends.",
    "InvalidZone.NotFound": "Volumes come back in the zone that they were saved from; check 'region'.",
    "KMSKeyNotAccessibleFault": "Check 'kms_key_id' and that these credentials may use the key.",
}


def ebs_error(location: SnapshotLocation, exc: Exception, *, tried: str) -> SnapshotError:
    """``exc`` as a ``SnapshotError``. ``tried`` says what failed: ``delete the snapshot snap-1``."""
    code = error_code(exc)
    why, hint = _explain(location, exc, code)
    region = f" in {location.region}" if location.region else ""
    return SnapshotError(
        f"Cannot {tried} (snapshot location '{location.name}'{region}): {why}.", hint=hint, details={"code": code}
    )


def _explain(location: SnapshotLocation, exc: Exception, code: str) -> tuple[str, str | None]:
    if code in CREDENTIALS:
        return credentials_fault(exc)
    if code in _WRONG_CREDENTIALS:
        return "AWS does not accept the credentials", "Check 'access_key' and 'secret_key' or 'profile'."
    if code in _EXPIRED:
        return "the credentials or the request have expired", "Get new credentials, and check the clock."
    if code in _DENIED:
        return (
            f"AWS denies it to these credentials: {exception_text(exc, location)}",
            "Grant the EC2 action in their policy.",
        )
    if code == "SSLError":
        return tls_fault(exc, location)
    if code in UNREACHABLE:
        return f"EC2 cannot be reached: {no_connection(exc)}", "Check 'region', 'endpoint_url' and the network."
    if code == "NoRegionError":
        return "no region is known", "Give 'region'."
    return exception_text(exc, location), _HINTS.get(code)


__all__ = ("ebs_error",)
