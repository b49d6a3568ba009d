/**
 * Holds the functions' start to bars. `run` builds what this measures, and starts it.
 *
 * Counts are held as they are. Time depends on the machine: it is held only as a ratio to that of a
 * Node function, started in turn with the others in the same run.
 */
import * as path from 'node:path';
import * as esbuild from 'esbuild';
import { Build } from './binary';
import { functions } from './environment';
import { Lambda, type Subject } from './lambda';
import { connections, instructions, least, logOf, median, named, times } from './measure';
import { Nearby } from './nearby';
import { Bars, table } from './report';

/** What provided.al2023 (Amazon Linux 2023) has. */
const GLIBC = '2.34';
const BYTES = 12_000_000;
/** What a process does of itself, while neither database nor issuer can be reached. */
const INSTRUCTIONS = 4_000_000;
/** That, and the TLS connection that it makes ahead of the first invocation where it can. */
const INSTRUCTIONS_CONNECTED = 5_000_000;
/** The part of Node's time in which a function has asked for its first invocation. */
const OF_NODE = 12;
/** Starts of each function that are timed, each way. */
const ROUNDS = 25;

const folder = path.resolve(process.argv[2] ?? '.');

/** The Node function, bundled as one would deploy it. */
function node(environment: Subject['environment']): Subject {
  const outfile = path.join(folder, 'node', 'function.js');
  const entry = path.join(__dirname, 'subject', 'function.ts');
  esbuild.buildSync({ entryPoints: [entry], outfile, bundle: true, minify: true, platform: 'node', target: 'node20' });
  return { name: `Node ${process.versions.node}`, command: [process.execPath, outfile], environment };
}

/** The same, with more in its environment. */
function within(subject: Subject, environment: Subject['environment']): Subject {
  return { ...subject, environment: { ...subject.environment, ...environment } };
}

async function main() {
  const build = new Build(path.join(folder, 'build.json'));
  const environments = functions();
  const names = [...environments.keys()];
  const binaries = names.map((name) => build.binary(name));
  const away = names.map(
    (name, at): Subject => ({
      name,
      command: [binaries[at].file],
      environment: named(environments, name),
    }),
  );
  const compared = node(named(environments, 'message'));
  const lambda = await Lambda.open();
  const nearby = await Nearby.open(path.join(folder, 'certificates'));
  const near = away.map((one) => within(one, nearby.environment));

  table(
    'What is deployed',
    ['function', 'bytes', 'zipped', 'glibc'],
    binaries.map(({ bytes, zipped, glibc }, at) => [names[at], bytes, zipped, glibc]),
  );

  const alone: number[] = [];
  const connected: number[] = [];
  for (const [at, name] of names.entries()) {
    alone.push(await instructions(lambda, away[at], logOf(folder, name, 'alone')));
    const before = nearby.connections;
    connected.push(await instructions(lambda, near[at], logOf(folder, name, 'connected')));
    if (nearby.connections !== before + 1) throw new Error(`${name} did not connect: its count means nothing`);
  }
  table(
    'Instructions until the first invocation is asked for',
    ['function', 'alone', 'with a TLS connection made'],
    names.map((name, at) => [name, alone[at], connected[at]]),
  );

  const reused: [string, number][] = [];
  for (const subject of near) {
    const made = await connections(lambda, subject, nearby);
    if (made !== undefined) reused.push([subject.name, made]);
  }

  const slower: [string, number][] = [];
  for (const [how, functions, other] of [
    ['alone', away.map((one) => within(one, nearby.nowhere)), compared],
    ['a TLS connection made', near, within(compared, { ...nearby.environment, CONNECT_AHEAD: '1' })],
  ] as const) {
    const timed = await times(lambda, [...functions, other], ROUNDS);
    const reference = named(timed, other.name);
    table(
      `Milliseconds until the first invocation is asked for, ${how}: ${ROUNDS} starts each, in turn`,
      ['function', 'least', 'median', 'of Node: least', 'median'],
      [...timed].map(([name, taken]) => [
        name,
        ...[least, median].map((measure) => measure(taken).toFixed(1)),
        ...[least, median].map((measure) => `1/${(measure(reference) / measure(taken)).toFixed(1)}`),
      ]),
    );
    // The least of each: whatever else the machine does can only add.
    slower.push([how, Math.min(...names.map((name) => least(reference) / least(named(timed, name))))]);
  }
  lambda.close();
  nearby.close();

  const bars = new Bars();
  const number = (value: number) => value.toLocaleString('en');
  const jitter = build.cryptographySymbols().filter((symbol) => symbol.includes('jent_'));
  const newer = (one: string) => one.localeCompare(GLIBC, 'en', { numeric: true }) > 0;
  bars.hold(
    `at most ${number(BYTES)} bytes each`,
    binaries.every(({ bytes }) => bytes <= BYTES),
  );
  bars.hold(`none needs a glibc newer than ${GLIBC}`, !binaries.some(({ glibc }) => newer(glibc)));
  bars.hold(`no jent_ symbol in the archive of aws-lc that is linked: ${jitter.length}`, jitter.length === 0);
  bars.hold(
    `at most ${number(INSTRUCTIONS)} instructions alone`,
    alone.every((count) => count <= INSTRUCTIONS),
  );
  bars.hold(
    `at most ${number(INSTRUCTIONS_CONNECTED)} instructions with a TLS connection made`,
    connected.every((count) => count <= INSTRUCTIONS_CONNECTED),
  );
  bars.hold(
    `the first invocation finds that connection: ${reused.map(([name, made]) => `${name} makes ${made}`).join(', ')}`,
    reused.every(([, made]) => made === 1),
  );
  for (const [how, times] of slower) {
    bars.hold(`at most 1/${OF_NODE} of Node's least time, ${how}: the slowest 1/${times.toFixed(1)}`, times >= OF_NODE);
  }
  if (bars.missed > 0) {
    console.log(`\n${bars.missed} missed; callgrind_annotate ${logOf(folder, 'FUNCTION', 'alone')} says where instructions go`);
  }
  return bars.missed;
}

main().then(
  (missed) => process.exit(missed === 0 ? 0 : 1),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);
