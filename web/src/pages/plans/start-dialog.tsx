import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { ChevronDown, History } from 'lucide-react';
import { useState } from 'react';
import { useApi } from '@/api/api-context';
import { ApiError, type AgentInfo, type PlanDocument, type StartRequest } from '@/api/client';
import { keys } from '@/api/queries';
import { Button } from '@/components/button';
import { Dialog, DialogActions } from '@/components/dialog';
import { Field, inputClass } from '@/components/field';
import { errorText } from '@/components/states';
import {
  isSettled,
  MAIN_FIELDS,
  MORE_FIELDS,
  requestOf,
  unchosen,
  valuesOf,
  WIDTHS,
  type NumberField,
  type OptionName,
  type Values,
} from '@/pages/plans/start-options';

const PLAN_WINS = 'Set by the plan, which wins.';

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

interface Form {
  plan: PlanDocument;
  values: Values;
  change: (name: OptionName, value: string) => void;
}

/**
 * The first agent that can do any task and is ready; null where there is none, undefined where that is not known: what
 * the repository names is looked at only when a run starts.
 */
function firstReady(agents: readonly AgentInfo[] | undefined): AgentInfo | null | undefined {
  const ready = agents?.find((one) => one.name !== 'shell' && one.is_ready);
  return ready ?? (agents?.some((one) => one.named_by_repository) === false ? null : undefined);
}

function agentLabel({ name, version, is_ready, named_by_repository }: AgentInfo): string {
  if (is_ready) return `${name} ${version ?? ''}`.trim();
  return named_by_repository ? `${name} (named by the repository)` : `${name} (not ready)`;
}

function AgentField({ plan, values, change }: Form) {
  const api = useApi();
  const agents = useQuery({ queryKey: keys.agents, queryFn: ({ signal }) => api.listAgents({ signal }) });
  const agent = values.agent ?? '';
  const chosen = agents.data?.find((one) => one.name === agent);
  const first = firstReady(agents.data);
  const isFixed = isSettled('agent', plan);
  const hint = () => {
    if (isFixed) return PLAN_WINS;
    if (chosen && !chosen.is_ready && !chosen.named_by_repository)
      return `Not ready: ${chosen.problem ?? 'it gives no reason'}`;
    if (chosen?.named_by_repository) return chosen.problem ?? 'The repository names it.';
    if (agent && agents.data && !chosen) return 'There is no agent of this name here.';
    if (!agent && first === null) return 'No agent is ready: only tasks that are shell blocks can run.';
    return 'For tasks that name none.';
  };
  const unnamed =
    first === null ? 'None: no agent is ready' : `The first that is ready${first ? ` (${first.name})` : ''}`;
  return (
    <Field label="Agent" hint={hint()}>
      {(props) => (
        <select
          {...props}
          className={inputClass}
          value={isFixed ? '' : agent}
          disabled={isFixed}
          onChange={(event) => change('agent', event.target.value)}
        >
          <option value="">{isFixed ? unchosen('agent', plan) : unnamed}</option>
          {agents.data?.map((one) => (
            <option key={one.name} value={one.name}>
              {agentLabel(one)}
            </option>
          ))}
          {agent && !chosen && <option value={agent}>{agent}</option>}
        </select>
      )}
    </Field>
  );
}

