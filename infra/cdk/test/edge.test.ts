import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { accountApp, bookingApp } from '../lib/app';
import { EDGE, type Json, PRODUCTION } from './contexts';

const { edge } = bookingApp({ ...PRODUCTION, ...EDGE });
assert.ok(edge);
const stack = Template.fromStack(edge);

test('WAF for CloudFront lives in us-east-1', () => {
  assert.equal(edge.region, 'us-east-1');
});

test('WAF: a rate per address, and the managed rules, without refusing clients that send no User-Agent', () => {
  const rules = Object.values(stack.findResources('AWS::WAFv2::WebACL'))[0].Properties.Rules as Json[];
  assert.deepEqual(
    rules.map((rule) => rule.Name),
    [
      'RatePerAddress',
      'AWSManagedRulesAmazonIpReputationList',
      'AWSManagedRulesCommonRuleSet',
      'AWSManagedRulesKnownBadInputsRuleSet',
    ],
  );
  assert.equal(rules[0].Statement.RateBasedStatement.Limit, 1_000);
  assert.deepEqual(rules[2].Statement.ManagedRuleGroupStatement.RuleActionOverrides, [
    { Name: 'NoUserAgent_HEADER', ActionToUse: { Count: {} } },
  ]);
});

test('WAF keeps no samples: they would show credentials', () => {
  const acl = Object.values(stack.findResources('AWS::WAFv2::WebACL'))[0].Properties;
  for (const part of [acl, ...acl.Rules]) assert.equal(part.VisibilityConfig.SampledRequestsEnabled, false);
});

test('CloudFront: TLS 1.2 at least, nothing cached, the gateway behind it with its key', () => {
  stack.hasResourceProperties('AWS::CloudFront::Distribution', {
    DistributionConfig: {
      Aliases: [EDGE.domainName],
      Logging: Match.objectLike({}),
      ViewerCertificate: { MinimumProtocolVersion: 'TLSv1.2_2021' },
      WebACLId: Match.anyValue(),
      DefaultCacheBehavior: { ViewerProtocolPolicy: 'https-only' },
      Origins: [
        {
          DomainName: { Ref: 'GatewayHost' },
          OriginPath: '/live',
          OriginCustomHeaders: [{ HeaderName: 'x-api-key', HeaderValue: { Ref: 'OriginKey' } }],
        },
      ],
    },
  });
});

test('the account-wide role for logs outlives its stack', () => {
  const account = Template.fromStack(accountApp().stack);
  for (const type of ['AWS::IAM::Role', 'AWS::ApiGateway::Account']) {
    account.hasResource(type, { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  }
});
