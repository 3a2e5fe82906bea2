import { expect, test } from 'vitest';
import type { Blocker } from '@/api/client';
import { whyPending } from '@/run/words';
import { makeStatus, makeTask } from '@/testing/fake-api';

const status = makeStatus();

function why(...blocked_by: Blocker[]): string | null {
  return whyPending(makeTask({ blocked_by }), status);
}

const waitsForTask = (task_id: string): Blocker => ({ kind: 'task', task_id });

test.each<[Blocker, string | RegExp]>([
  [waitsForTask('1.2'), 'Waits for 1.2'],
  [{ kind: 'phase', phase: 3 }, 'Waits for phase 3'],
  [{ kind: 'gate', text: 'human' }, 'Waits for a person to say go (gate: human)'],
  [{ kind: 'retry' }, 'Waits to be tried again'],
  [
    { kind: 'rate_limit', agent: 'claude', until: '2099-03-01T12:30:00Z' },
    /^Waits for the limit of claude until .*\d\d:\d\d/,
  ],
  [
    { kind: 'unapproved', parts: ['block', 'verify'], is_approved: false },
    'Waits for your approval: its shell block and check changed in the plan during an attempt',
  ],
  [
    { kind: 'unapproved', parts: ['verify'], is_approved: true },
    'Waits for the plan’s next run: the change of its check is approved',
  ],
  [{ kind: 'files', task_id: '1.4' }, 'Waits for 1.4, which works on the same files'],
])('a pending task says what it waits for: %o', (blocker, text) => {
  if (typeof text === 'string') expect(why(blocker)).toBe(text);
  else expect(why(blocker)).toMatch(text);
});

test('many tasks in the way are counted, and what else is in the way follows', () => {
  expect(why(...['1.1', '1.2', '1.3', '1.4', '1.5'].map(waitsForTask), { kind: 'phase', phase: 1 })).toBe(
    'Waits for 1.1, 1.2, 1.3, 1.4 and 1 more; waits for phase 1',
  );
});

test('a task that nothing holds up, and one that is not pending, say nothing', () => {
  expect(why()).toBeNull();
  expect(whyPending(makeTask({ status: 'completed', blocked_by: [waitsForTask('1.2')] }), status)).toBeNull();
});
