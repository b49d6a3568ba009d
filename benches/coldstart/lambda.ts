import { spawn } from 'node:child_process';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';

/** A function as Lambda sees it: what it is started with. */
export interface Subject {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string>>;
}

/** How a start went. */
export interface Started {
  /** From just before the process was made until it asked for an invocation. */
  readonly milliseconds: number;
  /** Everything that it, or the tool around it, wrote. */
  readonly output: string;
}

/** The Lambda Runtime API, as far as a start needs it, for one process at a time. */
export class Lambda {
  private asked: (() => void) | undefined;
  private answers: { event: string; answered: () => void } | undefined;

  private constructor(private readonly server: http.Server) {
    server.on('request', (request, response) => this.serve(request, response));
  }

  static async open(): Promise<Lambda> {
    const server = http.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Lambda(server);
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }

  /**
   * Starts a process and ends it when it asks for an invocation, or, where there is an event for
   * it, when it has answered that.
   */
  async start(subject: Subject, wrap: readonly string[] = [], event?: string): Promise<Started> {
    const [command, ...args] = [...wrap, ...subject.command] as [string, ...string[]];
    const { port } = this.server.address() as AddressInfo;
    const env = { ...subject.environment, AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${port}` };
    const asked = new Promise<bigint>((resolve) => (this.asked = () => resolve(process.hrtime.bigint())));
    const answered = new Promise<void>((resolve) => {
      this.answers = event === undefined ? undefined : { event, answered: resolve };
      if (event === undefined) resolve();
    });

    const begin = process.hrtime.bigint();
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
    const failed = Promise.race([
      closed.then(() => `${subject.name} ended before it asked for an invocation:\n${output}`),
      new Promise<string>((resolve) => child.once('error', (error) => resolve(`${command}: ${error.message}`))),
    ]).then((why) => Promise.reject(new Error(why)));

    const end = await Promise.race([asked, failed]);
    await Promise.race([answered, failed]);
    child.kill('SIGTERM');
    await closed;
    failed.catch(() => {});
    return { milliseconds: Number(end - begin) / 1e6, output };
  }

  private serve(request: http.IncomingMessage, response: http.ServerResponse) {
    request.resume();
    if (request.method !== 'GET') {
      response.writeHead(202).end();
      this.answers?.answered();
      return;
    }
    this.asked?.();
    // Whoever has no event waits for one, as on Lambda, and is ended meanwhile.
    if (this.answers === undefined) return;
    const headers = {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': '8476a536-e9f4-11e8-9739-2dfe598c3fcd',
      'lambda-runtime-deadline-ms': String(Date.now() + 30_000),
      'lambda-runtime-invoked-function-arn': 'arn:aws:lambda:eu-west-1:123456789012:function:measured',
    };
    response.writeHead(200, headers).end(this.answers.event);
  }
}
