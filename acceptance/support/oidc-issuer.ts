// An OpenID Connect provider that signs in whoever a test names: discovery document, keys, the way there and back, ID tokens.
import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Claims {
  readonly aud: string
  readonly email: string
  readonly name: string
  readonly nonce?: string
}

export interface Issuer {
  readonly url: string
  /** Signed, of now, and for `aud`. */
  idToken(claims: Claims): string
  /** Who sits at the browser that is sent there from now on; null gives up. */
  visitor: { readonly email: string; readonly name: string } | null
  stop(): Promise<void>
}

export async function startIssuer(): Promise<Issuer> {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const codes = new Map<string, Claims>()
  const server = createServer(async (request, response) => {
    const asked = new URL(request.url ?? '', url)
    const { state, nonce, redirect_uri, client_id } = Object.fromEntries(asked.searchParams)
    if (asked.pathname === '/authorize') {
      const back = new URL(redirect_uri ?? '')
      const code = randomUUID()
      if (issuer.visitor) codes.set(code, { aud: client_id ?? '', ...issuer.visitor, ...(nonce && { nonce }) })
      for (const [name, value] of Object.entries(issuer.visitor ? { code } : { error: 'access_denied' }))
        back.searchParams.set(name, value)
      back.searchParams.set('state', state ?? '')
      return response.writeHead(302, { location: back.href }).end()
    }
    if (asked.pathname === '/token') {
      let body = ''
      for await (const chunk of request) body += chunk
      const claims = codes.get(new URLSearchParams(body).get('code') ?? '')
      const answer = claims ? { access_token: 'x', token_type: 'bearer', id_token: issuer.idToken(claims) } : {}
      return response.writeHead(claims ? 200 : 400, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
    }
    const answers: Record<string, object> = {
      '/.well-known/openid-configuration': {
        issuer: url,
        authorization_endpoint: `${url}/authorize`,
        token_endpoint: `${url}/token`,
        jwks_uri: `${url}/keys`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
        code_challenge_methods_supported: ['S256'],
      },
      '/keys': { keys: [{ ...publicKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: 'one' }] },
    }
    const answer = answers[request.url ?? '']
    response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? {}))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const issuer: Issuer = {
    url,
    visitor: { email: 'visitor@example.com', name: 'Visitor' },
    idToken(claims) {
      const now = Math.floor(Date.now() / 1000)
      const payload = {
        iss: url,
        sub: createHash('sha256').update(claims.email).digest('hex'),
        iat: now,
        exp: now + 3600,
        email_verified: true,
        ...claims,
      }
      const signed = `${part({ alg: 'RS256', kid: 'one' })}.${part(payload)}`
      return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`
    },
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return issuer
}
