#!/bin/sh
# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# swap.sh NEXT PRESENT PREVIOUS: two renames, which need no space on the disk.
set -eu
rm -rf "$3"
if [ -e "$2" ]; then
    mv "$2" "$3"
fi
mv "$1" "$2"
