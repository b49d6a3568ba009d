import * as template from '../../infra/cdk/template.json';

/**
 * A region that AWS does not have, so that nothing here ever reaches AWS: its endpoints are made up
 * like those of any other, and do not resolve.
 */
export const REGION = 'eu-nowhere-1';

/** What the stack's owner decides. Cognito is the issuer that infra/README.md sets up. */
const PARAMETERS: Record<string, string> = {
  TokenIssuer: `https://cognito-idp.${REGION}.amazonaws.com/${REGION}_measured`,
  TokenAudience: 'measured',
  'AWS::Region': REGION,
  'AWS::URLSuffix': 'amazonaws.com',
};

/** What Lambda sets itself: "Defined runtime environment variables" of its developer guide. */
const RESERVED = {
  AWS_REGION: REGION,
  AWS_DEFAULT_REGION: REGION,
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  AWS_SESSION_TOKEN: 'session',
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
  AWS_LAMBDA_LOG_FORMAT: 'JSON',
  AWS_LAMBDA_LOG_LEVEL: 'INFO',
  AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/measured',
  AWS_LAMBDA_LOG_STREAM_NAME: '2026/01/01/[$LATEST]0',
  LAMBDA_TASK_ROOT: '/var/task',
  LAMBDA_RUNTIME_DIR: '/var/runtime',
  LANG: 'en_US.UTF-8',
  PATH: '/usr/local/bin:/usr/bin:/bin:/opt/bin',
  TZ: ':UTC',
};

interface Function {
  Type: string;
  Properties: { Handler: string; MemorySize: number; Environment: { Variables: Record<string, unknown> } };
}

/** The functions of the synthesized template, and what Lambda would start each of them with. */
export function functions(): Map<string, Record<string, string>> {
  const resources = Object.values(template.Resources) as { Type: string }[];
  const found = resources.filter((one): one is Function => one.Type === 'AWS::Lambda::Function');
  return new Map(found.map(({ Properties }) => [Properties.Handler, environment(Properties)]));
}

function environment({ Handler, MemorySize, Environment }: Function['Properties']): Record<string, string> {
  const variables = Object.entries(Environment.Variables).map(([name, value]) => [name, text(value)] as const);
  return {
    ...RESERVED,
    AWS_LAMBDA_FUNCTION_NAME: Handler,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(MemorySize),
    _HANDLER: Handler,
    ...Object.fromEntries(variables),
  };
}

/** A value of the template: a text, a reference, or several of them joined. */
function text(value: unknown): string {
  if (typeof value === 'string') return value;
  const { Ref, 'Fn::Join': join } = value as { Ref?: string; 'Fn::Join'?: [string, unknown[]] };
  if (join !== undefined) return join[1].map(text).join(join[0]);
  if (Ref === undefined) throw new Error(`environment.ts does not know ${JSON.stringify(value)}: teach it`);
  const parameters = template.Parameters as Record<string, { Default?: string }>;
  // A resource's own name is as good as the one that AWS would give it.
  return PARAMETERS[Ref] ?? parameters[Ref]?.Default ?? Ref;
}
