#!/bin/sh
# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs a command in the project's environment: with_env.sh pytest tests/scenarios
# The home is inside .build, so that nothing is left in the caller's.
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
build=$root/.build
mkdir -p "$build/home"

# pip is the exception: it keeps its cache and its settings (an index, a certificate).
PIP_CACHE_DIR=${PIP_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/pip}
PIP_CONFIG_FILE=${PIP_CONFIG_FILE:-${XDG_CONFIG_HOME:-$HOME/.config}/pip/pip.conf}
export PIP_CACHE_DIR PIP_CONFIG_FILE
# Compiled once, Python's files start several times faster than compiled at each of a play's many starts.
unset PYTHONDONTWRITEBYTECODE
unset XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME

export PATH="$build/venv/bin:$PATH"
export HOME="$build/home"
export ANSIBLE_HOME="$build/ansible-home"
export ANSIBLE_REMOTE_TEMP="$build/ansible-home/tmp"
export ANSIBLE_ASYNC_DIR="$build/ansible-home/async"
export ANSIBLE_COLLECTIONS_PATH="$build/collections"
export HYPOTHESIS_STORAGE_DIRECTORY="$build/hypothesis"
# A checkout that belongs to somebody else is still a checkout: git reads this instead of the caller's settings.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0="$root"

cd "$root"
exec "$@"
