import type { CommandResponse } from '@/api/client';
import { errorText } from '@/components/states';

/** So long an answer can be taken back. */
export const UNDO_MS = 3_000;
/** The maximum number to remember; the log has what is older. */
const KEPT_MAX = 500;

/** What the user has said to a question of an agent. */
export interface Answer {
  runId: string;
  approvalId: string;
  /** What was asked, in a line. */
  title: string;
  allow: boolean;
  reason: string | null;
}

export type Given = Answer & {
  /** `undoable`: not sent yet; `refused`: the server did not take it. */
  phase: 'undoable' | 'sending' | 'taken' | 'refused';
  /** What the server said to it. */
  message: string | null;
};

export function answerKey({ runId, approvalId }: Pick<Answer, 'runId' | 'approvalId'>): string {
  return `${runId}/${approvalId}`;
}

/**
 * Keeps the answers that the user gives until they are sent and settled.
 *
 * It stands above the pages: an answer that was given on one page is sent in time from any other. A page that is
 * closed meanwhile takes what is not sent with it, and the question stays open: the browser asks first.
 */
export class AnswerDesk {
  readonly #send: (answer: Answer) => Promise<CommandResponse>;
  readonly #subscribers = new Set<() => void>();
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();
  #given: ReadonlyMap<string, Given> = new Map();

  constructor(send: (answer: Answer) => Promise<CommandResponse>) {
    this.#send = send;
  }

  readonly subscribe = (subscriber: () => void): (() => void) => {
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  };

  /** All answers by the key of their question, oldest first; a new map whenever one has changed. */
  readonly getAll = (): ReadonlyMap<string, Given> => this.#given;

  /** Take an answer; it is sent when the time to undo it is over. One question takes one answer. */
  give(answer: Answer): void {
    const key = answerKey(answer);
    const before = this.#given.get(key);
    if (before && before.phase !== 'refused') return;
    this.#put(key, { ...answer, phase: 'undoable', message: null });
    this.#timers.set(
      key,
      setTimeout(() => void this.#deliver(key), UNDO_MS),
    );
  }

  /** Take an answer back; nothing happens if it is on its way already. */
  undo(key: string): void {
    if (this.#given.get(key)?.phase !== 'undoable') return;
    this.#drop(key);
  }

  /** The question was settled by someone else: an answer that is not sent yet has nothing to say any more. */
  withdraw(key: string, message: string): void {
    const given = this.#given.get(key);
    if (given?.phase !== 'undoable') return;
    this.#stopTimer(key);
    this.#put(key, { ...given, phase: 'refused', message });
  }

  /** Send nothing any more. */
  close(): void {
    for (const key of this.#timers.keys()) this.#drop(key);
  }

  async #deliver(key: string): Promise<void> {
    const given = this.#given.get(key);
    if (!given) return;
    this.#stopTimer(key);
    this.#put(key, { ...given, phase: 'sending' });
    try {
      const receipt = await this.#send(given);
      this.#put(key, { ...given, phase: receipt.success ? 'taken' : 'refused', message: receipt.message });
    } catch (error) {
      this.#put(key, { ...given, phase: 'refused', message: errorText(error) });
    }
  }

  #stopTimer(key: string): void {
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
  }

  #put(key: string, given: Given): void {
    const all = new Map(this.#given).set(key, given);
    for (const [old, { phase }] of all) {
      if (all.size <= KEPT_MAX) break;
      if (phase === 'taken' || phase === 'refused') all.delete(old);
    }
    this.#publish(all);
  }

  #drop(key: string): void {
    this.#stopTimer(key);
    const all = new Map(this.#given);
    all.delete(key);
    this.#publish(all);
  }

  #publish(all: ReadonlyMap<string, Given>): void {
    this.#given = all;
    for (const subscriber of this.#subscribers) subscriber();
  }
}
