import * as path from 'node:path';
import type { Lambda, Subject } from './lambda';
import type { Nearby } from './nearby';

/**
 * Instructions until a process asks for an invocation, from the first one of the loader on, all
 * threads together. `log` is where callgrind leaves what `callgrind_annotate` reads.
 */
export async function instructions(lambda: Lambda, subject: Subject, log: string): Promise<number> {
  const valgrind = ['valgrind', '--tool=callgrind', `--callgrind-out-file=${log}`];
  const { output } = await lambda.start(subject, valgrind);
  const collected = /Collected : (\d+)/.exec(output)?.[1];
  if (collected === undefined) throw new Error(`callgrind counted nothing of ${subject.name}:\n${output}`);
  return Number(collected);
}

/** Milliseconds until each asks for an invocation, `rounds` times, in turn. */
export async function times(lambda: Lambda, subjects: readonly Subject[], rounds: number): Promise<Map<string, number[]>> {
  const times = new Map<string, number[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const subject of subjects) {
      const { milliseconds } = await lambda.start(subject);
      // In the first round files still come from the disk.
      if (round > 0) named(times, subject.name).push(milliseconds);
    }
  }
  return times;
}

const requestContext = { connectionId: 'measured=', authorizer: { customer: 'measured', role: 'customer', exp: '4102444800' } };
const EVENTS: Record<string, object> = {
  connect: { requestContext },
  disconnect: { requestContext },
  message: { requestContext, body: '{"action":"ping"}' },
};

/**
 * Connections that a process has made once it has answered an invocation, where its function has
 * one that needs the database and nothing in it.
 */
export async function connections(lambda: Lambda, subject: Subject, nearby: Nearby): Promise<number | undefined> {
  const event = EVENTS[subject.name];
  if (event === undefined) return undefined;
  const before = nearby.connections;
  await lambda.start(subject, [], JSON.stringify(event));
  return nearby.connections - before;
}

/** What is known of the one with this name. */
export function named<T>(known: ReadonlyMap<string, T>, name: string): T {
  const found = known.get(name);
  if (found === undefined) throw new Error(`nothing is known of ${name}`);
  return found;
}

export const least = (times: readonly number[]) => Math.min(...times);

export const median = (times: readonly number[]) => [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)];

/** Where callgrind's log of a function goes. */
export const logOf = (folder: string, name: string, where: string) => path.join(folder, `${name}-${where}.callgrind`);
