/** The options of a run as a form has them: what the plan says, what was chosen for the last run, what is sent. */
import type { ChosenOptions, PlanDocument, StartRequest } from '@/api/client';

export type OptionName = keyof ChosenOptions;
export type NumberName = Exclude<OptionName, 'agent' | 'permissions' | 'strict'>;

export interface NumberField {
  name: NumberName;
  label: string;
  min: number;
  max?: number;
  /** Parts of one are possible. */
  isFraction?: boolean;
  hint?: string;
}

export const MAIN_FIELDS: readonly NumberField[] = [
  { name: 'parallel', label: 'Maximum parallel tasks', min: 1, max: 64 },
  { name: 'max_attempts', label: 'Attempts per task', min: 1 },
  { name: 'timeout_seconds', label: 'Time limit per task, in seconds', min: 0.001, isFraction: true },
  { name: 'budget_usd', label: 'Budget, in $', min: 0.01, isFraction: true },
];

export const MORE_FIELDS: readonly NumberField[] = [
  { name: 'budget_tokens', label: 'Budget, in tokens', min: 1 },
  { name: 'task_budget_usd', label: 'Budget per task, in $', min: 0.01, isFraction: true },
  { name: 'task_budget_tokens', label: 'Budget per task, in tokens', min: 1 },
  { name: 'back_off_seconds', label: 'Pause before a second attempt, in seconds', min: 0, isFraction: true },
  { name: 'longest_wait_seconds', label: 'Longest wait for a rate limit, in seconds', min: 0, isFraction: true },
  { name: 'silence_seconds', label: 'A silent agent is stuck after, in seconds', min: 0.001, isFraction: true },
  { name: 'tool_seconds', label: 'A tool call is stuck after, in seconds', min: 0.001, isFraction: true },
  { name: 'repeats_max', label: 'Equal calls in a row until stuck', min: 2 },
  { name: 'approval_seconds', label: 'A question is denied after, in seconds', min: 0.001, isFraction: true },
];

/** What an agent may do by itself, from the narrowest to the widest. */
export const WIDTHS = {
  'read-only': 'read, and nothing else',
  ask: 'read; ask you for the rest',
  edits: 'read and change files',
  full: 'everything',
} as const satisfies Record<NonNullable<ChosenOptions['permissions']>, string>;

/** Where the plan's own lines win over what is chosen for a run, so that choosing would change nothing. */
const PLAN_WINS: ReadonlySet<OptionName> = new Set(['agent', 'max_attempts', 'timeout_seconds']);

export type Values = Partial<Record<OptionName, string>>;

export function isSettled(name: OptionName, plan: PlanDocument): boolean {
  return PLAN_WINS.has(name) && plan.settings[name] !== null;
}

/** What holds where nothing is chosen: `as the plan says (3)`, `default (1)`, `none`. */
export function unchosen(name: OptionName, { settings, defaults }: PlanDocument): string {
  if (settings[name] !== null) return `as the plan says (${settings[name]})`;
  return defaults[name] === null ? 'none' : `default (${defaults[name]})`;
}

/** The choices as texts of a form. */
export function valuesOf(options: ChosenOptions): Values {
  const given = Object.entries(options).filter(([, value]) => value !== null);
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)])) as Values;
}

function sent(name: OptionName, value: string): string | number | boolean {
  if (name === 'strict') return value === 'true';
  return name === 'agent' || name === 'permissions' ? value : Number(value);
}

/** What is sent: what was chosen, and nothing else. */
export function requestOf(plan: PlanDocument, values: Values, isRestart: boolean): StartRequest {
  const request: Record<string, string | number | boolean> = { plan: plan.name };
  for (const [name, value] of Object.entries(values) as [OptionName, string][]) {
    if (value === '' || isSettled(name, plan)) continue;
    request[name] = sent(name, value);
  }
  if (isRestart) request['restart'] = true;
  return request as StartRequest;
}
