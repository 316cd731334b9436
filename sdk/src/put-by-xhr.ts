// A PUT that says how far it is, where fetch cannot: browsers stream a request's body over HTTP/2 only.
export const hasXhr = typeof XMLHttpRequest !== 'undefined'

export function putByXhr(
  url: string,
  {
    headers,
    body,
    signal,
  }: { headers: Readonly<Record<string, string>>; body: Blob | Uint8Array<ArrayBuffer>; signal: AbortSignal },
  onProgress: (sent: number) => void,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const request = new XMLHttpRequest()
    request.open('PUT', url)
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
    request.upload.onprogress = ({ loaded }) => onProgress(loaded)
    const stop = () => request.abort()
    signal.addEventListener('abort', stop, { once: true })
    request.onloadend = () => {
      signal.removeEventListener('abort', stop)
      // No status: the connection broke, or the caller gave up.
      if (request.status === 0) return reject(signal.aborted ? signal.reason : new TypeError('the connection broke'))
      // All that may be seen: asking another origin's answer for one that may not puts an error on the console.
      const seen = request
        .getAllResponseHeaders()
        .trim()
        .split(/[\r\n]+/)
      const headers = seen.flatMap((line): [string, string][] => {
        const [, name = '', value = ''] = /^(retry-after|content-type): (.*)$/i.exec(line) ?? []
        return name ? [[name, value]] : []
      })
      resolve(new Response(request.responseText || null, { status: request.status, headers }))
    }
    request.send(body)
  })
}
