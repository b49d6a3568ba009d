import { bookingApp } from '../lib/app';
import { SettingError } from '../lib/settings';

try {
  bookingApp();
} catch (error) {
  if (!(error instanceof SettingError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
