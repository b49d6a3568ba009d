import type { Node } from 'constructs';
import { type Entry, oneOf, optional, text, whole } from './setting-kinds';

/**
 * Every setting of the stack. `-c name=value` on the command line (or "context" in cdk.json)
 * overrides its default; an unknown name or a value out of range stops the synthesis, so that a
 * typing mistake never deploys the default in silence.
 */
export interface Settings {
  /** `dev` is cheap and disposable; `production` keeps its data whatever happens to the stack. */
  readonly env: Environment;
  /** Name of the stack, where an account has more than one. */
  readonly name: string;
  /** `ministack` leaves out what that emulator does not know, and points the functions at `endpoint`. */
  readonly target: 'aws' | 'ministack';
  /** Where MiniStack listens, e.g. http://127.0.0.1:4566. */
  readonly endpoint: string;
  /** Region of a production stack (its keys need to know it); empty: the command line's. */
  readonly region: string;

  /** Folder with one `<function>/bootstrap` per function. */
  readonly binaries: string;
  /** Instruction set of the binaries: `x86_64` or `arm64`. */
  readonly architecture: 'x86_64' | 'arm64';

  /** Places one customer may have open at once, held or pending; the first may be of any size. */
  readonly maxOpenHolds: number;
  /** `RUST_LOG` of every function. */
  readonly logLevel: string;
  /** Lambda's own log lines: `INFO` has one per start and end, `WARN` only what went wrong. */
  readonly systemLogLevel: 'INFO' | 'WARN';
  /** Days that logs are kept. */
  readonly logRetentionDays: number;

  /** Changes that `push` gets at once, at most. */
  readonly streamBatchSize: number;
  /** Seconds that the stream waits for a batch to fill. 0: a change is pushed at once. */
  readonly streamBatchWindow: number;
  /** Batches of one shard in flight at once. */
  readonly streamParallelization: number;
  /**
   * Seconds for which a change is tried again before it goes to the failure queue. There is no limit on
   * the number of attempts: `push` knows how old a change is, and not how often it has been tried.
   */
  readonly streamMaxRecordAge: number;
  /** Days that events can be replayed from the archive. */
  readonly archiveDays: number;

  /** Timeout in seconds per function; infra/README.md says why these. */
  readonly authorizerTimeout: number;
  readonly connectTimeout: number;
  readonly disconnectTimeout: number;
  readonly httpTimeout: number;
  readonly messageTimeout: number;
  readonly pushTimeout: number;
  readonly expireTimeout: number;
  readonly fulfilTimeout: number;

  /** Memory in MB per function. CPU grows with it: 1769 MB is one vCPU. */
  readonly authorizerMemory: number;
  readonly connectMemory: number;
  readonly disconnectMemory: number;
  readonly httpMemory: number;
  readonly messageMemory: number;
  readonly pushMemory: number;
  readonly expireMemory: number;
  readonly fulfilMemory: number;

  /** Concurrency set aside for, and not exceeded by, one function; `none` shares the account's. */
  readonly authorizerConcurrency: number | undefined;
  readonly connectConcurrency: number | undefined;
  readonly disconnectConcurrency: number | undefined;
  readonly httpConcurrency: number | undefined;
  readonly messageConcurrency: number | undefined;
  readonly pushConcurrency: number | undefined;
  readonly expireConcurrency: number | undefined;
  readonly fulfilConcurrency: number | undefined;
  /** The account's quota of concurrent executions, which the concurrency alarm compares with. */
  readonly accountConcurrency: number;

  /** Requests a second, and in a burst, per route. Beyond: 429, and a client may try again. */
  readonly connectRate: number;
  readonly connectBurst: number;
  readonly messageRate: number;
  readonly messageBurst: number;
  /** The same for `POST /v1`. */
  readonly httpRate: number;
  readonly httpBurst: number;

  /** Custom name of the endpoint, with the ARN of its certificate; empty: the generated name. */
  readonly domainName: string;
  readonly certificateArn: string;
  /** `on` puts CloudFront and WAF in front, in a stack of their own; the name above is then theirs. */
  readonly edge: 'off' | 'on';
  /** Connection attempts of one address in five minutes before WAF refuses it. */
  readonly edgeRate: number;

  /** Who is mailed when an alarm goes off; empty: nobody, subscribe to the topic yourself. */
  readonly alarmEmail: string;
}

export type Environment = 'dev' | 'production';

/** The periods that CloudWatch Logs knows. */
const RETENTION = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

const memory = (value: number) => whole(128, 10_240, value);
// Where a client waits, the gateway gives up after 29 s, and an answer after that helps nobody.
const answered = (value: number) => whole(1, 29, value);
const concurrency = (production?: number) => optional(whole(1, 10_000, 0), undefined, production);

