// Runs a script as actions/github-script v9 does: the same client, as the body of an async function.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import * as core from '@actions/core';
import { context, getOctokit } from '@actions/github';

const AsyncFunction = (async () => {}).constructor;
const script = new AsyncFunction('require', 'github', 'context', 'core', readFileSync(process.argv[2], 'utf8'));
await script(createRequire(import.meta.url), getOctokit(process.env.GITHUB_TOKEN), context, core);
