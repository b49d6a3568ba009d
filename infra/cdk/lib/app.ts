import { App, DefaultStackSynthesizer } from 'aws-cdk-lib';
import featureFlags from 'aws-cdk-lib/recommended-feature-flags.json';
import { BookingStack } from './booking-stack';
import { readSettings } from './settings';

/**
 * The app as the command line, the snapshot and the tests build it. The feature flags are those
 * of the pinned library version, so that all three synthesize the same template.
 */
export function bookingApp(context: Record<string, string> = {}): { app: App; stack: BookingStack } {
  const app = new App({
    context: { ...featureFlags, ...context },
    analyticsReporting: false,
    // `cdk deploy` checks the version of the bootstrap stack by itself, without a rule in the template.
    defaultStackSynthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }),
  });
  const stack = new BookingStack(app, 'Booking', { settings: readSettings(app.node) });
  return { app, stack };
}