const SETTINGS: { readonly [K in keyof Settings]: Entry<Settings[K]> } = {
  env: oneOf<Environment>(['dev', 'production'], 'dev'),
  name: text('Booking'),
  target: oneOf(['aws', 'ministack'], 'aws'),
  endpoint: text(''),
  region: text(''),
  binaries: text('../../target/lambda'),
  architecture: oneOf(['x86_64', 'arm64'], 'x86_64'),
  maxOpenHolds: whole(1, 1_000, 50),
  logLevel: text('info'),
  systemLogLevel: oneOf(['INFO', 'WARN'], 'INFO', 'WARN'),
  logRetentionDays: oneOf(RETENTION, 7, 90),
  streamBatchSize: whole(1, 10_000, 100),
  streamBatchWindow: whole(0, 300, 0),
  streamParallelization: whole(1, 10, 1),
  streamMaxRecordAge: whole(60, 604_800, 3_600),
  archiveDays: whole(1, 3_650, 7, 90),
  authorizerTimeout: answered(10),
  connectTimeout: answered(10),
  disconnectTimeout: answered(10),
  httpTimeout: answered(15),
  messageTimeout: answered(15),
  pushTimeout: whole(1, 900, 60),
  expireTimeout: whole(1, 900, 10),
  fulfilTimeout: whole(15, 900, 30),
  authorizerMemory: memory(256),
  connectMemory: memory(256),
  disconnectMemory: memory(256),
  httpMemory: memory(512),
  messageMemory: memory(512),
  pushMemory: memory(1_769),
  expireMemory: memory(256),
  fulfilMemory: memory(256),
  authorizerConcurrency: concurrency(),
  connectConcurrency: concurrency(),
  disconnectConcurrency: concurrency(),
  httpConcurrency: concurrency(),
  messageConcurrency: concurrency(),
  // A flood of requests takes all concurrency that is not set aside; clients are still told then.
  pushConcurrency: concurrency(50),
  expireConcurrency: concurrency(),
  fulfilConcurrency: concurrency(),
  accountConcurrency: whole(1, 1_000_000, 1_000),
  connectRate: whole(1, 100_000, 500),
  connectBurst: whole(1, 100_000, 500),
  messageRate: whole(1, 100_000, 2_000),
  messageBurst: whole(1, 100_000, 1_000),
  httpRate: whole(1, 100_000, 1_000),
  httpBurst: whole(1, 100_000, 500),
  domainName: text(''),
  certificateArn: text(''),
  edge: oneOf(['off', 'on'], 'off'),
  edgeRate: whole(10, 2_000_000_000, 1_000),
  alarmEmail: text(''),
};

/** A setting that does not exist, or has a value that it cannot have. */
export class SettingError extends Error {}

/** Reads the settings from the context of the app. */
export function readSettings(node: Node): Settings {
  // Names with other characters are the CDK's own: feature flags, look-ups, the command line's.
  const unknown = Object.keys(node.getAllContext()).filter((name) => /^[a-zA-Z]+$/.test(name) && !(name in SETTINGS));
  if (unknown.length > 0) {
    throw new SettingError(`unknown setting ${unknown.join(', ')}; the settings are ${Object.keys(SETTINGS).join(', ')}`);
  }
  const production = node.tryGetContext('env') === 'production';
  const values = Object.entries(SETTINGS).map(([name, entry]) => {
    const given: unknown = node.tryGetContext(name);
    if (given === undefined) return [name, production ? entry.production : entry.dev];
    const value = entry.read(String(given));
    if (value === null) throw new SettingError(`setting ${name} is "${String(given)}"; it takes ${entry.expects}`);
    return [name, value];
  });
  const settings = Object.fromEntries(values) as Settings;
  checkTogether(settings);
  return settings;
}

function checkTogether(settings: Settings) {
  const { target, endpoint, env, region, domainName, certificateArn, edge } = settings;
  if ((target === 'ministack') !== (endpoint !== '')) {
    throw new SettingError('target=ministack and endpoint=http://... go together: give both or neither');
  }
  if ((domainName === '') !== (certificateArn === '')) {
    throw new SettingError('domainName and certificateArn go together: give both or neither');
  }
  if (edge === 'on' && domainName === '') {
    throw new SettingError('edge=on needs domainName and certificateArn (of a certificate in us-east-1)');
  }
  if (env === 'production' && region === '' && !process.env.CDK_DEFAULT_REGION) {
    throw new SettingError('env=production needs a region: -c region=eu-central-1, or AWS_REGION');
  }
}
