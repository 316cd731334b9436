// What is refused before anything starts: OpenTelemetry's variables, whatever would be ignored in silence, a replica of nothing.
import { expect, it } from 'vitest'
import { readConfig } from './config.ts'

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' }
const traces = (env: Record<string, string>) => readConfig(env).traces

it('an endpoint, and nothing else, switches traces on', () => {
  expect(traces({})).toBeNull()
  expect(traces({ OTEL_TRACES_EXPORTER: 'otlp', OTEL_SERVICE_NAME: 'api', OTEL_TRACES_SAMPLER: 'nonsense' })).toBeNull()
  expect(traces(endpoint)).toEqual({ encoding: 'protobuf', propagated: true })
  expect(traces({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://collector/v1/traces' })).toEqual(traces(endpoint))
})

it('OTEL_SDK_DISABLED and OTEL_TRACES_EXPORTER=none switch them off, whatever else is set', () => {
  expect(traces({ ...endpoint, OTEL_SDK_DISABLED: 'TRUE' })).toBeNull()
  expect(traces({ ...endpoint, OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })).toBeNull()
  expect(traces({ ...endpoint, OTEL_SDK_DISABLED: 'false' })).not.toBeNull()
})

it('the protocol for traces goes before the general one, and a propagator before its absence', () => {
  const both = { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json' }
  expect(traces({ ...endpoint, ...both })?.encoding).toBe('json')
  expect(traces({ ...endpoint, OTEL_PROPAGATORS: 'none' })?.propagated).toBe(false)
  expect(traces({ ...endpoint, OTEL_PROPAGATORS: 'b3, tracecontext,baggage' })?.propagated).toBe(true)
})

it('all faults are named in one sentence, which repeats no URL', () => {
  const wrong = {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'grpc://user:secret@collector:4317',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_TRACES_EXPORTER: 'zipkin',
    OTEL_TRACES_SAMPLER: 'sometimes',
  }
  const refused = (env: Record<string, string>) => {
    try {
      return String(readConfig(env))
    } catch (error) {
      return (error as Error).message
    }
  }
  for (const name of Object.keys(wrong)) expect(refused(wrong)).toContain(name)
  expect(refused(wrong)).not.toContain('secret')
  for (const ratio of ['', '1%', '1.5', '-1'])
    expect(refused({ ...endpoint, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: ratio })).toContain('SAMPLER_ARG')
  for (const ratio of ['0', '1', '0.01', '1.0', '.5'])
    expect(traces({ ...endpoint, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: ratio })).not.toBeNull()
})

it('a replica needs the primary that it is a copy of, and a fault in its address repeats no password', () => {
  const replica = 'postgres://user:secret@standby/aion'
  expect(() => readConfig({ DATABASE_REPLICA_URL: replica })).toThrow(/DATABASE_REPLICA_URL needs DATABASE_URL/)
  expect(() => readConfig({ DATABASE_URL: 'postgres://h', DATABASE_REPLICA_URL: `${replica}?sslmode=maybe` })).toThrow(
    /DATABASE_REPLICA_URL has sslmode=maybe(?!.*secret)/,
  )
  expect(readConfig({ DATABASE_URL: 'postgres://h', DATABASE_REPLICA_URL: replica }).databaseReplicaUrl).toBe(replica)
})

it('a variable that is one slip away from a setting is refused, with the one that was meant', () => {
  const slips = {
    AION_WORKER: 'AION_WORKERS',
    AION_WORKERSS: 'AION_WORKERS',
    AION_WROKERS: 'AION_WORKERS',
    aION_WORKERS: 'AION_WORKERS',
    NODE_EVN: 'NODE_ENV',
    DATABASE_URI: 'DATABASE_URL',
    REDIS_UR: 'REDIS_URL',
    S3_BUCKETT: 'S3_BUCKET',
    AION_LIMIT_LOGINS: 'AION_LIMIT_LOGIN',
  }
  for (const [name, meant] of Object.entries(slips))
    expect(() => readConfig({ [name]: 'x' })).toThrow(`The configuration is not valid: ${name} is not a setting: ${meant} is.`)
})

it('what is farther away, too short, or stands beside the setting itself is somebody else’s', () => {
  for (const name of ['AION_SERVICE_HOST', 'AION_PORT', 'AION_WORK', 'POST', 'PORTS', 'HOSTS', 'REDIS_TLS_URL', 'AWS_REGION'])
    expect(() => readConfig({ [name]: 'x' })).not.toThrow()
  expect(readConfig({ AION_WORKERS: '2', AION_WORKER: 'x' }).workers).toBe(2)
})

it('a NODE_ENV that is not one is refused: it would start a server that is open', () => {
  for (const mode of ['prod', 'Production', 'staging'])
    expect(() => readConfig({ NODE_ENV: mode })).toThrow(`NODE_ENV must be one of production, development, test, not "${mode}"`)
})
