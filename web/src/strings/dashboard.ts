// The dashboard's frame.
export const dashboard = {
  tabs: {
    label: 'Dashboard',
    overview: 'Overview',
    keys: 'API Keys',
    usage: 'Usage',
    files: 'Files',
    team: 'Team',
    audit: 'Audit',
    billing: 'Billing',
    limitsLab: 'Limits lab',
    settings: 'Settings',
  },
  docs: 'Documentation',
  roleIn: (role: string) => `Your role: ${role}`,
  switchWorkspace: 'Choose another workspace than',
  account: (email: string) => `Account ${email}`,
  signOut: 'Sign out',
  needsRole: (role: string) => `This needs the role ${role} in this workspace.`,
} as const
