// The pages for whoever does not know us yet.
export const site = {
  home: {
    pageTitle: 'Images and documents behind one API',
    title: 'Images and documents behind one API, on a machine of your own',
    lead: 'People sign up, own a workspace and create API keys. Programs upload through signed URLs, within limits that every answer tells. One Node process and PostgreSQL keep it all.',
    register: 'Create an account',
    dashboard: 'Go to the dashboard',
    quickStart: 'Read the quick start',
    live: {
      title: 'A request of this page',
      lead: 'This page has just asked its own server. What you see is what came back.',
      choices: 'What to ask',
      plans: 'The plans',
      files: 'Files, without a key',
      again: 'Ask again',
      asking: 'Asking',
      answered: (status: number, ms: number) => `${status} in ${ms} ms`,
      request: 'Request',
      answer: 'Answer',
    },
    steps: {
      title: 'A file takes three requests',
      lead: 'The API says where the bytes go, and looks at them once they are there.',
      you: 'You send',
      we: 'The server answers',
      list: [
        {
          title: 'Ask for a place',
          text: 'Name, type and size are checked against the plan before a byte is sent.',
          sent: 'POST /api/v2/uploads/request-presigned-url\nAuthorization: Bearer aion_live_…\n\n{\n  "filename": "engine.png",\n  "content_type": "image/png",\n  "size_bytes": 48211\n}',
          answered:
            '200 OK\n\n{\n  "upload_url": "https://…/objects/…?signature=…",\n  "object_key": "tenants/…/engine.png",\n  …\n}',
        },
        {
          title: 'Put the bytes there',
          text: 'The URL is signed for this one file, its type and its size, and carries no key.',
          sent: 'PUT https://…/objects/…?signature=…\nContent-Type: image/png\n\n(48,211 bytes)',
          answered: '200 OK',
        },
        {
          title: 'Confirm',
          text: 'What arrived is compared with what was announced. Only then is there a file.',
          sent: 'POST /api/v2/uploads/confirm\nAuthorization: Bearer aion_live_…\n\n{\n  "object_key": "tenants/…/engine.png",\n  "size_bytes": 48211\n}',
          answered: '200 OK\n\n{\n  "upload_id": "8f14e45f-…",\n  …\n}',
        },
      ],
    },
    limits: {
      title: 'Limits that tell you where you are',
      lead: 'Each key has a number of requests in any rolling 60 seconds: exactly that number, not about that. Every answer to a key says what is left, and a refusal says when to come back.',
      perMinute: 'a minute per key',
      noKeys: 'no API keys',
      headers:
        'HTTP/1.1 429 Too Many Requests\nX-RateLimit-Limit: 30\nX-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1795418960\nRetry-After: 12',
      headersLabel: 'A refusal',
      all: 'Compare the plans',
    },
    promises: {
      title: 'What it keeps to, and how that is known',
      list: [
        {
          title: 'A key is shown once',
          text: 'Only its hash is stored. Revoking one is in force for the very next request, on every server.',
        },
        {
          title: 'The audit log can be checked',
          text: 'Each row carries an HMAC over itself and the row before it. An edited or removed row is named by the check.',
        },
        {
          title: 'No file without its bytes',
          text: 'A file is listed only after its object was looked at; what was never confirmed is swept.',
        },
        {
          title: 'Errors have names',
          text: 'One envelope, a stable code, a request id, and a page for each code that says what to do.',
        },
      ],
    },
    measured: {
      title: 'Measured',
      lead: 'Medians of the benchmark that comes with the source, each beside the bar it is held to. A bar that is missed stays in the table.',
      what: 'What',
      value: 'Measured',
      bar: 'Bar',
    },
    run: {
      title: 'Run it',
      lead: 'Linux with Node 20 or newer. The first start makes a database, a secret and a mailbox for development.',
      command: 'npm ci && npm start',
      guide: 'All settings',
    },
  },
  pricing: {
    title: 'Plans',
    lead: 'Every account begins on FREE. The owner of a workspace changes its plan under Billing, up or down.',
    start: 'Create an account',
    billing: 'Go to billing',
    aMonth: 'a month',
    free: 'Free',
    onRequest: 'On request',
    noApi: 'No API access',
    noApiText:
      'For looking around signed in: upload and manage files in the dashboard. Keys cannot be created, and no program can call the API.',
    api: 'API access',
    apiText: 'Programs call the API with keys that you create, limit and revoke.',
    unlimited: 'Unlimited',
    none: 'None',
    rows: {
      requests: 'Requests a minute, per key',
      keys: 'API keys',
      storage: 'Storage',
      uploads: 'Uploads a month',
      image: 'Largest image',
      document: 'Largest document',
      concurrent: 'Uploads at a time',
      batch: 'Files in one batch',
      audit: 'Audit log kept',
    },
    days: (days: number) => (days < 366 ? `${days} days` : `${Math.round(days / 365)} years`),
    note: 'The same figures as JSON:',
  },
} as const
