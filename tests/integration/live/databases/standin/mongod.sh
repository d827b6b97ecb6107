#!/bin/bash -eu
# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# A server that is written to, and whose lock is as that of MongoDB: counted, of the server and not of a session, without
# an end. It commits numbered rows unless it is locked; its state is in /run/standin.
mkdir -p /run/standin /data/db
echo 0 >/run/standin/count
echo "$RANDOM$RANDOM" >/run/standin/process
n=0
if [ -s /data/db/rows ]; then read -r n < <(tail -n 1 /data/db/rows); fi
exec {nothing}<> <(:)
while :; do
    {
        flock 9
        read -r count </run/standin/count
        if [ "$count" = 0 ]; then
            n=$((n + 1))
            echo "$n" >>/data/db/rows
        fi
    } 9>/run/standin/mutex
    read -r -t 0.003 -u "$nothing" || true
done
