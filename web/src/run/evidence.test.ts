import { expect, test } from 'vitest';
import type { Remark } from '@/api/client';
import { attemptLook, taskLook } from '@/components/status';
import { rowsOf } from '@/pages/orchestrator/tasks/task-list';
import { sentenceOf } from '@/pages/orchestrator/log/sentences';
import { completedText, evidenceText, remarksText, remarkText } from '@/run/evidence';
import { isHistory, type LogEntry } from '@/run/history';
import { makeChange, makeStatus, makeTask } from '@/testing/fake-api';

const remark = (changes: Partial<Remark>): Remark => ({ kind: 'no_tool_call', count: null, files: [], ...changes });
const DONE = { status: 'completed', attempt: 1 } as const;
const checked = makeTask({ ...DONE, verified: true });
const unchecked = makeTask({ ...DONE, id: '1.2' });
const doubtful = makeTask({ ...DONE, id: '2.1', phase: 2, remarks: [remark({}), remark({ kind: 'nothing_changed' })] });

test.each<[Partial<Remark>, string]>([
  [{ kind: 'no_tool_call' }, 'no tool call was made'],
  [{ kind: 'no_declared_file', files: ['hello.txt'] }, 'none of its declared files was touched: hello.txt'],
  [
    { kind: 'no_declared_file', files: ['a', 'b', 'c', 'd', 'e'] },
    'none of its declared files was touched: a, b, c and 2 more',
  ],
  [{ kind: 'calls_denied', count: 1 }, '1 call was denied'],
  [{ kind: 'calls_denied', count: 2 }, '2 calls were denied'],
  [{ kind: 'nothing_changed' }, 'nothing changed'],
])('a remark %o is said in words', (changes, text) => {
  expect(remarkText(remark(changes))).toBe(text);
});

test('several remarks are one sentence, and none is none', () => {
  expect(remarksText(doubtful.remarks)).toBe('No tool call was made; nothing changed');
  expect(remarksText([])).toBeNull();
});

test('a checked, an unchecked and a doubtful task differ in word or icon, not in colour alone', () => {
  const looks = [checked, unchecked, doubtful].map(taskLook);
  expect(looks.map((look) => look.label)).toEqual([
    'completed, checked',
    'completed, unchecked',
    'completed, unchecked',
  ]);
  expect(new Set(looks.map((look) => look.Icon)).size).toBe(3);
  expect(new Set(looks.map((look) => look.tone)).size).toBe(3);
  const attempt = { outcome: 'completed', error: null, verified: false, remarks: [] } as const;
  expect(attemptLook(attempt)).toEqual(looks[1]);
});

test('what a completion rests on is said for agents, commands and ticked boxes', () => {
  expect(evidenceText(checked)).toBe('its checks passed');
  expect(evidenceText(makeTask({ ...DONE, verified: true, agent: 'shell' }))).toBe(
    'its commands ended with exit code 0',
  );
  expect(evidenceText(unchecked)).toBe('only its agent’s word: nothing checked it');
  expect(evidenceText(makeTask({ status: 'completed', attempt: 0 }))).toBe('only the ticked box in the plan');
  expect(evidenceText(makeTask({ status: 'completed', attempt: 0, reason: 'taken over from status.json' }))).toBe(
    'taken over from status.json',
  );
  expect(evidenceText(makeTask({ ...DONE, reason: 'its check was changed since' }))).toBe(
    'it was checked, but its check was changed since',
  );
  expect(evidenceText({ ...checked, stale: 'wording' })).toBe('checked, for an earlier wording of the task');
  expect(evidenceText(makeTask())).toBe('none');
});

test('the counts say how many of the completed are unchecked', () => {
  expect(completedText(12, 5)).toBe('12 completed, 5 of them unchecked');
  expect(completedText(12, 0)).toBe('12 completed, all checked');
  expect(completedText(1, 0)).toBe('1 completed, checked');
  expect(completedText(2, 2)).toBe('2 completed, all unchecked');
  expect(completedText(1, 1)).toBe('1 completed, unchecked');
});

test('each phase counts its unchecked tasks, and they can be looked for', () => {
  const status = makeStatus({ tasks: [checked, unchecked, doubtful, makeTask({ id: '2.2', phase: 2 })] });
  const all = rowsOf(status, {}, new Map());
  expect(all.flatMap((row) => (row.kind === 'phase' ? [row.unchecked] : []))).toEqual([1, 1]);
  const shown = (wanted: string) =>
    rowsOf(status, { status: wanted }, new Map()).flatMap((row) => (row.kind === 'task' ? [row.task.id] : []));
  expect(shown('unchecked')).toEqual(['1.2', '2.1']);
  expect(shown('checked')).toEqual(['1.1']);
  expect(shown('completed')).toEqual(['1.1', '1.2', '2.1']);
});

test('what was done for an earlier wording has a mark of its own, whatever checked it', () => {
  const stale = { ...checked, stale: 'wording' } as const;
  expect(taskLook(stale)).toMatchObject({ tone: 'warn', label: 'completed for an earlier wording' });
  expect(taskLook({ ...stale, status: 'skipped' }).label).toBe('skipped for an earlier wording');
  expect(taskLook(stale).Icon).not.toBe(taskLook(checked).Icon);
  const status = makeStatus({ tasks: [stale, unchecked] });
  const found = rowsOf(status, { status: 'stale' }, new Map());
  expect(found.flatMap((row) => (row.kind === 'task' ? [row.task.id] : []))).toEqual(['1.1']);
});

test('the log says whether what was completed was checked, and the remarks', () => {
  const end = makeChange(3, {
    old_status: 'in_progress',
    new_status: 'completed',
    remarks: doubtful.remarks.slice(0, 1),
  });
  if (!isHistory(end)) throw new Error('a change of a task is part of the history');
  expect(sentenceOf(end as LogEntry)).toMatchObject({
    what: 'in progress → completed, unchecked',
    why: 'No tool call was made',
    tone: 'warn',
  });
});
