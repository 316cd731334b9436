// Where a deed asks who does it.
export const fresh = {
  title: 'Confirm that it is you',
  lead: 'This change needs a proof from the last 15 minutes that it is you. What you began goes on right after it.',
  factorTitle: 'Prove your second factor',
  factorLead: 'You signed in without your second factor. This needs it; what you began goes on right after it.',
  password: 'Password',
  code: 'Code from your authenticator app',
  recoveryCode: 'Recovery code',
  recoveryHint: 'One of the ten codes that you stored. It works once.',
  useCode: 'Use a code instead',
  useRecoveryCode: 'Use a recovery code instead',
  usePassword: 'Use the password instead',
  usePasskey: 'Use a passkey',
  passkeyGivenUp: 'The passkey was not used: its prompt was closed, or it took too long.',
  noProof:
    'Your account has neither a password nor a second factor. Sign in again with your provider, and you are brought back here.',
  signInAgain: 'Sign in again',
  prove: 'Confirm',
  givenUp: 'Nothing was done: the proof was not given.',
  help: {
    prove: 'Prove it now',
    enrol: 'Add a second factor',
    resend: 'Send the mail again',
    resent: 'The mail is on its way.',
  },
} as const
