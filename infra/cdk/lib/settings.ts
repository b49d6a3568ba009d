import type { Node } from 'constructs';

/**
 * Every setting of the stack: what it means, and its value per environment. `-c name=value` on the
 * command line (or "context" in cdk.json) overrides one; an unknown name or a value out of range
 * stops the synthesis, so that a typing mistake never deploys the default in silence.
 */
export interface Settings {
  /** `dev` is cheap and disposable; `production` keeps its data whatever happens to the stack. */
  readonly env: Environment;
  /** Folder with one `<function>/bootstrap` per function. */
  readonly binaries: string;
  /** Instruction set of the binaries: `x86_64` or `arm64`. */
  readonly architecture: 'x86_64' | 'arm64';

  /** Holds one customer may have open at once. */
  readonly maxOpenHolds: number;
  /** `RUST_LOG` of every function. */
  readonly logLevel: string;

  /** Changes that `push` gets at once, at most (1-10000). */
  readonly streamBatchSize: number;
  /** Seconds that the stream waits for a batch to fill (0-300). 0: a change is pushed at once. */
  readonly streamBatchWindow: number;
  /** Batches of one shard in flight at once (1-10). */
  readonly streamParallelization: number;
  /** Retries of a batch before it goes to the failure queue (0-10000). */
  readonly streamRetryAttempts: number;
  /** Age in seconds past which a change goes to the failure queue (60-604800). */
  readonly streamMaxRecordAge: number;

  /** Timeout in seconds per function (1-900; 1-29 where a client waits for the answer). */
  readonly authorizerTimeout: number;
  readonly connectTimeout: number;
  readonly disconnectTimeout: number;
  readonly messageTimeout: number;
  readonly pushTimeout: number;

  /** Memory in MB per function (128-10240). CPU grows with it: 1769 MB is one vCPU. */
  readonly authorizerMemory: number;
  readonly connectMemory: number;
  readonly disconnectMemory: number;
  readonly messageMemory: number;
  readonly pushMemory: number;
}

export type Environment = 'dev' | 'production';

type Reader<T> = (given: string) => T | undefined;
type Entry<T> = { readonly read: Reader<T>; readonly value: T; readonly expects: string };

const whole = (from: number, to: number, value: number): Entry<number> => ({
  read: (given) => {
    const number = Number(given);
    return /^\d+$/.test(given) && number >= from && number <= to ? number : undefined;
  },
  value,
  expects: `a whole number from ${from} to ${to}`,
});
const oneOf = <T extends string>(choices: readonly T[], value: T): Entry<T> => ({
  read: (given) => choices.find((choice) => choice === given),
  value,
  expects: choices.join(' or '),
});
const text = (value: string): Entry<string> => ({
  read: (given) => given || undefined,
  value,
  expects: 'some text',
});
const timeout = (longest: number, value: number) => whole(1, longest, value);
const memory = (value: number) => whole(128, 10_240, value);

type Table = { readonly [K in keyof Settings]: Entry<Settings[K]> };

const SETTINGS: Table = {
  env: oneOf(['dev', 'production'], 'dev'),
  binaries: text('../../target/lambda'),
  architecture: oneOf(['x86_64', 'arm64'], 'x86_64'),
  maxOpenHolds: whole(1, 10_000, 50),
  logLevel: text('info'),
  streamBatchSize: whole(1, 10_000, 100),
  streamBatchWindow: whole(0, 300, 0),
  streamParallelization: whole(1, 10, 1),
  streamRetryAttempts: whole(0, 10_000, 10),
  streamMaxRecordAge: whole(60, 604_800, 3_600),
  authorizerTimeout: timeout(29, 10),
  connectTimeout: timeout(29, 10),
  disconnectTimeout: timeout(29, 10),
  messageTimeout: timeout(29, 15),
  pushTimeout: timeout(900, 60),
  authorizerMemory: memory(256),
  connectMemory: memory(256),
  disconnectMemory: memory(256),
  messageMemory: memory(512),
  pushMemory: memory(1_024),
};

/** A setting that does not exist, or has a value that it cannot have. */
export class SettingError extends Error {}

/** Reads the settings from the context of the app. */
export function readSettings(node: Node): Settings {
  // Names with other characters are the CDK's own: feature flags, look-ups, the command line's.
  const unknown = Object.keys(node.getAllContext()).filter(
    (name) => /^[a-zA-Z]+$/.test(name) && !(name in SETTINGS),
  );
  if (unknown.length > 0) {
    throw new SettingError(`unknown setting ${unknown.join(', ')}; the settings are ${Object.keys(SETTINGS).join(', ')}`);
  }
  const settings = Object.entries(SETTINGS).map(([name, entry]) => {
    const given: unknown = node.tryGetContext(name);
    if (given === undefined) return [name, entry.value];
    const value = entry.read(String(given));
    if (value === undefined) throw new SettingError(`setting ${name} is "${String(given)}"; it takes ${entry.expects}`);
    return [name, value];
  });
  return Object.fromEntries(settings) as Settings;
}
