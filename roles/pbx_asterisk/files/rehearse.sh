#!/bin/sh
# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# rehearse.sh FOLDER USER ENDPOINT CONTEXT: starts an Asterisk of its own with the configuration in FOLDER/etc, as USER,
# without the live one noticing; prints what became of the endpoint, its transport and its context.
# Always ends it and removes FOLDER: also where the connection that it writes to is cut, and after a minute in any case.
set -eu
folder=$1 user=$2 endpoint=$3 context=$4

# Its modules are the live one's, all else is its own.
directory() {
    asterisk -rx 'core show settings' | sed -n "s/^ *$1 directory: *//p"
}
mkdir "$folder/state"
cat >"$folder/etc/asterisk.conf" <<CONF
[directories]
astetcdir => $folder/etc
astmoddir => $(directory Module)
astdatadir => $(directory Data)
astvarlibdir => $folder/state
astdbdir => $folder/state
astkeydir => $folder/state
astagidir => $folder/state
astspooldir => $folder/state
astrundir => $folder/state
astlogdir => $folder/state
CONF
# Nothing that listens or connects by itself but the transport under test.
# By the program printf: the shell's own does not say that a disk is full.
env printf '%s\n' '[modules]' 'autoload=yes' 'noload=chan_iax2.so' 'noload=res_pjsip_outbound_registration.so' \
    >"$folder/etc/modules.conf"
env printf '%s\n' '[logfiles]' 'messages => warning,error' >"$folder/etc/logger.conf"
env printf '%s\n' '[general]' 'enabled=no' >"$folder/etc/manager.conf"
# From here on the folder is the user's: nothing below writes there as root, or reads but as the user.
chown -R "$user" "$folder"

finish() {
    kill "$rehearsed" 2>/dev/null || true
    wait "$rehearsed" 2>/dev/null || true
    rm -rf "$folder"
}
timeout --kill-after=5 60 runuser -u "$user" -- asterisk -f -q -C "$folder/etc/asterisk.conf" >/dev/null 2>&1 &
rehearsed=$!
trap finish EXIT
trap 'exit 1' HUP INT PIPE TERM

ask() {
    asterisk -C "$folder/etc/asterisk.conf" -rx "$1" 2>/dev/null
}
read_log() {
    runuser -u "$user" -- cat "$folder"/state/messages* 2>/dev/null
}
tries=0
until ask 'core waitfullybooted' >/dev/null; do
    tries=$((tries + 1))
    if [ "$tries" -gt 150 ] || ! kill -0 "$rehearsed" 2>/dev/null; then
        echo 'the rehearsing Asterisk did not start:'
        read_log | tail -n 5
        exit 1
    fi
    sleep 0.2
done
ask "pjsip show transports"
ask "pjsip show endpoint $endpoint"
ask "dialplan show $context"
read_log | grep -E '[]] (res_pjsip|res_sorcery|config_options|format_cap|pbx)[a-z_/]*[.]c:' |
    grep -v 'Unable to load config file' | head -n 8 || true
