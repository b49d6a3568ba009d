import { RemovalPolicy } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import * as apigateway from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Functions } from './functions';
import { acknowledge } from './nag';
import type { Settings } from './settings';

export interface HttpGatewayProps {
  readonly settings: Settings;
  readonly key: IKey | undefined;
  readonly functions: Functions;
}

/** The version of the contract is the path. */
const PATH = '/v1';

/** The HTTP API: the same requests for servers, one at a time, each with its token. */
export class HttpGateway extends Construct {
  readonly api: apigateway.HttpApi;
  readonly stage: apigateway.HttpStage;

  constructor(scope: Construct, id: string, { settings, key, functions }: HttpGatewayProps) {
    super(scope, id);
    this.api = new apigateway.HttpApi(this, 'Api', {
      apiName: 'booking-gateway-http',
      // The one below has limits and a log.
      createDefaultStage: false,
    });
    this.api.addRoutes({
      path: PATH,
      methods: [apigateway.HttpMethod.POST],
      integration: new HttpLambdaIntegration('Http', functions.http),
    });
    acknowledge(
      this.api,
      'AwsSolutions-APIG4',
      'The function verifies the token itself: an authorizer would answer before it can say why, and that of JWTs knows RSA alone.',
    );
    this.stage = this.addStage(settings, key);
  }

  /** Where servers post. A name of the WebSocket API's own cannot have an HTTP API beside it. */
  get url(): string {
    return `${this.api.apiEndpoint}${PATH}`;
  }

  private addStage(settings: Settings, key: IKey | undefined): apigateway.HttpStage {
    const accessLogs = new logs.LogGroup(this, 'AccessLogs', {
      retention: settings.logRetentionDays,
      removalPolicy: settings.env === 'production' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      ...(key && { encryptionKey: key }),
    });
    return new apigateway.HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: settings.httpRate, burstLimit: settings.httpBurst },
      detailedMetricsEnabled: false,
      accessLogSettings: {
        destination: new apigateway.LogGroupLogDestination(accessLogs),
        format: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
      },
    });
  }
}

/**
 * What is logged of every request. No headers: the token is in one. No bodies either. The function logs the same
 * id.
 */
const ACCESS_LOG = {
  time: '$context.requestTime',
  requestId: '$context.requestId',
  routeKey: '$context.routeKey',
  status: '$context.status',
  sourceIp: '$context.identity.sourceIp',
  error: '$context.error.message',
  responseLatency: '$context.responseLatency',
  integrationStatus: '$context.integration.status',
  integrationLatency: '$context.integrationLatency',
  integrationError: '$context.integration.error',
};
