import { beforeEach, expect, test, vi } from 'vitest';
import type { CommandResponse } from '@/api/client';
import { AnswerDesk, answerKey, UNDO_MS, type Answer } from '@/attention/answer-desk';
import { makeError } from '@/testing/fake-api';

const ANSWER: Answer = { runId: 'orch-1', approvalId: '1.1-1-1', title: 'ls', allow: true, reason: null };
const KEY = answerKey(ANSWER);
const receipt = (changes: Partial<CommandResponse> = {}): CommandResponse => ({
  success: true,
  message: 'Allowed.',
  command_id: 'c',
  state: 'applied',
  seq: 9,
  ...changes,
});
const send = vi.fn<(answer: Answer) => Promise<CommandResponse>>();
let desk: AnswerDesk;
const phase = () => desk.getAll().get(KEY)?.phase;

beforeEach(() => {
  vi.useFakeTimers();
  send.mockReset().mockResolvedValue(receipt());
  desk = new AnswerDesk(send);
  return () => vi.useRealTimers();
});

test('an answer is sent when the time to undo it is over, and not before', async () => {
  desk.give(ANSWER);
  await vi.advanceTimersByTimeAsync(UNDO_MS - 1);
  expect(send).not.toHaveBeenCalled();
  expect(phase()).toBe('undoable');
  await vi.advanceTimersByTimeAsync(1);
  expect(send).toHaveBeenCalledExactlyOnceWith(expect.objectContaining(ANSWER));
  expect(phase()).toBe('taken');
});

test('one that is undone is never sent, and another can be given', async () => {
  desk.give(ANSWER);
  desk.undo(KEY);
  await vi.advanceTimersByTimeAsync(2 * UNDO_MS);
  expect(send).not.toHaveBeenCalled();
  desk.give({ ...ANSWER, allow: false });
  await vi.advanceTimersByTimeAsync(UNDO_MS);
  expect(send.mock.calls.map(([answer]) => answer.allow)).toEqual([false]);
});

test('a question takes one answer, however often it is given', async () => {
  desk.give(ANSWER);
  desk.give({ ...ANSWER, allow: false });
  await vi.advanceTimersByTimeAsync(UNDO_MS);
  desk.give(ANSWER);
  await vi.advanceTimersByTimeAsync(UNDO_MS);
  expect(send.mock.calls.map(([answer]) => answer.allow)).toEqual([true]);
});

test('what is on its way cannot be undone', async () => {
  send.mockReturnValue(new Promise(() => undefined));
  desk.give(ANSWER);
  await vi.advanceTimersByTimeAsync(UNDO_MS);
  desk.undo(KEY);
  expect(phase()).toBe('sending');
});

test('a refusal is kept with its reason, and the answer can be given again', async () => {
  send.mockRejectedValueOnce(makeError(409, 'It waits for no answer any more.'));
  desk.give(ANSWER);
  await vi.advanceTimersByTimeAsync(UNDO_MS);
  expect(desk.getAll().get(KEY)).toMatchObject({ phase: 'refused', message: 'It waits for no answer any more.' });
  send.mockResolvedValueOnce(receipt({ success: false, state: 'expired', message: 'The run ended first.' }));
  desk.give(ANSWER);
  await vi.advanceTimersByTimeAsync(UNDO_MS);
  expect(desk.getAll().get(KEY)).toMatchObject({ phase: 'refused', message: 'The run ended first.' });
});

test('what was settled by someone else meanwhile is not sent', async () => {
  desk.give(ANSWER);
  desk.withdraw(KEY, 'It was settled before.');
  await vi.advanceTimersByTimeAsync(UNDO_MS);
  expect(send).not.toHaveBeenCalled();
  expect(desk.getAll().get(KEY)).toMatchObject({ phase: 'refused', message: 'It was settled before.' });
});

test('a desk that is closed sends nothing', async () => {
  desk.give(ANSWER);
  desk.close();
  await vi.advanceTimersByTimeAsync(UNDO_MS);
  expect(send).not.toHaveBeenCalled();
});
