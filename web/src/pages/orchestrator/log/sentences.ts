/** An entry of the log in a sentence: who did what, and what came of it. */
import type { LogEntry } from '@/run/history';
import { TASK_LOOKS, taskLook, type Tone } from '@/components/status';
import { evidenceOf, remarksText } from '@/run/evidence';

export type Kind = 'command' | 'approval' | 'run' | 'task';

export interface Sentence {
  kind: Kind;
  who: string;
  what: string;
  why: string | null;
  tone: Tone;
}

function sentence(kind: Kind, who: string, what: string, why: string | null, tone: Tone = 'idle'): Sentence {
  return { kind, who, what, why: why || null, tone };
}

export function sentenceOf(entry: LogEntry): Sentence {
  switch (entry.type) {
    case 'command_settled': {
      const { command, state, reason, actor, task_id } = entry.data;
      const about = task_id ? ` ${task_id}` : '';
      const tone = state === 'applied' ? 'good' : 'bad';
      return sentence('command', actor, `${command.replaceAll('_', '-')}${about}: ${state}`, reason, tone);
    }
    case 'approval_requested':
      return sentence('approval', `task ${entry.data.task_id}`, `asks: ${entry.data.question}`, null, 'warn');
    case 'approval_settled': {
      const { allowed, actor, reason, task_id } = entry.data;
      return sentence(
        'approval',
        actor,
        `${allowed ? 'allowed' : 'denied'} what task ${task_id} asked`,
        reason,
        allowed ? 'good' : 'bad',
      );
    }
    case 'orchestrator_changed': {
      const { old_status, new_status, reason } = entry.data;
      const isBad = new_status === 'failed' || new_status === 'crashed' || new_status === 'blocked';
      return sentence('run', 'orchestrator', `${old_status} → ${new_status}`, reason, isBad ? 'bad' : 'idle');
    }
    case 'agent_limited': {
      const { agent, until, message } = entry.data;
      if (until === null) return sentence('run', agent, 'may start again', null, 'good');
      return sentence('run', agent, 'met a limit of its vendor', message, 'warn');
    }
    case 'plan_changed':
      return sentence('run', 'plan', entry.data.reason, entry.data.problems.join('; '), 'warn');
    case 'plan_approved': {
      const { freed } = entry.data;
      const may = freed.length ? `${freed.join(', ')} may start` : null;
      return sentence('run', 'plan', 'its change is approved', may, 'good');
    }
    case 'task_changed': {
      const { task_id, old_status, new_status, reason, error, attempt, remarks } = entry.data;
      const evidence = evidenceOf({ ...entry.data, status: new_status });
      const { tone } =
        new_status === 'in_progress' ? TASK_LOOKS.pending : taskLook({ ...entry.data, status: new_status });
      const which = new_status === 'in_progress' ? ` (attempt ${attempt})` : evidence ? `, ${evidence}` : '';
      const words = (status: string) => status.replaceAll('_', ' ');
      return sentence(
        'task',
        `task ${task_id}`,
        `${words(old_status)} → ${words(new_status)}${which}`,
        error ?? reason ?? remarksText(remarks),
        tone,
      );
    }
  }
}
