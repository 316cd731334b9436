"""Asks for a signed URL the way the authentication guide does; AION and AIONVISION_API_KEY say where and as whom."""
import os

import requests

AION = os.environ['AION']
API_KEY = os.getenv('AIONVISION_API_KEY')

headers = {'Authorization': f'Bearer {API_KEY}', 'Content-Type': 'application/json'}

response = requests.post(
    f'{AION}/api/v2/uploads/request-presigned-url',
    headers=headers,
    json={'filename': 'image.jpg', 'content_type': 'image/jpeg', 'size_bytes': 1048576},
)

if response.status_code == 200:
    data = response.json()
    print(f"Upload URL: {data['upload_url']}")
else:
    print(f'Error: {response.status_code} - {response.text}')
