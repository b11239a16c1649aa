#!/bin/sh
# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# rehearse.sh FOLDER USER: starts a Kamailio of its own with FOLDER/kamailio.cfg, as USER, without the live one noticing.
# What root writes is in FOLDER, which is root's: USER, whom the world talks to, may write in FOLDER/run only.
# Prints "serves", or what it complains of. Always ends it and removes FOLDER: also where the connection that it writes to
# is cut, and after a minute in any case.
set -eu
folder=$1 user=$2

finish() {
    kill "$rehearsed" 2>/dev/null || true
    wait "$rehearsed" 2>/dev/null || true
    rm -rf "$folder"
}
# No program between the two that would end before Kamailio and its children have.
timeout --kill-after=20 60 setpriv --reuid="$user" --regid="$user" --init-groups -- \
    kamailio -DD -E -Y "$folder/run" -f "$folder/kamailio.cfg" -m 64 -M 8 >"$folder/said" 2>&1 &
rehearsed=$!
trap finish EXIT
trap 'exit 1' HUP INT PIPE TERM

tries=0
until kamcmd -s "unix:$folder/run/ctl" core.uptime >/dev/null 2>&1; do
    tries=$((tries + 1))
    if [ "$tries" -gt 200 ] || ! kill -0 "$rehearsed" 2>/dev/null; then
        why=$(grep -E 'ERROR|CRITICAL' "$folder/said" | head -n 8)
        printf '%s\n' "${why:-it does not come up, and says last: $(tail -n 5 "$folder/said")}"
        exit 0
    fi
    sleep 0.2
done
echo serves
