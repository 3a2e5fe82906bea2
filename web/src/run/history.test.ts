import { expect, test } from 'vitest';
import type { OrchestratorEvent, TaskStatus } from '@/api/client';
import { CALLS_MAX, ENTRIES_MAX, History, isHistory, type HistoryEvent } from '@/run/history';
import { makeCall, makeCallEnd, makeChange, makeEvent } from '@/testing/fake-api';

const BEGAN = Date.parse('2026-01-02T03:04:05Z');

function historic(event: OrchestratorEvent): HistoryEvent {
  if (!isHistory(event)) throw new Error(`a ${event.type} is no part of a history`);
  return event;
}

const started = (seq: number, tool_id = `call-${seq}`) =>
  historic(makeCall(seq, { tool_id, input_summary: '\nmake test\nand more' }));
const completed = (seq: number, tool_id: string) => historic(makeCallEnd(seq, tool_id));
const changed = (seq: number, old_status: TaskStatus, new_status: TaskStatus, attempt = 1) =>
  historic(makeChange(seq, { old_status, new_status, attempt }));

test('a call is one row from its start to its end, with the first line of what it was given', () => {
  const history = new History();
  history.append([started(1, 'a')]);
  expect(history.openCalls).toHaveLength(1);
  history.append([completed(3, 'a')]);
  expect(history.calls).toEqual([
    expect.objectContaining({
      line: 'make test',
      status: 'ok',
      startedAt: BEGAN + 1_000,
      endedAt: BEGAN + 3_000,
      startSeq: 1,
      endSeq: 3,
    }),
  ]);
  expect(history.openCalls).toEqual([]);
});

test('a log that is read backwards joins what came live, in the order of time', () => {
  const history = new History();
  history.append([completed(5, 'b'), started(6, 'c')]);
  expect(history.calls[0]?.startedAt).toBe(BEGAN + 4_500);
  history.prepend([completed(3, 'a'), started(4, 'b')]);
  history.prepend([started(1, 'a')]);
  expect(history.calls.map(({ toolId, status }) => [toolId, status])).toEqual([
    ['a', 'ok'],
    ['b', 'ok'],
    ['c', 'running'],
  ]);
  expect(history.calls.map((call) => call.startedAt - BEGAN)).toEqual([1_000, 4_000, 6_000]);
  expect(history.openCalls.map((call) => call.toolId)).toEqual(['c']);
});

test('an attempt is one entry, and an end without a start is one too', () => {
  const history = new History();
  history.append([changed(2, 'in_progress', 'pending'), changed(3, 'pending', 'in_progress', 2)]);
  expect(history.attempts.map(({ number, outcome }) => [number, outcome])).toEqual([
    [1, 'pending'],
    [2, 'running'],
  ]);
  history.append([changed(4, 'in_progress', 'completed', 2)]);
  expect(history.attempts.map((attempt) => attempt.outcome)).toEqual(['pending', 'completed']);
});

test('when the run has ended nothing is under way any more, whatever is read of it later', () => {
  const history = new History();
  history.append([changed(3, 'pending', 'in_progress', 2), started(4, 'live')]);
  history.end('2026-01-02T03:04:15Z');
  history.prepend([changed(1, 'pending', 'in_progress'), started(2, 'old')]);
  expect(history.openCalls).toEqual([]);
  expect(history.calls.map(({ status, endedAt }) => [status, endedAt])).toEqual([
    ['interrupted', BEGAN + 10_000],
    ['interrupted', BEGAN + 10_000],
  ]);
  expect(history.attempts.map(({ outcome, reason }) => [outcome, reason])).toEqual([
    ['interrupted', 'the run ended'],
    ['interrupted', 'the run ended'],
  ]);
});

test('of a run that crashed nobody knows when it ended: the last that is known of it counts', () => {
  const history = new History();
  history.append([started(4, 'a'), started(7, 'b')]);
  history.end(null);
  expect(history.calls.map((call) => call.endedAt)).toEqual([BEGAN + 7_000, BEGAN + 7_000]);
});

test('what is kept is bounded: the oldest go, also from what is under way', () => {
  const history = new History();
  history.append(Array.from({ length: CALLS_MAX + 10 }, (_, index) => started(index + 1)));
  expect(history.calls).toHaveLength(CALLS_MAX);
  expect(history.openCalls).toHaveLength(CALLS_MAX);
  expect(history.openCalls[0]).toBe(history.calls[0]);
  expect(history.isCut).toBe(true);
  const other = new History();
  other.append(
    Array.from({ length: ENTRIES_MAX + 10 }, (_, index) => changed(index + 1, 'pending', 'in_progress', index)),
  );
  expect([other.log.length, other.attempts.length, other.isCut]).toEqual([ENTRIES_MAX, ENTRIES_MAX, true]);
});

test('what an attempt was sent belongs to it, in whatever order the log is read', () => {
  const sent = (seq: number, attempt: number) =>
    historic(
      makeEvent('prompt_sent', seq, { task_id: '1.1', attempt, artifact: 'prompt.md', characters: seq, sha256: 'f0' }),
    );
  const history = new History();
  history.append([changed(6, 'pending', 'in_progress', 2), sent(7, 2)]);
  history.prepend([sent(4, 1), changed(5, 'in_progress', 'pending', 1)]);
  history.prepend([sent(2, 3)]);
  history.prepend([changed(1, 'pending', 'in_progress', 3)]);
  expect(history.attempts.map((attempt) => [attempt.number, attempt.prompt?.characters])).toEqual([
    [3, 2],
    [1, 4],
    [2, 7],
  ]);
  expect(history.log).toHaveLength(3);
});
