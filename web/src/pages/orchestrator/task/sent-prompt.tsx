import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { Download, ExternalLink } from 'lucide-react';
import { useEffect, useMemo, useRef } from 'react';
import { pageBase, useServer } from '@/api/api-context';
import { ApiError } from '@/api/client';
import { keys } from '@/api/queries';
import { Button, buttonClass } from '@/components/button';
import { CopyButton } from '@/components/copy-button';
import { Folded } from '@/components/folded';
import { saveAs } from '@/components/save-as';
import { ErrorPanel, Loading } from '@/components/states';
import { useShortcuts } from '@/keys/keys';
import { promptLines } from '@/pages/orchestrator/task/prompt-lines';
import type { Attempt, SentPrompt } from '@/run/history';
import type { AttemptPlace } from '@/run/whole-text';

const PROMPT_NAME = 'prompt.md';
const DIGEST_LENGTH = 12;

function Facts({ prompt }: { prompt: SentPrompt }) {
  return (
    <span className="nums text-sm text-muted">
      {prompt.characters.toLocaleString('en-GB')} characters ·{' '}
      <span title={`SHA-256 of what was sent: ${prompt.sha256}`} className="font-mono">
        <span className="sr-only">SHA-256 </span>
        {prompt.sha256.slice(0, DIGEST_LENGTH)}
      </span>
    </span>
  );
}

function Lines({ text, label }: { text: string; label: string }) {
  const lines = useMemo(() => promptLines(text), [text]);
  return (
    <pre
      tabIndex={0}
      aria-label={label}
      className="max-h-[70dvh] overflow-auto rounded-lg bg-ground p-3 font-mono text-sm break-words whitespace-pre-wrap"
    >
      {lines.map((line, index) => (
        <span key={index} className={line.isHeading ? 'font-bold text-accent' : undefined}>
          {line.text}
          {'\n'}
        </span>
      ))}
    </pre>
  );
}

/** Why there is no prompt of an attempt. */
function WhyNone({ attempt, number }: { attempt: Attempt | undefined; number: number }) {
  if (attempt) {
    return (
      <p className="text-muted">
        No prompt of attempt {number} was kept. It ended before its agent was sent anything, or the run is of a version
        that kept no prompts.
      </p>
    );
  }
  return (
    <p className="text-muted">
      Attempt {number} belongs to an earlier run of this plan, and its prompt is not kept: that run was pruned, or the
      attempt ended before its agent was sent anything.
    </p>
  );
}

function Text({ of, attempt }: { of: AttemptPlace; attempt: Attempt | undefined }) {
  const { api, hasToken } = useServer();
  const { id, taskId, attempt: number } = of;
  const query = useQuery({
    // It is asked for again once it is known to have been sent.
    queryKey: [...keys.artifact(id, taskId, number, PROMPT_NAME), attempt?.prompt?.sha256 ?? ''],
    queryFn: ({ signal }) => api.getArtifact(id, taskId, PROMPT_NAME, { attempt: number, signal }),
    staleTime: Infinity,
  });
  if (query.isPending) return <Loading label="Loading what it was sent" rows={1} />;
  if (query.isError) {
    if (query.error instanceof ApiError && query.error.problem.code === 'artifact_not_found')
      return <WhyNone attempt={attempt} number={number} />;
    return <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />;
  }
  const { text } = query.data;
  const path = [id, 'tasks', taskId, 'artifacts', PROMPT_NAME].map(encodeURIComponent).join('/');
  return (
    <>
      <div className="flex flex-wrap items-center gap-2">
        <CopyButton text={text} what="What it was sent" />
        <Button
          size="small"
          icon={<Download size={15} aria-hidden="true" />}
          onClick={() => saveAs(`${taskId}-${number}-${PROMPT_NAME}`, text, 'text/markdown')}
        >
          Save
        </Button>
        {/* A link carries no token. */}
        {!hasToken && (
          <a
            href={`${pageBase()}/api/orchestrators/${path}?attempt=${number}`}
            target="_blank"
            rel="noreferrer"
            className={buttonClass('quiet', 'small')}
          >
            <ExternalLink size={15} aria-hidden="true" /> Raw
          </a>
        )}
        <span className="text-sm text-muted">Secrets are taken out of the text.</span>
      </div>
      <Lines text={text} label={`What attempt ${number} was sent`} />
    </>
  );
}

/** Whether it is open, as the address says, and the key for it. */
function useOpenState() {
  const { show } = useSearch({ from: '/orchestrators/$id/tasks/$taskId' });
  const navigate = useNavigate({ from: '/orchestrators/$id/tasks/$taskId' });
  const summary = useRef<HTMLElement>(null);
  const isOpen = show === 'sent';
  const open = (wanted: boolean) =>
    wanted !== isOpen &&
    void navigate({
      search: (before) => ({ ...before, show: wanted ? 'sent' : '' }),
      replace: true,
      resetScroll: false,
    });
  useShortcuts([
    {
      keys: 'w',
      label: 'Show what it was sent',
      group: 'This task',
      act: () => {
        open(!isOpen);
        summary.current?.focus();
      },
    },
  ]);
  // An address that asks for it leads to it.
  useEffect(() => {
    if (isOpen) summary.current?.scrollIntoView({ block: 'start' });
  }, []);
  return { isOpen, open, summary };
}

/** The prompt of one attempt, folded away: its size and digest, and on demand its text. */
export function SentPromptView({ of, attempt }: { of: AttemptPlace; attempt: Attempt | undefined }) {
  const { isOpen, open, summary } = useOpenState();
  const isShell = attempt?.agent === 'shell' && attempt.prompt === null;
  return (
    <Folded
      title="What it was sent"
      head={
        attempt?.prompt ? (
          <Facts prompt={attempt.prompt} />
        ) : (
          isShell && <span className="text-sm text-muted">nothing: its block is run as it is</span>
        )
      }
      isOpen={isOpen}
      onToggle={open}
      summaryRef={summary}
    >
      {isOpen && isShell && (
        <p className="text-muted">A shell task has no prompt: the block below its line in the plan is run as it is.</p>
      )}
      {isOpen && !isShell && <Text of={of} attempt={attempt} />}
    </Folded>
  );
}
