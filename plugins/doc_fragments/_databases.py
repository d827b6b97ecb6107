# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Databases that are held around the snapshots of their volumes."""

# Private: not for use outside of this collection.

from __future__ import annotations


class ModuleDocFragment:
    """The option, and what it does."""

    DOCUMENTATION = r"""
options:
  databases:
    description:
      - Which databases are held at a consistent point while the volumes of their pods are snapshotted.
      - With V(declared), those of running pods with the annotation C(arkive.k8s/database), whose value is the kind.
        The annotations C(arkive.k8s/database-mode), C(arkive.k8s/database-container) and C(arkive.k8s/database-user)
        say more, as the keys of a list do. With V(none), none.
      - A list names databases beside those of annotations, and goes before these. Each entry is a mapping with
        C(label_selector), which says the pods, as a text or a mapping; C(kind); C(mode), by default V(auto);
        C(container), the one of the server, by default the first one; and C(user), by default the one that the
        container was started with.
      - The kind V(postgresql) has the modes V(light), which makes a checkpoint right before the snapshots; V(backup),
        which has the server in backup mode while they are cut, and returns its label; and V(auto), which is V(light).
      - The kind V(mariadb) has the modes V(stages), in which nobody commits (C(BACKUP STAGE)); V(read_lock); and
        V(auto), which is V(stages) since MariaDB 10.4.1. The kind V(mysql) has V(instance), which locks the instance
        for backup; V(read_lock); and V(auto), which is V(instance) where all tables are known to be InnoDB's. It
        has not been run against a MySQL server.
      - The kind V(mongodb) has the modes V(journal), which locks nothing; V(lock), which locks the server by C(fsync),
        under a lease that a process in the container keeps; and V(auto), which is V(journal) where journal and data are
        cut at one moment. It has not been run against a MongoDB server.
      - The kinds V(redis) and V(valkey) have the modes V(pause), which pauses writes while the snapshots are cut, and
        needs an append-only file; V(bgsave), which has a dump made right before them; and V(auto), which is V(pause)
        for a primary with an append-only file, and V(bgsave) else.
      - A session of the database's own client, in the container, is open all the time. A database is held before file
        systems are frozen, and let go after they are thawed. It is let go as well when the module ends or is killed,
        and by the server itself when O(freeze_lease) passes without a sign of life. It is not held for longer than
        O(freeze_max).
      - Where a database cannot be held, its pod is treated as by a pre hook that fails, by O(hook_on_error_default).
        Snapshots that were cut while it is not proven that it was held are removed.
      - A database with files on several volumes is refused, unless hooks freeze all of them, as snapshots of them at
        different moments may come back with wrong data that no check of the server's start notices.
    type: raw
    default: declared
"""
