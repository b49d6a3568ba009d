import * as path from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { bookingApp } from './app';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Resource = { Type: string; Properties?: { [key: string]: Json }; Metadata?: Json };

const folder = path.resolve(__dirname, '..');

/** The checked-in templates, and the settings that each is synthesized with. */
export const SNAPSHOTS: { file: string; context: Record<string, string> }[] = [
  // The default: what the local host runs.
  { file: path.join(folder, 'template.json'), context: {} },
  { file: path.join(folder, 'template.production.json'), context: { env: 'production', region: 'eu-central-1' } },
];

/** A template as text, without what differs from build to build. */
export function snapshot(context: Record<string, string>): string {
  const template = Template.fromStack(bookingApp(context).stack).toJSON();
  return `${JSON.stringify(sorted(normalised(template) as Json), null, 2)}\n`;
}

function normalised(template: { [section: string]: { [id: string]: unknown } }) {
  const resources = Object.entries(template.Resources ?? {}).map(([id, resource]) => {
    const { Metadata: _metadata, ...kept } = resource as Resource;
    if (kept.Type === 'AWS::Lambda::Function') {
      // The binary's own hash has no place in a review of the infrastructure.
      const name = String(kept.Properties?.Handler);
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
