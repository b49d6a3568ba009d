import * as path from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { bookingApp } from './app';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Resource = { Type: string; Properties?: { [key: string]: Json }; Metadata?: Json };

/** The checked-in template, which the local host runs. */
export const SNAPSHOT = path.resolve(__dirname, '..', 'template.json');

/** The template with the default settings, as text, without what differs from build to build. */
export function snapshot(): string {
  const template = Template.fromStack(bookingApp().stack).toJSON();
  return `${JSON.stringify(sorted(normalised(template) as Json), null, 2)}\n`;
}

function normalised(template: { [section: string]: { [id: string]: unknown } }) {
  const resources = Object.entries(template['Resources'] ?? {}).map(([id, resource]) => {
    const { Metadata: _metadata, ...kept } = resource as Resource;
    if (kept.Type === 'AWS::Lambda::Function') {
      // The binary's own hash has no place in a review of the infrastructure.
      const name = String(kept.Properties?.['Handler']);
      kept.Properties = { ...kept.Properties, Code: { S3Bucket: 'assets', S3Key: `${name}.zip` } };
    }
    return [id, kept];
  });
  return { ...template, Resources: Object.fromEntries(resources) };
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
