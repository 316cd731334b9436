// The answer that every server under test gives: about 300 bytes of JSON, with the schema that writes it.
export const answer = {
  id: '0198f2c4-7a52-7c1e-9a41-5b6f0d1c2e3a',
  tenant_id: '0198f2c4-7a52-7c1e-9a41-000000000001',
  filename: 'harbour-at-dusk-0042.jpg',
  content_type: 'image/jpeg',
  size_bytes: 1048576,
  media_type: 'image',
  status: 'completed',
  tags: ['harbour', 'dusk', 'boats'],
  created_at: '2026-01-31T09:30:00.000Z',
}

const string = { type: 'string' }

export const answerSchema = {
  type: 'object',
  properties: {
    id: string,
    tenant_id: string,
    filename: string,
    content_type: string,
    size_bytes: { type: 'integer' },
    media_type: string,
    status: string,
    tags: { type: 'array', items: string },
    created_at: string,
  },
}
