#!/bin/sh
# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Writes the reference of modules, plugins and roles as HTML to .build/docs/html.
set -eu

collection=alexa.smart_properties
site=.build/docs
rm -rf "$site"
# antsibull-docs refuses folders that others may write to.
umask 022
mkdir -p "$site"
antsibull-docs sphinx-init --use-current --squash-hierarchy --sphinx-theme alabaster \
    --title "Alexa Smart Properties Collection" --dest-dir "$site" "$collection" >/dev/null
antsibull-docs --config-file "$site/antsibull-docs.cfg" collection \
    --cleanup everything --use-current --squash-hierarchy --dest-dir "$site/rst" "$collection"
# Needs no network: without the indexes of other projects, so references to their pages stay plain text.
sphinx-build -q -W -D suppress_warnings=ref.ref -b html -c "$site" -D extensions=sphinx_antsibull_ext -D nitpicky=0 "$site/rst" "$site/html"
echo "Open $site/html/index.html"
