import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import * as apigateway from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketLambdaAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { type Functions, roleOf } from './functions';
import { acknowledge, acknowledgeResource } from './nag';
import type { Settings } from './settings';

export interface GatewayProps {
  readonly settings: Settings;
  readonly key: IKey | undefined;
  readonly functions: Functions;
}

/** The WebSocket API: who may connect, what handles a frame, and where clients find it. */
export class Gateway extends Construct {
  readonly api: apigateway.WebSocketApi;
  readonly stage: apigateway.WebSocketStage;
  /** The name of the endpoint's own, where it has one. */
  readonly domain: apigateway.DomainName | undefined;
  private readonly settings: Settings;

  constructor(scope: Construct, id: string, { settings, key, functions }: GatewayProps) {
    super(scope, id);
    this.settings = settings;
    this.api = new apigateway.WebSocketApi(this, 'Api', {
      apiName: 'booking-gateway',
      routeSelectionExpression: '$request.body.action',
      connectRouteOptions: {
        integration: new WebSocketLambdaIntegration('Connect', functions.connect),
        // No identity source: the credential may come in either of two headers, and the gateway
        // refuses by itself whoever lacks one that is named here.
        authorizer: new WebSocketLambdaAuthorizer('Authorizer', functions.authorizer, { identitySource: [] }),
      },
      disconnectRouteOptions: {
        integration: new WebSocketLambdaIntegration('Disconnect', functions.disconnect),
      },
      defaultRouteOptions: {
        integration: new WebSocketLambdaIntegration('Message', functions.message),
        // The function's response is the reply to the client, without a second call. MiniStack
        // replies without being told to, and does not know how to be told.
        returnResponse: settings.target === 'aws',
      },
    });
    acknowledge(
      this.api,
      'AwsSolutions-APIG4',
      'A WebSocket API authorizes at $connect alone; $disconnect and $default run only on an authorized connection.',
    );
    this.domain = settings.edge === 'off' ? this.ownName() : undefined;
    this.stage = this.addStage(key);
  }

  /** Where clients connect. */
  get url(): string {
    return this.domain ? `wss://${this.domain.name}/${this.stage.stageName}` : this.stage.url;
  }

  /** Lets a function post to connected clients, look whether it is they who do not read, and close them. */
  grantPost(fn: lambda.Function) {
    this.grantConnections(fn, 'POST', 'GET', 'DELETE');
  }

  /** Lets a function close connected clients. */
  grantClose(fn: lambda.Function) {
    this.grantConnections(fn, 'DELETE');
  }

  private grantConnections(fn: lambda.Function, ...methods: string[]) {
    fn.addEnvironment('CALLBACK_URL', this.stage.callbackUrl);
    if (this.settings.endpoint !== '') {
      const url = `${this.settings.endpoint}/_aws/execute-api/${this.api.apiId}/${this.stage.stageName}`;
      fn.addEnvironment('AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI', url);
    }
    const resourceArns = methods.map((method) => this.api.arnForExecuteApiV2(`${method}/@connections/*`, this.stage.stageName));
    iam.Grant.addToPrincipal({ grantee: fn, actions: ['execute-api:ManageConnections'], resourceArns });
    for (const arn of resourceArns) {
      acknowledgeResource(roleOf(fn), arn, 'Connections come and go: their ids are not known beforehand.');
    }
  }

  private addStage(key: IKey | undefined): apigateway.WebSocketStage {
    const { settings } = this;
    const accessLogs = new logs.LogGroup(this, 'AccessLogs', {
      retention: settings.logRetentionDays,
      removalPolicy: settings.env === 'production' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      ...(key && { encryptionKey: key }),
    });
    const stage = new apigateway.WebSocketStage(this, 'Stage', {
      webSocketApi: this.api,
      stageName: 'live',
      autoDeploy: true,
      accessLogSettings: {
        destination: new apigateway.LogGroupLogDestination(accessLogs),
        format: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
      },
      ...(this.domain && { domainMapping: { domainName: this.domain, mappingKey: 'live' } }),
    });
    // The L2 construct throttles all routes alike.
    const resource = stage.node.defaultChild as apigateway.CfnStage;
    const limit = (rate: number, burst: number) => ({ ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst });
    resource.routeSettings = {
      $connect: limit(settings.connectRate, settings.connectBurst),
      $disconnect: limit(settings.connectRate, settings.connectBurst),
      $default: limit(settings.messageRate, settings.messageBurst),
    };
    // Settings of a route need the route to be there.
    resource.node.addDependency(this.api);
    return stage;
  }

  private ownName(): apigateway.DomainName | undefined {
    const { domainName, certificateArn } = this.settings;
    if (domainName === '') return undefined;
    return new apigateway.DomainName(this, 'Domain', {
      domainName,
      certificate: Certificate.fromCertificateArn(this, 'Certificate', certificateArn),
      securityPolicy: apigateway.SecurityPolicy.TLS_1_2,
    });
  }

  /** `{api}.execute-api.{region}.{suffix}`, which needs no name of its own. */
  get host(): string {
    const { region, urlSuffix } = Stack.of(this);
    return `${this.api.apiId}.execute-api.${region}.${urlSuffix}`;
  }
}

/**
 * What is logged of every request. No headers and no query string: a credential travels in them.
 * No message bodies either.
 */
const ACCESS_LOG = {
  time: '$context.requestTime',
  requestId: '$context.requestId',
  connectionId: '$context.connectionId',
  eventType: '$context.eventType',
  routeKey: '$context.routeKey',
  status: '$context.status',
  customer: '$context.authorizer.principalId',
  sourceIp: '$context.identity.sourceIp',
  error: '$context.error.message',
  authorizerStatus: '$context.authorizer.status',
  authorizerLatency: '$context.authorizer.latency',
  integrationStatus: '$context.integration.status',
  integrationLatency: '$context.integrationLatency',
  integrationError: '$context.integration.error',
};
