import { CfnParameter, Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type { CfnRoute } from 'aws-cdk-lib/aws-apigatewayv2';
import { Construct } from 'constructs';
import type { Gateway } from './gateway';

/** The parameter, in both stacks, that carries the key which CloudFront shows to the gateway. */
export function originKeyParameter(stack: Stack): CfnParameter {
  return new CfnParameter(stack, 'OriginKey', {
    type: 'String',
    noEcho: true,
    minLength: 20,
    maxLength: 128,
    description: 'The key that CloudFront shows to the gateway; any random text, the same in both stacks',
  });
}

/**
 * With CloudFront and WAF in front the gateway's own address must not be a way around them: a
 * connection is accepted only with an API key, which CloudFront adds to each upgrade.
 */
export class OriginKey extends Construct {
  constructor(scope: Construct, id: string, gateway: Gateway) {
    super(scope, id);
    const parameter = originKeyParameter(Stack.of(this));
    const key = new apigateway.CfnApiKey(this, 'Key', {
      description: 'Shown by CloudFront',
      enabled: true,
      value: parameter.valueAsString,
    });
    const plan = new apigateway.CfnUsagePlan(this, 'Plan', {
      apiStages: [{ apiId: gateway.api.apiId, stage: gateway.stage.stageName }],
    });
    plan.node.addDependency(gateway.stage);
    new apigateway.CfnUsagePlanKey(this, 'PlanKey', {
      keyId: key.ref,
      keyType: 'API_KEY',
      usagePlanId: plan.ref,
    });
    const connect = gateway.api.node.findChild('$connect-Route').node.defaultChild as CfnRoute;
    connect.apiKeyRequired = true;
  }
}
