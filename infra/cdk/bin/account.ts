import { accountApp } from '../lib/app';

accountApp();
