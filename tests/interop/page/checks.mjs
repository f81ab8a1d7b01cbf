// As tests/support/command.py has them: each check is a sentence; a script that checked nothing has failed.
const kDeadlineMs = 30_000;

export class Checks {
  held = 0;
  failed = [];

  that(holds, what, detail = '') {
    if (holds) this.held++;
    else this.failed.push(what);
    console.log(holds ? `ok: ${what}` : `FAILED: ${what}\n  ${typeof detail === 'string' ? detail : JSON.stringify(detail)}`);
    return Boolean(holds);
  }

  equal(got, expected, what) {
    const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
    return this.that(a === b, what, `got ${a}, expected ${b}`);
  }

  /** The exit code. */
  finish() {
    console.log(`${this.held} held, ${this.failed.length} failed`);
    for (const what of this.failed) console.log(`  FAILED: ${what}`);
    return this.failed.length > 0 || this.held === 0 ? 1 : 0;
  }
}

/** The first true value of `condition`, or its last one at the deadline. */
export async function pollUntil(condition, ms = kDeadlineMs) {
  const deadline = Date.now() + ms;
  for (;;) {
    const value = await condition();
    if (value || Date.now() > deadline) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
