import * as fs from 'node:fs';
import { SNAPSHOTS, snapshot } from '../lib/snapshot';

for (const { file, context } of SNAPSHOTS) {
  fs.writeFileSync(file, snapshot(context));
  console.log(`wrote ${file}`);
}
