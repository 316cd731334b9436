// Where a password is chosen.
export const newPassword = {
  length: '8 to 128 characters',
  upper: 'a capital letter',
  lower: 'a small letter',
  digit: 'a digit',
  met: ': done',
  unmet: ': missing',
  show: 'Show the password',
  showShort: 'Show',
  hideShort: 'Hide',
  strength: [
    'Common passwords, and ones known from breaches, are refused.',
    'Not enough yet.',
    'It meets the rules. Longer is stronger.',
    'Long and mixed: hard to guess.',
  ],
} as const
