// Arguments of aion-admin: understood whole or refused with a sentence.
import { expect, test } from 'vitest'
import { parseCommand, UsageError } from './parse-command.ts'

const id = '123e4567-e89b-42d3-a456-426614174000'

test.each([
  [['plan', 'set', 'Ada@Example.com', 'STARTER'], { kind: 'plan set', owner: 'ada@example.com', plan: 'starter' }],
  [['plan', 'set', id.toUpperCase(), 'free'], { kind: 'plan set', owner: id, plan: 'free' }],
  [['user', 'verify', 'ada@example.com'], { kind: 'user verify', email: 'ada@example.com' }],
  [
    ['member', 'add', id, 'bob@example.com', 'editor'],
    { kind: 'member add', tenantId: id, email: 'bob@example.com', role: 'editor' },
  ],
  [['audit', 'verify'], { kind: 'audit verify', tenantId: null }],
  [['audit', 'verify', id], { kind: 'audit verify', tenantId: id }],
  [['secrets', 'rotate'], { kind: 'secrets rotate' }],
  [['--help'], { kind: 'help' }],
  [['plan', 'set', '-h'], { kind: 'help' }],
])('understands %j', (argv, command) => {
  expect(parseCommand(argv)).toEqual(command)
})

test.each([
  [[], 'Say what to do'],
  [['fly'], 'no command "fly"'],
  [['plan'], 'Write: aion-admin plan set'],
  [['plan', 'set', 'ada@example.com'], 'Write: aion-admin plan set'],
  [['plan', 'set', 'ada@example.com', 'gold'], 'no plan "gold"'],
  [['plan', 'set', 'ada', 'free'], '"ada" is not an e-mail address'],
  [['member', 'add', id, 'bob@example.com', 'owner'], 'not a role that can be given'],
  [['member', 'add', 'x', 'bob@example.com', 'viewer'], 'not a tenant id'],
  [['audit', 'verify', id, id], 'at most one'],
])('refuses %j', (argv, sentence) => {
  expect(() => parseCommand(argv)).toThrow(UsageError)
  expect(() => parseCommand(argv)).toThrow(sentence)
})
