import { App, DefaultStackSynthesizer } from 'aws-cdk-lib';
import featureFlags from 'aws-cdk-lib/recommended-feature-flags.json';
import { GatewayLogsStack } from './account-stack';
import { BookingStack } from './booking-stack';
import { EdgeStack } from './edge-stack';
import { readSettings } from './settings';

/**
 * An app as the command line, the snapshot and the tests build it. The feature flags are those of
 * the pinned library version, so that all three synthesize the same template.
 */
function newApp(context: Record<string, string>): App {
  return new App({
    context: { ...featureFlags, ...context },
    analyticsReporting: false,
    // `cdk deploy` checks the version of the bootstrap stack by itself, without a rule in the template.
    defaultStackSynthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }),
  });
}

/** The system, with what stands in front of it where that is switched on. */
export function bookingApp(context: Record<string, string> = {}) {
  const app = newApp(context);
  const settings = readSettings(app.node);
  const production = settings.env === 'production';
  const region = settings.region || process.env.CDK_DEFAULT_REGION;
  const stack = new BookingStack(app, settings.name, {
    settings,
    description: 'Booking gateway',
    terminationProtection: production,
    // A table under a customer-managed key has to know its region; a disposable stack goes anywhere.
    ...(production && region && { env: { region } }),
  });
  const edge =
    settings.edge === 'on'
      ? new EdgeStack(app, `${settings.name}Edge`, {
          settings,
          description: 'Booking gateway: CloudFront and WAF',
          env: { region: 'us-east-1' },
        })
      : undefined;
  return { app, stack, edge };
}

/** Once per account and region: lets API Gateway write logs. */
export function accountApp() {
  const app = newApp({});
  return { app, stack: new GatewayLogsStack(app, 'GatewayLogs', { description: 'API Gateway: role for logs' }) };
}
