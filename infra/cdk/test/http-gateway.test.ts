import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Match } from 'aws-cdk-lib/assertions';
import { EDGE, PRODUCTION, template } from './contexts';

const STAGE = 'AWS::ApiGatewayV2::Stage';
const OF_HTTP = { Properties: { ApiId: { Ref: Match.stringLikeRegexp('^Http') } } };

test('one route, POST /v1, without an authorizer: the function says why it refuses', () => {
  const stack = template();
  stack.hasResourceProperties('AWS::ApiGatewayV2::Api', { ProtocolType: 'HTTP', CorsConfiguration: Match.absent() });
  const [route, ...more] = Object.values(stack.findResources('AWS::ApiGatewayV2::Route', OF_HTTP));
  assert.equal(more.length, 0);
  assert.equal(route.Properties.RouteKey, 'POST /v1');
  assert.equal(route.Properties.AuthorizationType, 'NONE');
  const [integration] = Object.values(stack.findResources('AWS::ApiGatewayV2::Integration', OF_HTTP));
  assert.equal(integration.Properties.PayloadFormatVersion, '2.0');
  assert.match(integration.Properties.IntegrationUri['Fn::GetAtt'][0], /^FunctionsHttp/);
});

test('the API may invoke its function at this route alone', () => {
  template().hasResourceProperties('AWS::Lambda::Permission', {
    Action: 'lambda:InvokeFunction',
    FunctionName: { 'Fn::GetAtt': [Match.stringLikeRegexp('^FunctionsHttp'), 'Arn'] },
    SourceArn: { 'Fn::Join': ['', Match.arrayWith(['/*/*/v1'])] },
  });
});

test('the stage is no part of the address, and throttled by settings', () => {
  const limits = (rate: number, burst: number) => ({
    StageName: '$default',
    AutoDeploy: true,
    DefaultRouteSettings: Match.objectLike({ ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst }),
  });
  template().hasResourceProperties(STAGE, limits(1_000, 500));
  template({ httpRate: '9', httpBurst: '3' }).hasResourceProperties(STAGE, limits(9, 3));
});

test('the access log has neither headers nor query nor body, where a credential could be', () => {
  const [stage] = Object.values(template().findResources(STAGE, OF_HTTP));
  const { Format, DestinationArn } = stage.Properties.AccessLogSettings;
  const variables = Object.values(JSON.parse(Format) as Record<string, string>);
  assert.ok(variables.includes('$context.requestId'));
  for (const variable of variables) {
    assert.match(variable, /^\$context\.[a-zA-Z.]+$/);
    assert.doesNotMatch(variable, /header|query|body|user|apiKey|token|path/i);
  }
  for (const [context, days] of [
    [{}, 7],
    [PRODUCTION, 90],
  ] as const) {
    const group = template(context).findResources('AWS::Logs::LogGroup')[DestinationArn['Fn::GetAtt'][0]];
    assert.equal(group.Properties.RetentionInDays, days);
    assert.equal('KmsKeyId' in group.Properties, days === 90);
  }
});

test('the address is told, and is the same whatever stands before the WebSocket API', () => {
  for (const context of [{}, EDGE, { ...EDGE, edge: 'off' }]) {
    const { HttpUrl } = template(context).findOutputs('HttpUrl');
    const [separator, [endpoint, path]] = HttpUrl.Value['Fn::Join'];
    assert.deepEqual([separator, path], ['', '/v1']);
    assert.match(endpoint['Fn::GetAtt'][0], /^Http/);
  }
});
