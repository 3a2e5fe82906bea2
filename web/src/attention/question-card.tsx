import { Link } from '@tanstack/react-router';
import { Check, CircleSlash, MessageCircleQuestion, Undo2, X } from 'lucide-react';
import { useEffect, useId, useRef, useState, type ReactNode } from 'react';
import type { AnswerDesk, Given } from '@/attention/answer-desk';
import { useAnswer } from '@/attention/answers';
import { DenyDialog } from '@/attention/deny-dialog';
import { useLinesAhead } from '@/attention/lines-ahead';
import { QuestionText } from '@/attention/question-text';
import type { Question, QuestionNeed } from '@/attention/questions';
import { endingOf, type Ending } from '@/attention/settled-words';
import { useSight } from '@/attention/sight';
import { Button } from '@/components/button';
import { Ago } from '@/components/time';
import { ticking } from '@/format/format';
import { revealed, revealedLine } from '@/format/revealed';
import { useNow } from '@/format/use-now';
import { useShortcuts } from '@/keys/keys';

export interface QuestionCardProps {
  question: Question;
  /** Its run's page needs not name the run. */
  isOwnPage?: boolean;
  /** The keys `a` and `d` answer this one. */
  isSelected?: boolean;
  isMarked?: boolean;
  /** It was selected by a key: it comes into the window. */
  isChosen?: boolean;
}

/**
 * A question of an agent: for which task, who asks, for which tool, and all that it would do. It is answered where it
 * stands, and keeps its place when it is: open, then with an answer that can be undone, then folded.
 */
export function QuestionCard({ question, isOwnPage, isSelected, isMarked, isChosen }: QuestionCardProps) {
  const { need } = question;
  const { desk, given } = useAnswer(need.key);
  const card = useRef<HTMLElement>(null);
  const ending = endingOf(question, given);
  useEffect(() => {
    if (question.outcome) desk.withdraw(need.key, 'Your answer was not sent: the question was settled before.');
  }, [desk, need.key, question.outcome]);
  useEffect(() => {
    if (isChosen) card.current?.scrollIntoView({ block: 'nearest' });
  }, [isChosen]);
  return (
    <article
      ref={card}
      tabIndex={-1}
      aria-label={`Question of task ${need.approval.task_id}`}
      data-selected={isMarked}
      className="card border-l-4 border-l-warn outline-none data-[folded=true]:border-l-line data-[selected=true]:border-accent"
      data-folded={ending !== null}
    >
      <p role="status" className="sr-only">
        {spoken(ending, given)}
      </p>
      {ending ? (
        <Folded need={need} ending={ending} />
      ) : (
        <Open
          need={need}
          given={given}
          desk={desk}
          isOwnPage={isOwnPage ?? false}
          hasKeys={isSelected ?? false}
          onAnswer={() => card.current?.contains(document.activeElement) && card.current.focus({ preventScroll: true })}
        />
      )}
    </article>
  );
}

/** What a screen reader says when the card changes. */
function spoken(ending: Ending | null, given: Given | undefined): string {
  if (ending) return [ending.verdict, ending.by].filter(Boolean).join(' ');
  if (given?.phase !== 'undoable') return '';
  return `${given.allow ? 'Allowed' : 'Denied'}, not sent yet. Undo it with the key u.`;
}

function TaskLink({ need, children }: { need: QuestionNeed; children: ReactNode }) {
  return (
    <Link
      to="/orchestrators/$id/tasks/$taskId"
      params={{ id: need.run.id, taskId: need.approval.task_id }}
      className="hover:underline"
    >
      {children}
    </Link>
  );
}

function TimeLeft({ until }: { until: string }) {
  const left = Date.parse(until) - useNow();
  return <span className="nums text-warn">{left > 0 ? `denied in ${ticking(left)}` : 'being denied'}</span>;
}

function Head({ need, isOwnPage }: { need: QuestionNeed; isOwnPage: boolean }) {
  const { run, approval, task } = need;
  return (
    <div className="flex flex-wrap items-baseline justify-between gap-x-3 gap-y-1">
      <div className="min-w-0 font-semibold break-words">
        <TaskLink need={need}>
          <span className="nums font-mono text-muted">{approval.task_id}</span> {revealedLine(task)}
        </TaskLink>
        {!isOwnPage && (
          <span className="font-normal text-muted">
            {' · '}
            <Link to="/orchestrators/$id" params={{ id: run.id }} className="break-all hover:underline">
              {run.plan_name}
            </Link>
          </span>
        )}
      </div>
      <span className="flex flex-wrap gap-x-3 text-sm text-muted">
        <Ago at={approval.requested_at} />
        {approval.expires_at && <TimeLeft until={approval.expires_at} />}
      </span>
    </div>
  );
}

