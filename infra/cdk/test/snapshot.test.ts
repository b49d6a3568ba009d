import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { test } from 'node:test';
import { SNAPSHOTS, snapshot } from '../lib/snapshot';

for (const { file, context } of SNAPSHOTS) {
  const name = path.basename(file);

  test(`the synthesized template is the checked-in ${name}`, () => {
    const checkedIn = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '{}';
    const synthesized = snapshot(context);
    const difference = firstDifference(JSON.parse(checkedIn), JSON.parse(synthesized));
    assert.equal(
      difference,
      undefined,
      `The stack no longer synthesizes to ${name}; first at ${difference}.\n` +
        'If that is what you meant, run `npm run snapshot` and review the difference.',
    );
    assert.equal(synthesized, checkedIn, `${name} was edited by hand: run \`npm run snapshot\`.`);
  });
}

test('the local host needs to resolve only Ref, Fn::GetAtt and Fn::Join', () => {
  const functions = new Set(snapshot({}).match(/"(Ref|Fn::\w+)":/g));
  assert.deepEqual([...functions].sort(), ['"Fn::GetAtt":', '"Fn::Join":', '"Ref":']);
});

/** Where two JSON values part, with both sides. */
function firstDifference(before: unknown, after: unknown, at = ''): string | undefined {
  const bothAreNodes = [before, after].every((side) => typeof side === 'object' && side !== null);
  if (!bothAreNodes) {
    const brief = (side: unknown) => (JSON.stringify(side) ?? 'nothing').slice(0, 200);
    return Object.is(before, after) ? undefined : `${at}: ${brief(before)} is now ${brief(after)}`;
  }
  const left = before as Record<string, unknown>;
  const right = after as Record<string, unknown>;
  for (const key of new Set([...Object.keys(left), ...Object.keys(right)])) {
    const found = firstDifference(left[key], right[key], `${at}/${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
