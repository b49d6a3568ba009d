import { Template } from 'aws-cdk-lib/assertions';
import { bookingApp } from '../lib/app';

/** A production stack, of a region that is nobody's default. */
export const PRODUCTION = { env: 'production', region: 'eu-central-1' };

/** CloudFront and WAF in front. */
export const EDGE = {
  edge: 'on',
  domainName: 'book.example.com',
  certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/11111111-2222-3333-4444-555555555555',
};

/** A resource of a template or a part of one, which the CDK gives without types. */
export type Json = ReturnType<Template['findResources']>[string];

const built = new Map<string, Template>();

/** The booking stack's template with these settings, synthesized once. */
export function template(context: Record<string, string> = {}): Template {
  const key = JSON.stringify(context);
  const known = built.get(key) ?? Template.fromStack(bookingApp(context).stack);
  built.set(key, known);
  return known;
}
