// Certificates of an authority that nobody knows but the test: openssl makes them.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

export interface Authority {
  /** The path of its certificate. */
  readonly ca: string
  /** The paths of a certificate that it signs, and of its key. */
  issue(name: string, ...altNames: string[]): { readonly cert: string; readonly key: string }
}

/** Null where there is no openssl; it says so. */
export function makeAuthority(directory: string, name = 'ca'): Authority | null {
  const at = (file: string) => join(directory, file)
  const make = (file: string, ...args: string[]) =>
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'].concat(
        ['-subj', `/CN=${file}`, '-keyout', at(`${file}.key`), '-out', at(`${file}.crt`)],
        args,
      ),
      { stdio: 'ignore' },
    )
  try {
    make(name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    console.log('There is no openssl here: what needs certificates is not tested.')
    return null
  }
  return {
    ca: at(`${name}.crt`),
    issue(file, ...altNames) {
      const names = altNames.length > 0 ? ['-addext', `subjectAltName=${altNames.join(',')}`] : []
      make(file, '-CA', at(`${name}.crt`), '-CAkey', at(`${name}.key`), '-addext', 'basicConstraints=critical,CA:FALSE', ...names)
      return { cert: at(`${file}.crt`), key: at(`${file}.key`) }
    },
  }
}