function Open({
  need,
  given,
  desk,
  isOwnPage,
  hasKeys,
  onAnswer,
}: {
  need: QuestionNeed;
  given: Given | undefined;
  desk: AnswerDesk;
  isOwnPage: boolean;
  hasKeys: boolean;
  onAnswer: () => void;
}) {
  const { approval } = need;
  const sight = useSight<HTMLPreElement>();
  const lines = useLinesAhead(sight.ref);
  const whyNot = useId();
  const [isDenied, deny] = useState(false);
  const isUnread = !sight.isRead && (lines.ahead > 0 || approval.command_artifact !== null);
  const isAnswered = given?.phase === 'undoable' || given?.phase === 'sending';
  function answer(allow: boolean, reason: string | null) {
    deny(false);
    onAnswer();
    const title = `Task ${approval.task_id}, ${revealedLine(approval.command ?? approval.question).slice(0, 80)}`;
    desk.give({ runId: need.run.id, approvalId: approval.id, title, allow, reason });
  }
  const mayAnswer = () => !isAnswered && sight.look();
  const allow = () => approval.can_allow && sight.isRead && mayAnswer() && answer(true, null);
  const askWhy = () => mayAnswer() && deny(true);
  const group = 'Approvals';
  const isBlocked = isAnswered || !sight.isSeen;
  useShortcuts(
    hasKeys
      ? [
          {
            keys: 'a',
            label: 'Allow the selected question',
            group,
            act: allow,
            isDisabled: isBlocked || !approval.can_allow || !sight.isRead,
          },
          { keys: 'd', label: 'Deny it, with a reason', group, act: askWhy, isDisabled: isBlocked },
        ]
      : [],
  );
  return (
    <div className="grid gap-3 p-4">
      <Head need={need} isOwnPage={isOwnPage} />
      <p className="-mb-1.5 flex min-w-0 items-start gap-2">
        <MessageCircleQuestion size={18} aria-hidden="true" className="mt-0.5 shrink-0 text-warn" />
        <span className="min-w-0 break-words">
          <b className="font-medium">{revealed(approval.agent ?? 'The agent')}</b> asks
          {approval.tool_name && (
            <>
              {' '}
              to use <b className="font-medium">{revealed(approval.tool_name)}</b>
            </>
          )}
          :
        </span>
      </p>
      <QuestionText runId={need.run.id} approval={approval} box={sight.ref} end={sight.end} lines={lines} />
      {!approval.can_allow && (
        <p className="text-sm text-warn">What would be done is not shown in full, so this can only be denied.</p>
      )}
      {given?.phase === 'refused' && (
        <p role="alert" className="text-sm text-bad">
          Your answer was not taken: {given.message}
        </p>
      )}
      {isAnswered ? (
        <Answered given={given} onUndo={() => (onAnswer(), desk.undo(need.key))} />
      ) : (
        <div className="grid min-h-10 grid-cols-2 items-center gap-2 sm:flex">
          {approval.can_allow && (
            <Button
              look="primary"
              icon={<Check size={16} aria-hidden="true" />}
              aria-label={`Allow what task ${approval.task_id} asks`}
              aria-disabled={!sight.isSeen || !sight.isRead}
              aria-describedby={isUnread ? whyNot : undefined}
              onClick={allow}
            >
              Allow
            </Button>
          )}
          <Button
            look="danger"
            icon={<X size={16} aria-hidden="true" />}
            aria-label={`Deny what task ${approval.task_id} asks`}
            aria-disabled={!sight.isSeen}
            onClick={askWhy}
          >
            Deny
          </Button>
          {/* Below or beside the buttons: they stay where they are when it goes. */}
          {approval.can_allow && isUnread && (
            <p id={whyNot} className="col-span-2 text-sm text-warn">
              Read it to its end to allow it.
            </p>
          )}
        </div>
      )}
      <DenyDialog
        isOpen={isDenied}
        need={need}
        onClose={() => deny(false)}
        onDeny={(reason) => answer(false, reason)}
      />
    </div>
  );
}

/** The answer, where the buttons were; Undo stands where Deny was, so that a second tap on Allow meets nothing. */
function Answered({ given, onUndo }: { given: Given; onUndo: () => void }) {
  const isSending = given.phase === 'sending';
  return (
    <div className="grid min-h-10 grid-cols-2 items-center gap-2 sm:flex">
      <p className="min-w-0 sm:min-w-32">
        <span className={`font-medium ${given.allow ? 'text-good' : 'text-bad'}`}>
          {given.allow ? 'Allowed' : 'Denied'}
        </span>
        <span className="text-sm text-muted"> · {isSending ? 'sending' : 'not sent yet'}</span>
      </p>
      <Button icon={<Undo2 size={16} aria-hidden="true" />} disabled={isSending} aria-keyshortcuts="u" onClick={onUndo}>
        Undo
      </Button>
    </div>
  );
}

const ENDINGS = {
  Allowed: { Icon: Check, tone: 'text-good' },
  Denied: { Icon: X, tone: 'text-bad' },
  Closed: { Icon: CircleSlash, tone: 'text-muted' },
} as const;

/** A settled question in a line; all of it when it is unfolded. */
function Folded({ need, ending }: { need: QuestionNeed; ending: Ending }) {
  const { approval } = need;
  const { Icon, tone } = ENDINGS[ending.verdict];
  const box = useRef<HTMLPreElement>(null);
  const lines = useLinesAhead(box);
  return (
    <>
      <details>
        <summary className="flex min-h-10 items-center gap-2 px-4 py-2">
          <Icon size={16} aria-hidden="true" className={`shrink-0 ${tone}`} />
          <span className="min-w-0 flex-1 truncate">
            <span className={`font-medium ${tone}`}>{ending.verdict}</span>
            {ending.by && <span className="text-muted"> {revealedLine(ending.by)}</span>}
            {' · '}
            <span className="nums font-mono text-muted">{approval.task_id}</span>{' '}
            <span className="font-mono text-sm">{revealedLine(approval.command ?? approval.question)}</span>
          </span>
        </summary>
        <div className="grid gap-3 px-4 pb-4">
          <Head need={need} isOwnPage={false} />
          <QuestionText runId={need.run.id} approval={approval} box={box} lines={lines} />
        </div>
      </details>
      {ending.refusal && <p className="px-4 pb-3 text-sm text-bad">{ending.refusal}</p>}
    </>
  );
}
