import * as apigateway from 'aws-cdk-lib/aws-apigatewayv2';
import { WebSocketLambdaAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Functions } from './functions';

/** The WebSocket API: who may connect, what handles a frame, and where clients find it. */
export class Gateway extends Construct {
  readonly api: apigateway.WebSocketApi;
  readonly stage: apigateway.WebSocketStage;

  constructor(scope: Construct, id: string, functions: Functions) {
    super(scope, id);
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
        // The function's response is the reply to the client, without a second call.
        returnResponse: true,
      },
    });
    this.stage = new apigateway.WebSocketStage(this, 'Stage', {
      webSocketApi: this.api,
      stageName: 'live',
      autoDeploy: true,
    });
  }

  /** Lets a function post to connected clients and close them. */
  grantPost(fn: lambda.Function) {
    fn.addEnvironment('CALLBACK_URL', this.stage.callbackUrl);
    iam.Grant.addToPrincipal({
      grantee: fn,
      actions: ['execute-api:ManageConnections'],
      resourceArns: ['POST', 'DELETE'].map((method) =>
        this.api.arnForExecuteApiV2(`${method}/@connections/*`, this.stage.stageName),
      ),
    });
  }
}
