// aion config: what is configured, and where.
import type { Command } from '../command.ts'
import { exitCodes, Failure } from '../exit-codes.ts'
import { type SettingName, settingNames } from '../settings.ts'
import { text } from '../text.ts'

const name = { name: 'NAME', says: 'base_url or tenant', choices: settingNames }

export const configGet: Command = {
  name: 'config get',
  summary: 'show a setting, or all',
  positionals: [{ ...name, optional: true }],
  example: 'aion config get base_url',
  async run({ output, settings }, input) {
    const [wanted] = input.positionals as [SettingName?]
    if (wanted) {
      const { value } = settings.lookUp(wanted)
      if (value === null) throw new Failure(exitCodes.notFound, `${wanted} is not set.`)
      output.plain(value)
      return exitCodes.ok
    }
    const all = settingNames.map((each) => ({ name: each, ...settings.lookUp(each) }))
    output.list(
      all,
      [
        { title: 'NAME', value: (row) => row.name },
        { title: 'VALUE', value: (row) => row.value },
        { title: 'FROM', value: (row) => row.from },
      ],
      '',
    )
    return exitCodes.ok
  },
}

export const configSet: Command = {
  name: 'config set',
  summary: 'change a setting; an empty value removes it',
  positionals: [name, { name: 'VALUE', says: 'the new value' }],
  example: 'aion config set base_url https://aion.example.com',
  async run({ output, settings }, input) {
    const wanted = input.at(0) as SettingName
    settings.set(wanted, input.at(1))
    const { value } = settings.lookUp(wanted)
    output.done({ name: wanted, value }, text`${wanted} = ${value ?? '(not set)'}`)
    return exitCodes.ok
  },
}

export const configPath: Command = {
  name: 'config path',
  summary: 'say where the settings are kept',
  example: 'aion config path',
  async run({ output, settings }) {
    output.plain(settings.path)
    return exitCodes.ok
  },
}
