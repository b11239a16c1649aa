#!/usr/bin/env bash
# Copyright: The alexa.smart_properties contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# What a shell does: one curl an extension, so many at a time. curl itself repeats what was throttled.
# Usage: curl.sh TRUNK_ID FIRST COUNT PROCESSES, with ALEXA_* in the environment.
set -euo pipefail
trunk_id=$1 first=$2 count=$3 processes=$4

header=$(mktemp)
trap 'rm -f "$header"' EXIT
token=$(curl --silent --fail --cacert "$ALEXA_CA_PATH" "$ALEXA_TOKEN_URL" \
    --data-urlencode grant_type=client_credentials --data-urlencode "client_id=$ALEXA_CLIENT_ID" \
    --data-urlencode "client_secret=$ALEXA_CLIENT_SECRET" \
    --data-urlencode scope=amazon_communication::network:siptrunk | sed 's/.*"access_token": *"\([^"]*\)".*/\1/')
# In a file: what is on a command line, all users of a machine can read.
printf 'Authorization: Bearer %s\n' "$token" >"$header"

seq "$first" $((first + count - 1)) | xargs -P "$processes" -I{} \
    curl --silent --show-error --fail --output /dev/null --retry 5 --cacert "$ALEXA_CA_PATH" \
    --header @"$header" --header 'Content-Type: application/json' \
    --data '{"routingType": "communication-profile", "commsProfileId": "amzn1.alexa.unit.did.{}"}' \
    "$ALEXA_API_URL/v1/communications/network/siptrunk/$trunk_id/extension/{}"
