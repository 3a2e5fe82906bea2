import { expect, test } from 'vitest';
import { runLook } from '@/components/status';
import { abandonedRuns, asSeen, kindOf, matchingRuns, presentOf, startablePlans } from '@/pages/overview/groups';
import { RunStore } from '@/run/run-store';
import { History, isHistory } from '@/run/history';
import { fakeApi, makeCall, makeRun, makeStatus, makeTask } from '@/testing/fake-api';

const viewOf = (changes: Parameters<typeof makeStatus>[0], ...calls: ReturnType<typeof makeCall>[]) => {
  const history = new History();
  history.append(calls.filter(isHistory));
  return { ...new RunStore(fakeApi({}), 'orch-1').view, status: makeStatus(changes), history };
};

test('a run whose events say that it has ended is over before the list knows', () => {
  const run = makeRun({ status: 'running', is_alive: true });
  expect(asSeen(run, undefined)).toBe(run);
  expect(asSeen(run, viewOf({ status: 'paused' }))).toBe(run);
  const ended = asSeen(run, viewOf({ status: 'failed', ended_at: '2026-01-02T03:05:00Z' }));
  expect(ended).toMatchObject({ status: 'failed', is_alive: false, ended_at: '2026-01-02T03:05:00Z' });
});

test('runs stand under what they are, and are found by all words', () => {
  const runs = [
    makeRun({ id: 'a', status: 'running' }),
    makeRun({ id: 'b', status: 'blocked', agent: 'codex' }),
    makeRun({ id: 'c', status: 'crashed' }),
    makeRun({ id: 'd', status: 'stopped' }),
  ];
  expect(runs.map(kindOf)).toEqual(['live', 'blocked', 'crashed', 'ended']);
  const ids = (q: string, filter?: string) => matchingRuns(runs, q, filter).map((run) => run.id);
  expect(ids('CODEX notes')).toEqual(['b']);
  expect(ids('', 'crashed')).toEqual(['c']);
});

test('a crash is abandoned until somebody takes the plan up again', () => {
  const crashed = makeRun({ id: 'a', status: 'crashed', is_alive: false });
  expect(abandonedRuns([crashed])).toEqual([crashed]);
  expect(abandonedRuns([makeRun({ id: 'b' }), crashed])).toEqual([]);
});

const plan = (name: string, completed: number, last_modified: string) => ({
  name,
  title: name,
  path: `docs/plans/${name}.md`,
  has_status: false,
  last_modified,
  output_dir: '',
  total_tasks: 2,
  completed,
  unchecked: 0,
  stale: 0,
  progress_percent: completed * 50,
  problems: [],
  has_errors: false,
});

test('plans with something left to do that nobody works on can be started', () => {
  const plans = [plan('old', 0, '2026-01-01'), plan('done', 2, '2026-01-02'), plan('new', 1, '2026-01-03')];
  plans.push({ ...plan('skipped', 1, '2026-01-05'), progress_percent: 100 });
  const busy = { ...plan('notes', 0, '2026-01-04') };
  expect(startablePlans([...plans, busy], [makeRun()]).map((one) => one.name)).toEqual(['new', 'old']);
});

test('what a run does now is its first task in progress and the latest call of any', () => {
  const tasks = [
    makeTask({ status: 'in_progress' }),
    makeTask({ id: '1.2', status: 'in_progress' }),
    makeTask({ id: '1.3' }),
  ];
  const calls = [makeCall(1), makeCall(2, { task_id: '1.2', tool_name: 'Read', input_summary: 'a.ts' })];
  expect(presentOf(viewOf({ tasks }, ...calls))).toEqual({ task: '1.1 List the notes and 1 more', call: 'Read a.ts' });
  expect(presentOf(viewOf({ tasks: [makeTask()] }))).toBeNull();
});

test('a completed run has a tick only where nothing of it is doubtful', () => {
  const tick = runLook('completed', false, { unchecked: 0, stale: 0 });
  const counts = [
    { unchecked: 2, stale: 0 },
    { unchecked: 0, stale: 1 },
    { unchecked: 2, stale: 1 },
  ];
  const looks = counts.map((doubts) => runLook('completed', false, doubts));
  expect(looks.map((look) => look.label)).toEqual([
    'completed, 2 unchecked',
    'completed, 1 reworded',
    'completed, with doubts',
  ]);
  for (const look of looks) {
    expect(look.Icon).not.toBe(tick.Icon);
    expect(look.tone).not.toBe(tick.tone);
  }
});
