/** The answers to agents' questions: given on any page, kept above all of them, sent once the time to undo is over. */
import { useQueryClient } from '@tanstack/react-query';
import {
  createContext,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
  type ReactNode,
} from 'react';
import { useApi } from '@/api/api-context';
import { keys } from '@/api/queries';
import { AnswerDesk, answerKey, type Given } from '@/attention/answer-desk';
import { Button } from '@/components/button';
import { PinnedToast, useTell } from '@/components/toasts';
import { useShortcuts } from '@/keys/keys';
import { commandKey, settled } from '@/run/use-command';

interface Answers {
  desk: AnswerDesk;
  /** The question's card is shown, and says itself what becomes of the answer; returns how to take that back. */
  show: (key: string) => () => void;
}

const AnswersContext = createContext<Answers | null>(null);

export function AnswersProvider({ children }: { children: ReactNode }) {
  const api = useApi();
  const queries = useQueryClient();
  const latest = useRef({ api, queries });
  useEffect(() => {
    latest.current = { api, queries };
  });
  const desk = useMemo(
    () =>
      new AnswerDesk(async ({ runId, approvalId, allow, reason }) => {
        const { api, queries } = latest.current;
        const options = { idempotencyKey: commandKey() };
        const sent = await api.answerApproval(runId, approvalId, { allow, reason }, options);
        const receipt = await settled(api, runId, sent);
        void queries.invalidateQueries({ queryKey: keys.orchestrators });
        return receipt;
      }),
    [],
  );
  useEffect(() => () => desk.close(), [desk]);
  const [cards, setCards] = useState<ReadonlyMap<string, number>>(new Map());
  const show = useCallback((key: string) => {
    const add = (by: number) => setCards((all) => new Map(all).set(key, (all.get(key) ?? 0) + by));
    add(1);
    return () => add(-1);
  }, []);
  const answers = useMemo(() => ({ desk, show }), [desk, show]);
  return (
    <AnswersContext value={answers}>
      {children}
      <Unsent desk={desk} cards={cards} />
    </AnswersContext>
  );
}

function useAnswers(): Answers {
  const answers = useContext(AnswersContext);
  if (!answers) throw new Error('useAnswers outside of an AnswersProvider');
  return answers;
}

/** What the user has said to this question, for its card. */
export function useAnswer(key: string): { desk: AnswerDesk; given: Given | undefined } {
  const { desk, show } = useAnswers();
  useEffect(() => show(key), [show, key]);
  const all = useSyncExternalStore(desk.subscribe, desk.getAll);
  return { desk, given: all.get(key) };
}

/** Answers whose card is not shown any more: they can be undone all the same, and what became of them is said. */
function Unsent({ desk, cards }: { desk: AnswerDesk; cards: ReadonlyMap<string, number> }) {
  const all = useSyncExternalStore(desk.subscribe, desk.getAll);
  const unsent = [...all.values()].filter((given) => given.phase === 'undoable');
  const last = unsent.at(-1);
  useShortcuts([
    {
      keys: 'u',
      label: 'Undo the last answer',
      group: 'Approvals',
      act: () => last && desk.undo(answerKey(last)),
      isDisabled: !last,
    },
  ]);
  useWarning(unsent.length > 0);
  useReceipts(all, cards);
  return unsent
    .filter((given) => !cards.get(answerKey(given)))
    .map((given) => (
      <PinnedToast key={answerKey(given)}>
        <p className="min-w-0 flex-1 break-words">
          {given.allow ? 'Allowed' : 'Denied'}, not sent yet: {given.title}
        </p>
        <Button size="small" onClick={() => desk.undo(answerKey(given))}>
          Undo
        </Button>
      </PinnedToast>
    ));
}

/** The browser asks before it closes a page that holds what is not sent: it would be lost, and the question stay open. */
function useWarning(isNeeded: boolean): void {
  useEffect(() => {
    if (!isNeeded) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', warn);
    return () => window.removeEventListener('beforeunload', warn);
  }, [isNeeded]);
}

/** A note for each answer that was settled while its card was not shown. */
function useReceipts(all: ReadonlyMap<string, Given>, cards: ReadonlyMap<string, number>): void {
  const tell = useTell();
  const told = useRef(all);
  useEffect(() => {
    for (const [key, given] of all) {
      const isNew = told.current.get(key)?.phase !== given.phase;
      if (!isNew || cards.get(key) || !given.message) continue;
      tell(given.phase === 'taken' ? 'good' : 'bad', `${given.title}: ${given.message}`);
    }
    told.current = all;
  }, [all, cards, tell]);
}
