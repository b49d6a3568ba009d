import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { IConstruct } from 'constructs';
import { accountApp, bookingApp } from '../lib/app';
import { EDGE, PRODUCTION } from './contexts';

for (const [name, build] of Object.entries({
  'the development stack': () => bookingApp(),
  'the production stack': () => bookingApp(PRODUCTION),
  'a stack with a name of its own': () => bookingApp({ ...PRODUCTION, ...EDGE, edge: 'off' }),
  'a stack behind CloudFront': () => bookingApp({ ...PRODUCTION, ...EDGE }),
  'the account': () => accountApp(),
})) {
  test(`cdk-nag finds nothing in ${name}`, () => {
    const { app } = build();
    assert.deepEqual(findings(app), []);
  });
}

test('each acknowledgement is needed, and says why', () => {
  const { app } = bookingApp({ ...PRODUCTION, ...EDGE });
  const everything = new Set(findings(app, { forgiving: false }).map((finding) => finding.split(' at ')[0]));
  assert.ok(everything.size > 0);
  for (const [id, reason] of acknowledgements(app)) {
    assert.ok(everything.has(id), `${id} is acknowledged, but not found`);
    assert.match(reason, /^[A-Z].{30,}\.$/);
  }
});

function findings(app: IConstruct, { forgiving } = { forgiving: true }): string[] {
  const checks = new AwsSolutionsChecks(app);
  if (!forgiving) Object.assign(checks, { isAcknowledged: () => false });
  return checks
    .validateScope(app)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} at ${constructPath}`),
    );
}

function acknowledgements(app: IConstruct): [id: string, reason: string][] {
  return app.node
    .findAll()
    .flatMap(({ node }) => node.metadata)
    .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
    .flatMap(({ data }) => Object.entries(data as Record<string, string>))
    .map(([id, reason]) => [id.replace(/^Annotation::/, ''), reason]);
}
