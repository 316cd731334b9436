// The table of commands, in the order of help: parsing, help and completion come from it.
import type { Command } from './command.ts'
import { auditTail, auditVerify } from './commands/audit.ts'
import { completionCommand } from './commands/completion.ts'
import { configGet, configPath, configSet } from './commands/config.ts'
import { doctor } from './commands/doctor.ts'
import { filesDownload, filesGet, filesList, filesRemove } from './commands/files.ts'
import { helpCommand } from './commands/help.ts'
import { keysCreate, keysList, keysRevoke, keysRotate } from './commands/keys.ts'
import { limitsWatch } from './commands/limits.ts'
import { listen } from './commands/listen.ts'
import { login } from './commands/login.ts'
import { logout } from './commands/logout.ts'
import { teamInvite, teamList, teamRemove, teamRole } from './commands/team.ts'
import { tenants, use } from './commands/tenants.ts'
import { upload } from './commands/upload.ts'
import { usage } from './commands/usage.ts'
import { whoami } from './commands/whoami.ts'

export const commands: readonly Command[] = [
  login,
  logout,
  whoami,
  keysList,
  keysCreate,
  keysRotate,
  keysRevoke,
  upload,
  filesList,
  filesGet,
  filesDownload,
  filesRemove,
  usage,
  limitsWatch,
  auditTail,
  auditVerify,
  teamList,
  teamInvite,
  teamRole,
  teamRemove,
  tenants,
  use,
  listen,
  configGet,
  configSet,
  configPath,
  completionCommand(() => commands),
  doctor,
  helpCommand(() => commands),
]
