import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import { test } from 'node:test';
import { SNAPSHOT, snapshot } from '../lib/snapshot';

test('the synthesized template is the checked-in one', () => {
  const checkedIn = fs.existsSync(SNAPSHOT) ? fs.readFileSync(SNAPSHOT, 'utf8') : '{}';
  assert.deepEqual(
    JSON.parse(snapshot()),
    JSON.parse(checkedIn),
    'The stack no longer synthesizes to template.json. If that is what you meant, run `npm run snapshot` and review the difference.',
  );
  assert.equal(snapshot(), checkedIn, 'template.json was edited by hand: run `npm run snapshot`.');
});
