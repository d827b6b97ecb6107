#!/bin/bash -eu
# Copyright (c) 2026, the arkive.k8s contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Answers the lines that are sent to mongosh, as far as the server beside it has something of that, with its prompts.
# What the shell is asked for has dollars of its own.
# shellcheck disable=SC2016
state=/run/standin
declare -A answers=(
    ["db.adminCommand({serverStatus"]='{"version":"7.0.0","storageEngine":{"name":"wiredTiger","persistent":true}}'
    ["db.adminCommand({getCmdLineOpts"]='{"storage":{"dbPath":"/data/db"}}'
    ["db.adminCommand({currentOp"]=false
    ['db.getSiblingDB("admin").aggregate([{$currentOp: {allUsers: true, localOps: true, idle']='[]'
    ["db.adminCommand({ping"]=1
    ["db.adminCommand({connectionStatus"]='{}'
    ["db.adminCommand({fsync: 1}).ok"]=1
)

change() { # by how much
    {
        flock 9
        read -r count <$state/count
        if [ "$count" = 0 ] && [ "$1" = -1 ]; then return 1; fi
        count=$((count + $1))
        echo "$count" >$state/count
    } 9>$state/mutex
}

# Granted by the server, whoever asked: late, where there is a file with the seconds.
lock() {
    : >$state/pending
    setsid /bin/bash -c "$(declare -f change); state=$state; if [ -s $state/late ]; then sleep \$(<$state/late); fi
        change 1; rm -f $state/pending" </dev/null >/dev/null 2>&1 &
    while [ -e $state/pending ]; do sleep 0.1; done
}

answer() { # of a statement; false where it is refused
    case $1 in
    'db.adminCommand({fsync: 1, lock: true})'*) lock && value=$(<$state/count) ;;
    'db.adminCommand({fsyncUnlock: 1})') change -1 && value='{"ok":1}' ;;
    'db.hello()')
        value='{"isWritablePrimary":true,"topologyVersion":{"processId":{"$oid":"'$(<$state/process)'"}}}'
        ;;
    *'"command.fsync"'*) value=$([ -e $state/pending ] && echo 1 || echo 0) ;;
    *)
        value=
        for key in "${!answers[@]}"; do
            if [[ $1 == "$key"* ]]; then value=${answers[$key]}; fi
        done
        [ -n "$value" ]
        ;;
    esac
}

while IFS= read -r line; do
    printf 'admin> '
    if [[ $line == *arkive-ready* ]]; then
        printf '\narkive-ready\n'
    elif [[ $line == *arkiveUnlocked* ]]; then
        if change -1 || [ ! -e $state/pending ]; then printf '\narkive-unlocked\n'; fi
    elif [[ $line =~ ^'try { print("\narkive-row " + EJSON.stringify({a: ('(.*)')})); print("\n'([^ ]+)' done") }' ]]; then
        token=${BASH_REMATCH[2]}
        if answer "${BASH_REMATCH[1]}"; then
            printf '\narkive-row {"a":%s}\n\n%s done\n' "$value" "$token"
        else
            printf '\n%s {"e":"fsyncUnlock called when not locked","c":"IllegalOperation"}\n' "$token"
        fi
    elif [[ $line =~ ^'print("\n'([^ ]+)' done")' ]]; then
        printf '\n%s done\n' "${BASH_REMATCH[1]}"
    fi
done
