import * as fs from 'node:fs';
import * as path from 'node:path';

// All in one process: loading the CDK takes longer than the tests.
for (const file of fs.readdirSync(__dirname)) {
  if (file.endsWith('.test.ts')) require(path.join(__dirname, file));
}
