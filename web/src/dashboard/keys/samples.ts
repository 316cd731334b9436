// The first request with a new key, in the languages people paste.
import type { Sample } from '../../ui/code-block.tsx'
import type { Probe } from './key-once-dialog.tsx'

const calls: Readonly<Record<Probe, string>> = {
  '/api/v2/user-files': `for await (const file of aion.files.list()) console.log(file.filename)`,
  '/api/v2/documents': `for await (const document of aion.documents.list()) console.log(document.filename)`,
  '/api/v2/usage/summary': `console.log(await aion.usage.summary())`,
}

export function samplesOf(key: string, origin: string, probe: Probe): readonly Sample[] {
  return [
    { language: 'curl', code: `curl ${origin}${probe} \\\n  -H 'Authorization: Bearer ${key}'` },
    {
      language: 'Python',
      code: `import requests

answer = requests.get(
    "${origin}${probe}",
    headers={"Authorization": "Bearer ${key}"},
)
answer.raise_for_status()
print(answer.json())`,
    },
    {
      language: 'TypeScript',
      code: `import { Aionvision } from '@aionvision/sdk'

const aion = new Aionvision({
  apiKey: '${key}',
  baseUrl: '${origin}',
})
${calls[probe]}`,
    },
  ]
}
