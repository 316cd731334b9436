"""Spends a key's minute, then waits as the server says, and no longer, for one request more."""
import os
import time

import requests

AION = os.environ['AION']
headers = {'Authorization': f"Bearer {os.environ['AIONVISION_API_KEY']}"}
url = f'{AION}/api/v2/uploads/request-presigned-url'
data = {'filename': 'image.jpg', 'content_type': 'image/jpeg', 'size_bytes': 1048576}
waits = []


def make_request_with_retry(url, headers, data, max_retries=3):
    for attempt in range(max_retries):
        response = requests.post(url, headers=headers, json=data)
        if response.status_code == 429:
            retry_after = int(response.headers.get('Retry-After', 60))
            waits.append(retry_after)
            time.sleep(retry_after)
            continue
        return response
    raise Exception('Max retries exceeded')


limit = None
while not waits:
    response = make_request_with_retry(url, headers, data)
    assert response.status_code == 200, response.text
    limit = int(response.headers['X-RateLimit-Limit'])
print(f'limit {limit}, waits {len(waits)}, longest {max(waits)}')
