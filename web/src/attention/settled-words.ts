import type { Given } from '@/attention/answer-desk';
import type { Question } from '@/attention/questions';

/** What became of a question, for its folded card. */
export interface Ending {
  verdict: 'Allowed' | 'Denied' | 'Closed';
  /** By whom, or why; null where the user said it. */
  by: string | null;
  /** The user's own answer was not taken: why. */
  refusal: string | null;
}

/** Who settled it, as the log names them. */
function byWhom(actor: string, reason: string | null): string {
  const because = reason ? `: ${reason}` : '';
  if (actor === 'orchestrator') return reason ?? 'by the run itself';
  if (actor === 'api') return `over the API${because}`;
  const user = /^cli:(.+)$/.exec(actor)?.[1];
  return `${user ? `by ${user} on the command line` : `by ${actor}`}${because}`;
}

/** How a question ended, from the log and from the user's answer; null while it is open. */
export function endingOf({ isOpen, outcome }: Question, given: Given | undefined): Ending | null {
  const refusal = given?.phase === 'refused' ? given.message : null;
  if (outcome) {
    const isOurs = given && given.phase !== 'refused' && given.allow === outcome.allowed;
    return {
      verdict: outcome.allowed ? 'Allowed' : 'Denied',
      by: isOurs ? null : byWhom(outcome.actor, outcome.reason),
      refusal,
    };
  }
  if (given?.phase === 'taken') return { verdict: given.allow ? 'Allowed' : 'Denied', by: null, refusal: null };
  if (isOpen || given?.phase === 'undoable' || given?.phase === 'sending') return null;
  return { verdict: 'Closed', by: 'it waits for no answer any more', refusal };
}
