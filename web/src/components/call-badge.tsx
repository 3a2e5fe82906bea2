import { Ban, Check, CircleSlash, LoaderCircle, X, type LucideIcon } from 'lucide-react';
import { Pill, type Tone } from '@/components/status';

export const CALL_LOOKS: Readonly<Record<string, { tone: Tone; label: string; Icon: LucideIcon }>> = {
  running: { tone: 'busy', label: 'running', Icon: LoaderCircle },
  ok: { tone: 'good', label: 'ok', Icon: Check },
  error: { tone: 'bad', label: 'error', Icon: X },
  denied: { tone: 'warn', label: 'denied', Icon: Ban },
  interrupted: { tone: 'idle', label: 'interrupted', Icon: CircleSlash },
};

/** How a tool call went. */
export function CallBadge({ status }: { status: string }) {
  const { tone, label, Icon } = CALL_LOOKS[status] ?? CALL_LOOKS['interrupted']!;
  return (
    <Pill tone={tone}>
      <Icon
        size={13}
        aria-hidden="true"
        className={status === 'running' ? 'animate-spin motion-reduce:animate-none' : ''}
      />
      {label}
    </Pill>
  );
}
