import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Match } from 'aws-cdk-lib/assertions';
import { PRODUCTION, template } from './contexts';

const TABLE = 'AWS::DynamoDB::GlobalTable';

for (const [name, context] of Object.entries({ dev: {}, production: PRODUCTION })) {
  test(`${name}: both tables are on demand, have the keys PK and SK, and expire by ttl`, () => {
    template(context).resourcePropertiesCountIs(
      TABLE,
      {
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [
          { AttributeName: 'PK', KeyType: 'HASH' },
          { AttributeName: 'SK', KeyType: 'RANGE' },
        ],
        TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      },
      2,
    );
  });

  test(`${name}: bookings has a stream of both images, and is restorable to any second`, () => {
    template(context).resourcePropertiesCountIs(
      TABLE,
      {
        StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
        Replicas: [Match.objectLike({ PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true } })],
      },
      1,
    );
  });
}

test('no table has an index: what it says would be late', () => {
  for (const table of Object.values(template().findResources(TABLE))) {
    assert.equal(table.Properties.GlobalSecondaryIndexes, undefined);
    assert.equal(table.Properties.LocalSecondaryIndexes, undefined);
  }
});

test('connections has no stream: nobody watches it', () => {
  const tables = Object.values(template().findResources(TABLE, { Properties: { StreamSpecification: Match.absent() } }));
  assert.equal(tables.length, 1);
});

test('production: both tables stay, cannot be deleted, can be restored, and are under the key', () => {
  const tables = Object.values(template(PRODUCTION).findResources(TABLE));
  assert.equal(tables.length, 2);
  for (const table of tables) {
    assert.equal(table.DeletionPolicy, 'Retain');
    assert.equal(table.UpdateReplacePolicy, 'Retain');
    assert.deepEqual(table.Properties.SSESpecification, { SSEEnabled: true, SSEType: 'KMS' });
    const [replica] = table.Properties.Replicas;
    assert.equal(replica.DeletionProtectionEnabled, true);
    assert.equal(replica.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled, true);
    assert.deepEqual(Object.keys(replica.SSESpecification), ['KMSMasterKeyId']);
  }
});

test('production: there is one key; it rotates, and stays', () => {
  const keys = Object.values(template(PRODUCTION).findResources('AWS::KMS::Key'));
  assert.equal(keys.length, 1);
  assert.equal(keys[0].Properties.EnableKeyRotation, true);
  assert.equal(keys[0].DeletionPolicy, 'Retain');
});

test('dev: nothing stays, and no key is paid for', () => {
  const stack = template();
  stack.resourceCountIs('AWS::KMS::Key', 0);
  const resources = Object.values(stack.toJSON().Resources as Record<string, { DeletionPolicy?: string }>);
  assert.deepEqual(
    resources.filter(({ DeletionPolicy }) => DeletionPolicy === 'Retain'),
    [],
  );
});
