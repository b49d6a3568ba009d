import * as fs from 'node:fs';
import * as path from 'node:path';
import { Stack } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';

/**
 * The packaged binary of one function. Synthesis never compiles: where the binary is not there
 * yet the template is the same, and only publishing it (`cdk deploy`) fails, before anything in
 * the account is touched.
 */
export function binaryOf(name: string, binaries: string): lambda.Code {
  const folder = path.resolve(__dirname, '..', binaries, name);
  return fs.existsSync(path.join(folder, 'bootstrap')) ? lambda.Code.fromAsset(folder) : new NotPackaged(folder);
}

class NotPackaged extends lambda.Code {
  constructor(private readonly folder: string) {
    super();
  }

  bind(scope: Construct): lambda.CodeConfig {
    const message = `no file ${path.join(this.folder, 'bootstrap')}: run scripts/package first, then deploy`;
    const asset = Stack.of(scope).synthesizer.addFileAsset({
      sourceHash: `not-packaged-${path.basename(this.folder)}`,
      executable: ['node', '-e', `console.error(${JSON.stringify(message)}); process.exit(1)`],
    });
    return { s3Location: { bucketName: asset.bucketName, objectKey: asset.objectKey } };
  }
}
