# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Times as Kubernetes writes them: RFC 3339, UTC, whole seconds."""

# Private: not for use outside of this collection.

from __future__ import annotations

import datetime as dt

from ansible_collections.arkive.k8s.plugins.module_utils._core.errors import ValidationError


def utc_now() -> dt.datetime:
    return dt.datetime.now(tz=dt.UTC)


def rfc3339(moment: dt.datetime) -> str:
    """``2026-06-01T02:00:00Z``; fractions of a second are dropped, as metav1.Time does."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_rfc3339(text: str, what: str = "") -> dt.datetime:
    """The reverse of ``rfc3339``, in UTC; fractions and offsets are accepted. ``what``: the option, for the error."""
    try:
        moment = dt.datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
        return moment.astimezone(dt.UTC) if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    except (ValueError, OverflowError) as exc:
        raise ValidationError(
            f"{what}{': ' * bool(what)}'{text}' is not an RFC 3339 time such as 2026-06-01T02:00:00Z."
        ) from exc


def read_moment(text: object) -> dt.datetime | None:
    """What somebody else has written as a time; None where it is none."""
    try:
        return parse_rfc3339(text) if isinstance(text, str) else None
    except ValidationError:
        return None


def compact_stamp(moment: dt.datetime) -> str:
    """``YYYYMMDDhhmmss`` in UTC, the suffix of names that are made from a time (Ark, Velero)."""
    return moment.astimezone(dt.UTC).strftime("%Y%m%d%H%M%S")


__all__ = ("compact_stamp", "parse_rfc3339", "read_moment", "rfc3339", "utc_now")
