#!/usr/bin/env bash
# Asks for a signed URL the way the authentication guide does; AION and KEY say where and as whom.
set -euo pipefail
curl -sS -w '\n%{http_code}\n' -X POST "$AION/api/v2/uploads/request-presigned-url" \
-H "Authorization: Bearer $KEY" \
-H "Content-Type: application/json" \
-d '{
"filename": "image.jpg",
"content_type": "image/jpeg",
"size_bytes": 1048576
}'
