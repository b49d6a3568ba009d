import * as fs from 'node:fs';
import { SNAPSHOT, snapshot } from '../lib/snapshot';

fs.writeFileSync(SNAPSHOT, snapshot());
console.log(`wrote ${SNAPSHOT}`);
