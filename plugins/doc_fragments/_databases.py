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
      - Which databases are held at a consistent point while the volumes of their pods are snapshotted, or while a
        task of M(arkive.k8s.k8s_hook_exec) runs its commands or freezes.
      - With V(declared), those of running pods with the annotation C(arkive.k8s/database), whose value is the kind.
      - With V(auto), these, and those of pods that are recognised, such as the official images, the charts of Bitnami,
        CloudNativePG, and the operators of Zalando and Crunchy. What is ambiguous is a warning, and not held. Of a
        primary and its standbys, a standby is held, as with C(standby=prefer).
      - With V(none), none.
      - A list names databases beside those of annotations, and goes before these. Its entries are mappings with the
        keys below. Each of them but C(selector) and C(credentials) is an annotation as well, such as
        C(arkive.k8s/database-mode), C(arkive.k8s/database-max-lag) or C(arkive.k8s/database-counts).
      - C(selector), required, says which pods hold it by their labels, as a text such as V(app=db), or a mapping.
        C(label_selector) is another name for it.
      - C(kind), required, is one of V(postgresql), V(mariadb), V(mysql), V(mongodb), V(redis) and V(valkey). C(mode) is
        how it is held, by default V(auto).
      - C(container) is the one of the server, by default the first one.
      - C(user) is who connects, by default the one that the container was started with.
      - C(standby) says which of the servers of one database is held, by what they say of themselves. With V(prefer),
        a standby that lags no more than C(max_lag), and else the primary; with V(require), such a standby or none,
        which is an error; with V(never), the primary. The others are in RV(quiesces) with C(passed_over), and their
        volumes are snapshotted as they are. If not set, each server is held. It is asked again in the session that
        holds it, and a failover in between is an error.
      - C(max_lag) is how old the data of a standby may be, as a Go duration. With V(prefer) and V(require), it is
        V(60s) if not set. Else a standby that is held may lag, unless this is set.
      - C(lease) is after how long without a sign of life the server lets go of this database, as a Go duration of at
        least V(1s), and no longer than a freeze may last. If not set, it is that of the task's freezes.
      - C(lock_timeout) is for how long it is tried again where somebody is in the way, such as a statement that a lock
        would wait for, as a Go duration, by default V(30s), and no longer than a freeze may last. Each attempt is given
        up after 5 seconds, and the next one comes 10 seconds later, so that nobody queues behind us for long. With
        V(0s) there is one attempt.
      - C(counts) names tables whose rows are counted and recorded, so that M(arkive.k8s.k8s_db_verify) can compare a
        copy with them, for the kinds V(postgresql), V(mariadb) and V(mysql). It is a list, or a text with commas, of
        C(database.table), or, of PostgreSQL, C(database.schema.table), at most twenty. Where nobody commits while it
        is held (V(mariadb), and V(mysql) with V(read_lock)), they are counted under the lock, for 5 seconds at most,
        and a copy has as many. Else they are counted before and after, for 30 seconds at most, and a copy has a number
        between the two, if the table only grows or only shrinks. What cannot be counted is a warning.
      - C(credentials) has the C(password), or a C(secret) with C(name) and C(key) (by default V(password)) in the
        namespace of the pod, and the C(user). If not set, the password is that of the container, from its environment
        or its files. A password goes to the client by its standard input, and is on no command line, in no result and
        in no log. By annotation, C(arkive.k8s/database-credentials-secret) has the name of a Secret, or
        C(name/key), which the pod has to use itself, or which has the label C(arkive.k8s/database-credentials=true).
      - The kind V(postgresql) has the modes V(light), which makes a checkpoint right before the snapshots; V(backup),
        which has the server in backup mode while they are cut, and returns its label; V(freeze), which freezes all
        claims of its container; and V(auto), which is V(light), or V(backup) where its files are on several claims.
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
        and by the server itself when the lease passes without a sign of life. The signs end at the latest when a freeze
        would have to.
      - A PostgreSQL server with files on several claims is cut in the one order that is right (the data directory, then
        tablespaces, and the WAL after the end of backup mode), or at one moment, when all of them are frozen or are one
        group. Any other order is refused before anything is held, and in check mode.
      - Where a database cannot be held, it is as with a pre hook that fails. Snapshots that were cut while it is not
        proven that it was held are removed.
      - In check mode, RV(quiesces) tells what would be held, on which pod, how, and by which statements. Each server is
        asked for that, by reading alone, in a session of its own; what a run would fail of, such as a wrong password, a
        missing right, an old version or nothing to hold, is an error in check mode as well.
      - The guide R(Databases,ansible_collections.arkive.k8s.docsite.guide_databases) has an example of each.
    type: raw
    default: declared
"""
