// @aionvision/sdk: everything that may be imported.
export { Aionvision } from './client.ts'
export { AionvisionError, type ClientCode, type ErrorCode, type RateLimit, type ServerCode } from './errors.ts'
export { type AionvisionOptions, Requester } from './requester.ts'
export type { Uploaded, UploadItem, UploadManyOptions, UploadOptions, UploadOutcome } from './resources/uploads.ts'
export type { UploadSource } from './source.ts'
export type { CallOptions } from './transport.ts'
export type {
  Answer,
  ApiKey,
  AuditEntry,
  Body,
  CreatedApiKey,
  Document,
  Member,
  Methods,
  OperationCall,
  PathOf,
  Plan,
  Query,
  Session,
  UserFile,
  UserFileDetails,
} from './types.ts'
