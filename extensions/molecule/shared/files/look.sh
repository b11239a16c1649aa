#!/bin/sh
# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# What a PBX is, as text: its files, who listens, its units, its rules, and what Asterisk has loaded.
set -eu

cd /etc
find . -printf '%p %y %u %g %m %l\n' | sort
find . -type f -exec sha256sum {} + | sort -k 2
# Files of ours that are elsewhere.
find / -xdev -iname '*alexa*' | sort
find /run /tmp -iname '*alexa*' | sort
# Ports above these are chosen by the kernel, for a while.
ss -lntuH | awk '{ port = $5; sub(/.*:/, "", port); if (port < 32768) print "listens", $1, $5 }' | sort
# Without the sessions of those who are logged in, as Ansible is.
systemctl list-unit-files --plain --no-legend | awk '$2 != "transient"' | sort
systemctl list-units --plain --no-legend --type=service --state=active,failed | awk '{ print "unit", $1, $3 }' | sort
nft --stateless list ruleset
asterisk -rx 'pjsip list endpoints' | awk '/Endpoint:/ { print $1, $2 }'
asterisk -rx 'pjsip list transports' | grep 'Transport:'
# In no order of its own.
asterisk -rx 'dialplan show' | grep -v 'extensions (' | sort
