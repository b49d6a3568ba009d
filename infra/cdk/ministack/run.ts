import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import * as readline from 'node:readline';
import { Cdk } from './cdk';
import { Grants } from './grants';
import { MiniStack } from './server';

const USAGE = `Deploys the stack to a MiniStack of its own and keeps it up until standard input ends or Ctrl-C.

  npm run --silent ministack -- [arguments of cdk deploy]

  e.g.  -c binaries=DIR                        folder with one <function>/bootstrap each
        --parameters TokenIssuer=https://...   both are needed, as for any deployment
        --parameters TokenAudience=...

Standard output has one line of JSON per step: {"step":"deployed","url":"ws://...","http":"http://.../v1",
"endpoint":"http://...","outputs":{...}}, the name of another step alone, or {"step":"failed","error":"..."}.
Standard input takes one command a line:
  deploy [arguments]     updates the stack
  take ROLE ACTION [RESOURCE]
                         takes one grant from a live role, e.g. "take PushRole dynamodb:GetItem Bookings",
                         and gives back the one taken before
  restore                gives back the grant taken last
  destroy                removes it
Credentials for the endpoint: AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1`;

/** Kept between runs: the virtual environment, and the logs of the servers. */
const HOME = path.resolve(__dirname, '..', '..', '..', 'target', 'ministack');

async function main(args: string[]) {
  if (args.includes('--help')) return console.log(USAGE);
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'ministack-'));
  const ministack = await MiniStack.start(HOME, work);
  let stopping = false;
  const stop = async (status: number) => {
    if (stopping) return;
    stopping = true;
    await ministack.stop();
    fs.rmSync(work, { recursive: true, force: true });
    process.exit(status);
  };
  process.on('SIGINT', () => void stop(0));
  process.on('SIGTERM', () => void stop(0));

  const cdk = new Cdk(ministack, work);
  const grants = new Grants(ministack.endpoint);
  try {
    await cdk.bootstrap();
    await deploy(cdk, ministack, args);
  } catch (error) {
    failed(error);
    return stop(1);
  }
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [command, ...more] = line.split(/\s+/).filter((word) => word !== '');
    try {
      switch (command) {
        case undefined:
          break;
        case 'deploy':
          await deploy(cdk, ministack, [...args, ...more]);
          break;
        case 'take':
          await grants.take(more);
          step({ step: 'taken' });
          break;
        case 'restore':
          await grants.restore();
          step({ step: 'restored' });
          break;
        case 'destroy':
          await cdk.destroy(args.filter(isContext));
          step({ step: 'destroyed' });
          break;
        default:
          throw new Error(`no command "${command}"; there are deploy, take, restore and destroy`);
      }
    } catch (error) {
      failed(error);
    }
  }
  await stop(0);
}

async function deploy(cdk: Cdk, ministack: MiniStack, args: string[]) {
  const outputs = await cdk.deploy(args);
  const { endpoint } = ministack;
  // What is `https://API.execute-api.REGION.amazonaws.com/PATH` on AWS, MiniStack has at a path, too.
  const at = (name: string) => {
    const [, api, path] = /^\w+:\/\/([^.]+)\.[^/]+\/(.+)$/.exec(outputs[name]) ?? [];
    if (!path) throw new Error(`the stack's ${name} is ${outputs[name]}`);
    return `${endpoint}/_aws/execute-api/${api}/${path}`;
  };
  const url = at('WebSocketUrl').replace('http', 'ws');
  step({ step: 'deployed', url, http: at('HttpUrl'), endpoint, outputs });
}

function step(what: object) {
  console.log(JSON.stringify(what));
}

function failed(error: unknown) {
  step({ step: 'failed', error: error instanceof Error ? error.message : String(error) });
}

/** `-c name=value`, the arguments that deploying and destroying have in common. */
function isContext(word: string, index: number, words: string[]): boolean {
  return word === '-c' || words[index - 1] === '-c';
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
