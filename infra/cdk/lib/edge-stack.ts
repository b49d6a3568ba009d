import { CfnOutput, CfnParameter, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { CfnWebACL } from 'aws-cdk-lib/aws-wafv2';
import type { Construct } from 'constructs';
import { acknowledge } from './nag';
import { originKeyParameter } from './origin-key';
import type { Settings } from './settings';

export interface EdgeStackProps extends StackProps {
  readonly settings: Settings;
}

/**
 * CloudFront and WAF in front of the gateway. WAF does not attach to a WebSocket API, and where it
 * guards CloudFront it lives in us-east-1, hence a stack of its own. WAF sees the upgrade requests;
 * what travels over an accepted connection is limited by the gateway's throttling.
 */
export class EdgeStack extends Stack {
  constructor(scope: Construct, id: string, { settings, ...props }: EdgeStackProps) {
    super(scope, id, props);
    const gateway = new CfnParameter(this, 'GatewayHost', {
      type: 'String',
      minLength: 1,
      description: 'Output GatewayHost of the stack behind',
    });
    const key = originKeyParameter(this);

    const origin = new HttpOrigin(gateway.valueAsString, {
      originPath: '/live',
      protocolPolicy: cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
      originSslProtocols: [cloudfront.OriginSslPolicy.TLS_V1_2],
      customHeaders: { 'x-api-key': key.valueAsString },
    });
    const distribution = new cloudfront.Distribution(this, 'Distribution', {
      comment: 'Booking gateway',
      domainNames: [settings.domainName],
      certificate: Certificate.fromCertificateArn(this, 'Certificate', settings.certificateArn),
      minimumProtocolVersion: cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
      webAclId: this.webAcl(settings).attrArn,
      // Standard logs hold the path and the address, and neither headers nor bodies.
      enableLogging: true,
      logBucket: this.logBucket(settings),
      defaultBehavior: {
        origin,
        viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
        allowedMethods: cloudfront.AllowedMethods.ALLOW_GET_HEAD,
        cachePolicy: cloudfront.CachePolicy.CACHING_DISABLED,
        // The upgrade's own headers and the credential go through; Host is the gateway's.
        originRequestPolicy: cloudfront.OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
      },
    });
    acknowledge(
      distribution,
      'AwsSolutions-CFR1',
      'Who may book from where is a decision of the business: no country is shut out by default.',
    );

    new CfnOutput(this, 'WebSocketUrl', { value: `wss://${settings.domainName}`, description: 'Where clients connect' });
    new CfnOutput(this, 'DomainTarget', {
      value: distribution.distributionDomainName,
      description: 'What the DNS name has to point at',
    });
  }

  private webAcl(settings: Settings): CfnWebACL {
    const visible = (metricName: string) => ({
      cloudWatchMetricsEnabled: true,
      metricName,
      // Samples would show the headers of requests, and with them the credentials.
      sampledRequestsEnabled: false,
    });
    const managed = (priority: number, name: string, counted: string[] = []): CfnWebACL.RuleProperty => ({
      name,
      priority,
      overrideAction: { none: {} },
      statement: {
        managedRuleGroupStatement: {
          vendorName: 'AWS',
          name,
          ruleActionOverrides: counted.map((rule) => ({ name: rule, actionToUse: { count: {} } })),
        },
      },
      visibilityConfig: visible(name),
    });
    return new CfnWebACL(this, 'WebAcl', {
      scope: 'CLOUDFRONT',
      defaultAction: { allow: {} },
      visibilityConfig: visible('BookingGateway'),
      rules: [
        {
          name: 'RatePerAddress',
          priority: 0,
          action: { block: { customResponse: { responseCode: 429 } } },
          statement: { rateBasedStatement: { limit: settings.edgeRate, aggregateKeyType: 'IP', evaluationWindowSec: 300 } },
          visibilityConfig: visible('RatePerAddress'),
        },
        managed(1, 'AWSManagedRulesAmazonIpReputationList'),
        // Native clients and wscat send no User-Agent.
        managed(2, 'AWSManagedRulesCommonRuleSet', ['NoUserAgent_HEADER']),
        managed(3, 'AWSManagedRulesKnownBadInputsRuleSet'),
      ],
    });
  }

  private logBucket(settings: Settings): s3.Bucket {
    const production = settings.env === 'production';
    const bucket = new s3.Bucket(this, 'Logs', {
      encryption: s3.BucketEncryption.S3_MANAGED,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      // CloudFront writes its standard logs by access control list.
      objectOwnership: s3.ObjectOwnership.OBJECT_WRITER,
      lifecycleRules: [{ expiration: Duration.days(settings.logRetentionDays) }],
      removalPolicy: production ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    acknowledge(
      bucket,
      'AwsSolutions-S1',
      'This bucket holds access logs itself; logging the reading of logs would have no end.',
    );
    return bucket;
  }
}
