"""From sign-up to a stored, downloaded and identical file, as a Python program with requests does it; AION says where."""
import hashlib
import os
import re
import secrets
import time

import requests

AION = os.environ['AION']
AUTH = f'{AION}/api/v2/auth/session'


def succeed(response):
    assert response.ok, f'{response.request.method} {response.url}: {response.status_code} {response.text}'
    return response


def mailed_token(email, page):
    for _ in range(100):
        mails = succeed(requests.get(f'{AION}/dev/mailbox.json', params={'to': email})).json()
        for mail in mails:
            if page in mail['text']:
                return re.search(r'^[\w.-]{20,}$', mail['text'], re.M).group()
        time.sleep(0.1)
    raise AssertionError('no mail came')


email, password = f'grace.{secrets.token_hex(6)}@example.com', 'Compiler-A0-1952'
person = {'email': email, 'password': password, 'name': 'Grace', 'organization_name': 'Eckert-Mauchly'}
registered = succeed(requests.post(f'{AUTH}/register', json=person)).json()
assert registered['email_verification_required'] and registered['session_token'] is None

# The browser's way: the session lives in a cookie.
browser = requests.Session()
assert succeed(browser.post(f'{AUTH}/login', json={'email': email, 'password': password})).json()['email_verified'] is False
refused = browser.get(f'{AION}/api/v2/api-keys')
assert (refused.status_code, refused.json()['error']['code']) == (403, 'EMAIL_NOT_VERIFIED'), refused.text
succeed(requests.post(f'{AUTH}/verify-email', json={'token': mailed_token(email, 'verify-email')}))
assert succeed(browser.get(f'{AUTH}/me')).json()['email_verified'] is True

# A key needs a plan with API access.
refused = browser.post(f'{AION}/api/v2/api-keys', json={'name': 'journey'})
assert (refused.status_code, refused.json()['error']['code']) == (403, 'INSUFFICIENT_SUBSCRIPTION_TIER'), refused.text
succeed(browser.post(f'{AION}/api/v2/payment/subscription/update', json={'action': 'upgrade', 'new_plan': 'starter'}))
created = browser.post(f'{AION}/api/v2/api-keys', json={'name': 'journey', 'scopes': ['read', 'write'], 'metadata': {'team': 'navy'}})
assert succeed(created).status_code == 201
key = created.json()
assert re.fullmatch(r'aion_live_[0-9A-Za-z]{38}', key['api_key']) and key['key_prefix'] == key['api_key'][:14]
headers = {'Authorization': f"Bearer {key['api_key']}"}

# A document, with its hash.
content = ('# A note\n\n' + secrets.token_hex(5000)).encode()
digest = hashlib.sha256(content).hexdigest()
announced = {'filename': 'note.md', 'content_type': 'text/markdown', 'size_bytes': len(content)}
upload = succeed(requests.post(f'{AION}/api/v2/document-uploads/request-presigned-url', headers=headers, json=announced)).json()
stored = succeed(requests.put(upload['upload_url'], data=content, headers=upload['upload_headers']))
assert stored.status_code == 200 and stored.headers['ETag']
confirmation = {'object_key': upload['object_key'], 'size_bytes': len(content), 'content_type': 'text/markdown', 'checksum': digest}
confirmed = requests.post(f'{AION}/api/v2/document-uploads/confirm', headers=headers, json=confirmation)
assert succeed(confirmed).status_code == 201
file_id = confirmed.json()['document_id']

again = requests.post(f'{AION}/api/v2/document-uploads/confirm', headers=headers, json=confirmation)
assert succeed(again).json()['document_id'] == file_id
late = requests.put(upload['upload_url'], data=b'x' * len(content), headers=upload['upload_headers'])
# A bucket takes it, and the file stays what was confirmed.
served_here = upload['upload_url'].startswith(AION)
assert late.status_code == (409 if served_here else 200)

copy = succeed(requests.get(f'{AION}/api/v2/user-files/{file_id}/download', headers=headers))
assert copy.content == content
assert copy.headers['Content-Disposition'].startswith('attachment')
assert not served_here or copy.headers['X-Content-Type-Options'] == 'nosniff'
part = requests.get(copy.url, headers={'Range': 'bytes=2-7'})
assert (part.status_code, part.content) == (206, content[2:8])
listed = succeed(requests.get(f'{AION}/api/v2/user-files', headers=headers))
assert file_id in listed.text and int(listed.headers['X-RateLimit-Limit']) == 30

# Gone when deleted, back when restored.
succeed(requests.delete(f'{AION}/api/v2/user-files/{file_id}', headers=headers))
assert requests.get(f'{AION}/api/v2/user-files/{file_id}', headers=headers).status_code == 404
succeed(requests.post(f'{AION}/api/v2/user-files/{file_id}/restore', headers=headers))
assert succeed(requests.get(f'{AION}/api/v2/user-files/{file_id}', headers=headers)).status_code == 200

# A forgotten password ends every session.
succeed(requests.post(f'{AUTH}/password-reset/request', json={'email': email}))
reset = {'token': mailed_token(email, 'reset-password'), 'new_password': 'Compiler-B0-1958'}
succeed(requests.post(f'{AUTH}/password-reset/complete', json=reset))
assert browser.get(f'{AUTH}/me').status_code == 401
assert requests.post(f'{AUTH}/login', json={'email': email, 'password': password}).status_code == 401
fresh = requests.Session()
succeed(fresh.post(f'{AUTH}/login', json={'email': email, 'password': 'Compiler-B0-1958'}))

# The key goes, and is gone.
assert fresh.delete(f"{AION}/api/v2/api-keys/{key['id']}", params={'reason': 'the end'}).status_code == 204
refused = requests.get(f'{AION}/api/v2/user-files', headers=headers)
assert (refused.status_code, refused.json()['error']['code']) == (401, 'REVOKED_API_KEY'), refused.text
succeed(fresh.post(f'{AUTH}/logout'))
assert fresh.get(f'{AUTH}/me').status_code == 401
print('Done.')
