import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useApi } from '@/api/api-context';
import { ApiError, type StartRequest } from '@/api/client';
import { keys } from '@/api/queries';
import { Button } from '@/components/button';
import { Dialog } from '@/components/dialog';
import { Field, inputClass } from '@/components/field';
import { errorText } from '@/components/states';

const PERMISSIONS = ['full', 'edits', 'read-only', 'ask'] as const;

function Problem({ error, plan }: { error: unknown; plan: string }) {
  const problem = error instanceof ApiError ? error.problem : undefined;
  return (
    <div role="alert" className="rounded-lg bg-bad-soft p-3 text-sm text-bad">
      <p className="break-words">{errorText(error)}</p>
      {problem?.owner && (
        <Link to="/orchestrators/$id" params={{ id: problem.owner }} className="underline">
          To that run
        </Link>
      )}
      {problem?.problems && (
        <ul className="mt-1 list-disc pl-5">
          {problem.problems.slice(0, 5).map((one) => (
            <li key={`${one.line}:${one.column}:${one.code}`}>
              <Link to="/plans/$name" params={{ name: plan }} search={{ line: String(one.line) }} className="underline">
                Line {one.line}
              </Link>
              : {one.message}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Starts a run of the plan, and goes to it; what the server refuses is said with its reason. */
export function StartDialog({ plan, onClose }: { plan: string; onClose: () => void }) {
  const api = useApi();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [agent, setAgent] = useState('');
  const [parallel, setParallel] = useState('1');
  const [attempts, setAttempts] = useState('');
  const [budget, setBudget] = useState('');
  const [permissions, setPermissions] = useState<(typeof PERMISSIONS)[number]>('full');
  const [restart, setRestart] = useState(false);
  const agents = useQuery({ queryKey: keys.agents, queryFn: ({ signal }) => api.listAgents({ signal }) });
  const chosen = agents.data?.find((one) => one.name === agent);
  const start = useMutation({
    mutationFn: (request: StartRequest) => api.startOrchestrator(request),
    async onSuccess({ id }) {
      await queries.invalidateQueries({ queryKey: keys.orchestrators });
      await navigate({ to: '/orchestrators/$id', params: { id } });
    },
  });
  function send() {
    start.mutate({
      plan,
      agent: agent || null,
      parallel: Number(parallel) || 1,
      max_attempts: attempts ? Number(attempts) : null,
      timeout_seconds: null,
      restart,
      permissions,
      budget_usd: budget ? Number(budget) : null,
      budget_tokens: null,
    });
  }
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={`Start ${plan}`}
      description="The run has a process of its own: it goes on when this page or the server ends."
    >
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <Field
          label="Agent"
          hint={
            chosen && !chosen.is_ready
              ? `Not ready: ${chosen.problem ?? 'it gives no reason'}`
              : 'For tasks that name none.'
          }
        >
          {(props) => (
            <select {...props} className={inputClass} value={agent} onChange={(event) => setAgent(event.target.value)}>
              <option value="">The first that is ready</option>
              {agents.data?.map(({ name, version, is_ready }) => (
                <option key={name} value={name}>
                  {name} {is_ready ? version : '(not ready)'}
                </option>
              ))}
            </select>
          )}
        </Field>
        <div className="grid grid-cols-3 gap-4">
          <Field label="Tasks at once">
            {(props) => (
              <input
                {...props}
                type="number"
                min={1}
                max={64}
                className={inputClass}
                value={parallel}
                onChange={(event) => setParallel(event.target.value)}
              />
            )}
          </Field>
          <Field label="Attempts" hint="Empty: 2, of shell blocks 1">
            {(props) => (
              <input
                {...props}
                type="number"
                min={1}
                max={100}
                className={inputClass}
                value={attempts}
                onChange={(event) => setAttempts(event.target.value)}
              />
            )}
          </Field>
          <Field label="Budget in $" hint="Empty: none">
            {(props) => (
              <input
                {...props}
                type="number"
                min={0}
                step="any"
                className={inputClass}
                value={budget}
                onChange={(event) => setBudget(event.target.value)}
              />
            )}
          </Field>
        </div>
        <Field label="What agents may do" hint="ask: what is not allowed by itself comes to Approvals.">
          {(props) => (
            <select
              {...props}
              className={inputClass}
              value={permissions}
              onChange={(event) => setPermissions(event.target.value as typeof permissions)}
            >
              {PERMISSIONS.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          )}
        </Field>
        <label className="flex min-h-10 items-center gap-2">
          <input
            type="checkbox"
            className="size-4"
            checked={restart}
            onChange={(event) => setRestart(event.target.checked)}
          />
          Start over: completed tasks run again
        </label>
        {start.isError && <Problem error={start.error} plan={plan} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" isBusy={start.isPending}>
            Start
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
