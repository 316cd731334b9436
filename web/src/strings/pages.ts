// The frame around every page: headers, footers, and what is said when there is no page.
export const pages = {
  notFound: {
    title: 'There is no such page',
    text: 'The address may be mistyped, or the page was moved.',
    home: 'Go to the start',
  },
  failed: { title: 'This page did not load', text: 'Reload it. If it stays so, the server may be restarting.', reload: 'Reload' },
  nav: { pricing: 'Pricing', docs: 'Docs', login: 'Sign in', register: 'Sign up', dashboard: 'Dashboard', main: 'Main' },
  footer: { contract: 'OpenAPI', errors: 'Error codes', selfHosting: 'Run it yourself' },
} as const
