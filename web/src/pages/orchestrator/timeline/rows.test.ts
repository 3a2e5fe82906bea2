import { expect, test } from 'vitest';
import { boundsOf, callAt, callPaths, standstills, timelineRows } from '@/pages/orchestrator/timeline/rows';
import { History, isHistory, type Call } from '@/run/history';
import { makeCall, makeChange, makeEvent, makeStatus, makeTask } from '@/testing/fake-api';

const BEGAN = Date.parse('2026-01-02T03:04:05Z');
const TASKS = [makeTask(), makeTask({ id: '1.2' }), makeTask({ id: '2.1', phase: 2 })];

function historyOf(...events: ReturnType<typeof makeEvent>[]): History {
  const history = new History();
  history.append(events.filter(isHistory));
  return history;
}

function aCall(startedAt: number, endedAt: number | null, changes: Partial<Call> = {}): Call {
  return {
    key: `1.1/1/${startedAt}`,
    taskId: '1.1',
    attempt: 1,
    toolId: String(startedAt),
    name: 'Bash',
    parentToolId: null,
    line: '',
    startedAt,
    endedAt,
    status: endedAt === null ? 'running' : 'ok',
    startSeq: 1,
    endSeq: null,
    ...changes,
  };
}

test('tasks that were begun stand below their phase, in the order of the plan, with what belongs to them', () => {
  const history = historyOf(
    makeChange(1, { task_id: '2.1' }),
    makeCall(2, { task_id: '2.1' }),
    makeChange(3),
    makeChange(4, { old_status: 'in_progress', new_status: 'failed', error: 'no' }),
  );
  const status = makeStatus({ tasks: TASKS });
  const names = (shown: 'all' | 'running' | 'failed') =>
    timelineRows(status, history, shown).map((row) => (row.kind === 'phase' ? row.phase.name : row.task.id));
  expect(names('all')).toEqual(['Phase 1', '1.1', 'Phase 2', '2.1']);
  expect(names('running')).toEqual(['Phase 2', '2.1']);
  expect(names('failed')).toEqual(['Phase 1', '1.1']);
  const last = timelineRows(status, history, 'all').at(-1)!;
  expect(last.kind === 'task' && [last.attempts.length, last.calls.length]).toEqual([1, 1]);
});

test('the bounds hold all attempts; those of a run that goes on move with the time', () => {
  const history = historyOf(makeChange(10));
  const now = BEGAN + 60_000;
  const running = makeStatus({ started_at: new Date(BEGAN + 2_000).toISOString() });
  expect(boundsOf(running, history.attempts, now)).toEqual({ from: BEGAN + 2_000, to: now });
  history.end(null);
  const ended = { ...running, ended_at: new Date(BEGAN + 30_000).toISOString() };
  expect(boundsOf(ended, history.attempts, now)).toEqual({ from: BEGAN + 2_000, to: BEGAN + 30_000 });
});

test('when the run was paused or blocked is known, also while it still is', () => {
  const turn = (seq: number, new_status: 'running' | 'paused' | 'blocked') =>
    makeEvent('orchestrator_changed', seq, {
      old_status: 'running',
      new_status,
      reason: null,
      waits_for: null,
      interrupted: [],
    });
  const { log } = historyOf(turn(1, 'running'), turn(2, 'paused'), turn(5, 'running'), turn(7, 'blocked'));
  expect(standstills(log, BEGAN + 9_000)).toEqual([
    { kind: 'paused', from: BEGAN + 2_000, to: BEGAN + 5_000 },
    { kind: 'blocked', from: BEGAN + 7_000, to: BEGAN + 9_000 },
  ]);
});

test('however many calls there are, they are drawn with no more pieces than there are pixels', () => {
  const calls = Array.from({ length: 20_000 }, (_, index) => aCall(index * 10, index * 10 + 5));
  const [first, ...others] = callPaths(calls, { from: 0, to: 200_000 }, 100, 10, 0);
  expect(first?.status).toBe('ok');
  expect(first!.path.split('M').length - 1).toBeLessThanOrEqual(100);
  expect(others).toEqual([]);
});

test('calls apart are pieces apart, what is out of sight is not drawn, and what goes on goes up to now', () => {
  const range = { from: 0, to: 1_000 };
  const calls = [
    aCall(-500, -100),
    aCall(0, 100),
    aCall(300, 400),
    aCall(500, 600, { status: 'error' }),
    aCall(700, null, { parentToolId: 'x' }),
    aCall(5_000, 6_000),
  ];
  expect(callPaths(calls, range, 1_000, 10, 900)).toEqual([
    { key: 'ok', status: 'ok', path: 'M0.0 0H100.0v4H0.0zM300.0 0H400.0v4H300.0z' },
    { key: 'error', status: 'error', path: 'M500.0 0H600.0v4H500.0z' },
    { key: 'running/sub', status: 'running', path: 'M700.0 6H900.0v4H700.0z' },
  ]);
});

test('the call that is pointed at is the nearest, within reach', () => {
  const calls = [aCall(0, 100), aCall(200, null)];
  expect(callAt(calls, 110, 20, 1_000)).toBe(calls[0]);
  expect(callAt(calls, 150, 20, 1_000)).toBeNull();
  expect(callAt(calls, 900, 20, 1_000)).toBe(calls[1]);
});
