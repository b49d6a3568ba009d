import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { MiniStack } from './server';

const APP = path.resolve(__dirname, '..');
const PROGRAMS = path.join(APP, 'node_modules', '.bin');

/** The pinned `cdk` command line, pointed at a MiniStack. */
export class Cdk {
  constructor(
    private readonly ministack: MiniStack,
    /** Where it leaves what it synthesizes. */
    private readonly work: string,
  ) {}

  /** The roles and the bucket that every `cdk deploy` needs. */
  async bootstrap(): Promise<void> {
    const template = path.join(this.work, 'bootstrap.yaml');
    const original = await this.run(['bootstrap', '--show-template']);
    // The bucket's policy refuses everything but TLS, and MiniStack speaks plain HTTP.
    const changed = original.replace(/^ {2}StagingBucketPolicy:\n(?: {4}.*\n)+/m, '');
    if (changed === original) throw new Error('the bootstrap template has no StagingBucketPolicy any more');
    fs.writeFileSync(template, changed);
    await this.run(['bootstrap', 'aws://000000000000/us-east-1', '--template', template]);
  }

  /** Deploys or updates the stack; gives its outputs. */
  async deploy(args: string[]): Promise<Record<string, string>> {
    const outputs = path.join(this.work, 'outputs.json');
    await this.run(['deploy', ...this.context(), '--require-approval', 'never', '--outputs-file', outputs, ...args]);
    const [stack] = Object.values(JSON.parse(fs.readFileSync(outputs, 'utf8')) as Record<string, Record<string, string>>);
    return stack;
  }

  async destroy(args: string[]): Promise<void> {
    await this.run(['destroy', ...this.context(), '--force', ...args]);
  }

  private context(): string[] {
    const target = ['target=ministack', `endpoint=${this.ministack.endpoint}`];
    return [...target.flatMap((setting) => ['-c', setting]), '--output', path.join(this.work, 'cdk.out')];
  }

  private async run(args: string[]): Promise<string> {
    const cdk = spawn(path.join(PROGRAMS, 'cdk'), args, {
      cwd: APP,
      // The app is started by name.
      env: { ...this.ministack.environment, PATH: `${PROGRAMS}:${process.env.PATH}` },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    cdk.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    const status = await new Promise((resolve) => cdk.once('close', resolve));
    if (status !== 0) throw new Error(`cdk ${args.join(' ')} failed\n${output}`);
    return output;
  }
}