function PermissionsField({ plan, values, change }: Form) {
  return (
    <Field label="What agents may do" hint="At most: the plan and its tasks can only narrow it.">
      {(props) => (
        <select
          {...props}
          className={inputClass}
          value={values.permissions ?? ''}
          onChange={(event) => change('permissions', event.target.value)}
        >
          <option value="">{unchosen('permissions', plan)}</option>
          {Object.entries(WIDTHS).map(([width, words]) => (
            <option key={width} value={width}>
              {width}: {words}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

function StrictField({ plan, values, change }: Form) {
  return (
    <Field label="Doubtful success" hint="An agent that made no tool call, was denied one, or changed nothing.">
      {(props) => (
        <select
          {...props}
          className={inputClass}
          value={values.strict ?? ''}
          onChange={(event) => change('strict', event.target.value)}
        >
          <option value="">{unchosen('strict', plan)}</option>
          <option value="true">fails the attempt (strict)</option>
          <option value="false">is only remarked upon</option>
        </select>
      )}
    </Field>
  );
}

function NumberFields({ fields, plan, values, change }: Form & { fields: readonly NumberField[] }) {
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      {fields.map(({ name, label, min, max, isFraction }) => {
        const isFixed = isSettled(name, plan);
        return (
          <Field key={name} label={label} hint={isFixed ? PLAN_WINS : undefined}>
            {(props) => (
              <input
                {...props}
                type="number"
                min={min}
                max={max}
                step={isFraction ? 'any' : 1}
                disabled={isFixed}
                placeholder={unchosen(name, plan)}
                className={inputClass}
                value={isFixed ? '' : (values[name] ?? '')}
                onChange={(event) => change(name, event.target.value)}
              />
            )}
          </Field>
        );
      })}
    </div>
  );
}

/** Whether the fields are filled with what the last run had, and the other way to fill them. */
function Filled({ plan, isFilled, onFill }: { plan: PlanDocument; isFilled: boolean; onFill: (on: boolean) => void }) {
  const { last_run: last } = plan;
  if (!last) return null;
  const hasChoices = last.options !== null && Object.keys(valuesOf(last.options)).length > 0;
  if (!isFilled && !hasChoices) return null;
  const said = () => {
    if (last.options === null) return 'The settings of the last run are not recorded.';
    return hasChoices ? "The last run's settings are filled in." : 'The last run had only the settings of the plan.';
  };
  return (
    <div className="flex flex-wrap items-center gap-2 rounded-lg bg-idle-soft px-3 py-2 text-sm">
      <History size={16} aria-hidden="true" className="shrink-0" />
      {isFilled && <span>{said()}</span>}
      {hasChoices && (
        <Button size="small" onClick={() => onFill(!isFilled)}>
          {isFilled ? "Use the plan's settings" : "Use the last run's settings"}
        </Button>
      )}
    </div>
  );
}

export interface StartDialogProps {
  plan: PlanDocument;
  /** It is filled with what was chosen for the plan's last run. */
  isAgain: boolean;
  /** All of the plan is done: a run has something to do only if it starts over. Undefined while that is not known. */
  isDone: boolean | undefined;
  onClose: () => void;
}

/** Starts a run of the plan, and goes to it; what the server refuses is said with its reason. */
export function StartDialog({ plan, isAgain, isDone, onClose }: StartDialogProps) {
  const api = useApi();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [isFilled, fill] = useState(isAgain);
  const [changed, setChanged] = useState<Values>({});
  const [restart, setRestart] = useState(false);
  const last = isFilled ? plan.last_run?.options : null;
  // What the user has changed stays when the page hears of a later run.
  const values = { ...(last ? valuesOf(last) : {}), ...changed };
  const start = useMutation({
    mutationFn: (request: StartRequest) => api.startOrchestrator(request),
    async onSuccess({ id }) {
      await queries.invalidateQueries({ queryKey: keys.orchestrators });
      await navigate({ to: '/orchestrators/$id', params: { id } });
    },
  });
  const form: Form = {
    plan,
    values,
    change: (name, value) => setChanged((before) => ({ ...before, [name]: value })),
  };
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={isDone ? `Run ${plan.name} again from the start?` : `Start ${plan.name}${isAgain ? ' again' : ''}`}
      description={
        isDone
          ? 'All its tasks are done. All of them run again; their findings are kept in an archive.'
          : 'The run has a process of its own: it goes on when this page or the server ends.'
      }
    >
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          start.mutate(requestOf(plan, values, restart || isDone === true));
        }}
      >
        <Filled
          plan={plan}
          isFilled={isFilled}
          onFill={(on) => {
            fill(on);
            setChanged({});
          }}
        />
        <AgentField {...form} />
        <PermissionsField {...form} />
        <NumberFields fields={MAIN_FIELDS} {...form} />
        <details className="group" open={Boolean(values.strict) || MORE_FIELDS.some(({ name }) => values[name])}>
          <summary className="flex min-h-10 items-center gap-1.5 text-sm font-medium">
            <ChevronDown size={15} aria-hidden="true" className="-rotate-90 group-open:rotate-0" />
            More options
          </summary>
          <div className="grid gap-4 pt-2">
            <NumberFields fields={MORE_FIELDS} {...form} />
            <StrictField {...form} />
          </div>
        </details>
        {!isDone && (
          <label className="flex min-h-10 items-center gap-2">
            <input
              type="checkbox"
              className="size-4"
              checked={restart}
              onChange={(event) => setRestart(event.target.checked)}
            />
            From the start: completed tasks run again
          </label>
        )}
        {start.isError && <Problem error={start.error} plan={plan.name} />}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" isBusy={start.isPending || isDone === undefined}>
            {isDone ? 'Run again' : 'Start'}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
