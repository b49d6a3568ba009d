import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Match } from 'aws-cdk-lib/assertions';
import { bookingApp } from '../lib/app';
import { EDGE, PRODUCTION, template } from './contexts';

const STAGE = 'AWS::ApiGatewayV2::Stage';
/** Of the WebSocket API, and not of the HTTP API. */
const OF_SOCKETS = { Properties: { ApiId: { Ref: Match.stringLikeRegexp('^Gateway') } } };

test('three routes by $request.body.action, of which $connect is authorized', () => {
  const stack = template();
  stack.hasResourceProperties('AWS::ApiGatewayV2::Api', { RouteSelectionExpression: '$request.body.action' });
  assert.equal(Object.keys(stack.findResources('AWS::ApiGatewayV2::Route', OF_SOCKETS)).length, 3);
  stack.hasResourceProperties('AWS::ApiGatewayV2::Route', {
    RouteKey: '$connect',
    AuthorizationType: 'CUSTOM',
    AuthorizerId: Match.anyValue(),
  });
  stack.hasResourceProperties('AWS::ApiGatewayV2::Route', { RouteKey: '$disconnect' });
  stack.hasResourceProperties('AWS::ApiGatewayV2::Route', { RouteKey: '$default' });
});

test('the authorizer is asked whatever headers there are: a credential may be in either of two', () => {
  template().hasResourceProperties('AWS::ApiGatewayV2::Authorizer', { AuthorizerType: 'REQUEST', IdentitySource: [] });
});

test('what `message` answers goes back to the client', () => {
  const stack = template();
  stack.hasResourceProperties('AWS::ApiGatewayV2::Route', {
    RouteKey: '$default',
    RouteResponseSelectionExpression: '$default',
  });
  stack.hasResourceProperties('AWS::ApiGatewayV2::RouteResponse', { RouteResponseKey: '$default' });
});

test('each route is throttled, by settings', () => {
  const limit = (rate: number, burst: number) => ({ ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst });
  template().hasResourceProperties(STAGE, {
    StageName: 'live',
    AutoDeploy: true,
    RouteSettings: { $connect: limit(500, 500), $disconnect: limit(500, 500), $default: limit(2_000, 1_000) },
  });
  template({ messageRate: '9', messageBurst: '3' }).hasResourceProperties(STAGE, {
    RouteSettings: { $default: limit(9, 3) },
  });
});

test('the stage comes after the routes that it has settings for', () => {
  const [stage] = Object.values(template().findResources(STAGE, OF_SOCKETS));
  for (const route of Object.keys(template().findResources('AWS::ApiGatewayV2::Route', OF_SOCKETS))) {
    assert.ok(stage.DependsOn.includes(route), route);
  }
});

test('the access log has neither headers nor query nor body, where a credential could be', () => {
  const [stage] = Object.values(template().findResources(STAGE, OF_SOCKETS));
  const { Format, DestinationArn } = stage.Properties.AccessLogSettings;
  const variables = Object.values(JSON.parse(Format) as Record<string, string>);
  assert.ok(variables.includes('$context.requestId'));
  for (const variable of variables) {
    assert.match(variable, /^\$context\.[a-zA-Z.]+$/);
    // `identity` also holds the user agent and the API key, `authorizer` whatever a function puts there.
    assert.doesNotMatch(variable, /header|query|body|user|apiKey|token|protocol/i);
  }
  const group = template().findResources('AWS::Logs::LogGroup')[DestinationArn['Fn::GetAtt'][0]];
  assert.equal(group.Properties.RetentionInDays, 7);
});

test('production: the access log is kept 90 days, under the key', () => {
  const logs = Object.entries(template(PRODUCTION).findResources('AWS::Logs::LogGroup'));
  const [[, group]] = logs.filter(([id]) => id.startsWith('GatewayAccessLogs'));
  assert.equal(group.Properties.RetentionInDays, 90);
  assert.ok(group.Properties.KmsKeyId);
  assert.equal(group.DeletionPolicy, 'Retain');
});

test('push is told where to call back', () => {
  template().hasResourceProperties('AWS::Lambda::Function', {
    Handler: 'push',
    Environment: {
      Variables: {
        CALLBACK_URL: { 'Fn::Join': ['', Match.arrayWith(['https://', '.execute-api.', '/live'])] },
        AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI: Match.absent(),
      },
    },
  });
});

test('a name of its own: TLS 1.2, mapped to the stage, and told as the address', () => {
  const stack = template({ ...EDGE, edge: 'off' });
  stack.hasResourceProperties('AWS::ApiGatewayV2::DomainName', {
    DomainName: EDGE.domainName,
    DomainNameConfigurations: [{ CertificateArn: EDGE.certificateArn, EndpointType: 'REGIONAL', SecurityPolicy: 'TLS_1_2' }],
  });
  stack.hasResourceProperties('AWS::ApiGatewayV2::ApiMapping', { ApiMappingKey: 'live' });
  assert.equal(stack.findOutputs('DomainTarget').DomainTarget.Value['Fn::GetAtt'][1], 'RegionalDomainName');
});

test('behind CloudFront a connection needs the key that only CloudFront shows', () => {
  const stack = template(EDGE);
  stack.hasResourceProperties('AWS::ApiGatewayV2::Route', { RouteKey: '$connect', ApiKeyRequired: true });
  stack.hasResourceProperties('AWS::ApiGateway::ApiKey', { Enabled: true, Value: { Ref: 'OriginKey' } });
  stack.hasResourceProperties('AWS::ApiGateway::UsagePlan', { ApiStages: [{ Stage: 'live' }] });
  stack.hasParameter('OriginKey', { NoEcho: true });
  stack.resourceCountIs('AWS::ApiGatewayV2::DomainName', 0);
});

test('nothing stands in front unless asked for', () => {
  assert.equal(bookingApp().edge, undefined);
  template().resourceCountIs('AWS::ApiGateway::ApiKey', 0);
  template().resourceCountIs('AWS::ApiGatewayV2::DomainName', 0);
});
