import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';

const REQUIREMENTS = path.join(__dirname, 'requirements.txt');

/** A running MiniStack: AWS's services on one loopback port, with IAM enforced. */
export class MiniStack {
  private constructor(
    readonly endpoint: string,
    private readonly server: ChildProcess,
  ) {}

  /** Starts one on a free port; `home` keeps the virtual environment and the logs, `work` nothing. */
  static async start(home: string, work: string): Promise<MiniStack> {
    const python = install(home);
    const port = await freePort();
    const endpoint = `http://127.0.0.1:${port}`;
    const log = path.join(home, `server-${port}.log`);
    const server = spawn(path.join(python, 'ministack'), [], {
      cwd: work,
      stdio: ['ignore', fs.openSync(log, 'w'), fs.openSync(log, 'a')],
      // A group of its own, functions included, so that all of it can be ended.
      detached: true,
      env: {
        ...awsEnvironment(endpoint),
        BIND_HOST: '127.0.0.1',
        GATEWAY_PORT: String(port),
        MINISTACK_HOST: 'us-east-1.amazonaws.com',
        AUTH: 'true',
        SFTP_ENABLED: '0',
        IOT_MTLS_ENABLED: '0',
        STATE_DIR: path.join(work, 'state'),
        TMPDIR: work,
      },
    });
    const stack = new MiniStack(endpoint, server);
    await stack.ready(log);
    return stack;
  }

  /** What `cdk` and the AWS SDKs need to know to talk to it. */
  get environment(): NodeJS.ProcessEnv {
    return awsEnvironment(this.endpoint);
  }

  async stop(): Promise<void> {
    if (this.ended) return;
    const gone = new Promise((resolve) => this.server.once('exit', resolve));
    this.signal('SIGTERM');
    const insist = setTimeout(() => this.signal('SIGKILL'), 5_000);
    await gone;
    clearTimeout(insist);
  }

  /** Whether it runs no longer, or could not be started at all. */
  private get ended(): boolean {
    const { pid, exitCode, signalCode } = this.server;
    return pid === undefined || exitCode !== null || signalCode !== null;
  }

  private signal(signal: NodeJS.Signals) {
    const { pid } = this.server;
    if (pid !== undefined) process.kill(-pid, signal);
  }

  private async ready(log: string) {
    const patience = Date.now() + 60_000;
    while (Date.now() < patience && !this.ended) {
      const health = await fetch(`${this.endpoint}/_ministack/health`).catch(() => undefined);
      if (health?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await this.stop();
    throw new Error(`MiniStack did not start; see ${log}`);
  }
}

/** The environment of a process that is to see MiniStack and no real account. */
function awsEnvironment(endpoint: string): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_') && !name.startsWith('CDK_'));
  return {
    ...Object.fromEntries(inherited),
    AWS_ENDPOINT_URL: endpoint,
    // The CDK's command line asks for this one by name.
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_EC2_METADATA_DISABLED: 'true',
    CDK_DISABLE_CLI_TELEMETRY: 'true',
  };
}

/** Installs MiniStack once per set of requirements; gives the folder of its programs. */
function install(home: string): string {
  const venv = path.join(home, 'venv');
  const done = path.join(venv, 'installed.txt');
  const wanted = fs.readFileSync(REQUIREMENTS, 'utf8');
  if (!fs.existsSync(done) || fs.readFileSync(done, 'utf8') !== wanted) {
    console.error(`installing MiniStack into ${venv}`);
    fs.mkdirSync(home, { recursive: true });
    run('python3', ['-m', 'venv', '--clear', venv]);
    run(path.join(venv, 'bin', 'pip'), ['install', '--quiet', '--no-input', '-r', REQUIREMENTS]);
    fs.writeFileSync(done, wanted);
  }
  return path.join(venv, 'bin');
}

function run(program: string, args: string[]) {
  // Standard output is for what the caller reads.
  const { status, error } = spawnSync(program, args, { stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed${error ? `: ${error.message}` : ''}`);
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
