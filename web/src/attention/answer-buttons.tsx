import { Check, X } from 'lucide-react';
import { useState } from 'react';
import type { ApprovalInfo } from '@/api/client';
import { Button } from '@/components/button';
import { Dialog } from '@/components/dialog';
import { Field, inputClass } from '@/components/field';
import { useShortcuts } from '@/keys/keys';
import { useCommand } from '@/run/use-command';

/** Answers an agent's question; `onSettled` is called when the receipt or a refusal has come. */
function useAnswer(runId: string, approvalId: string) {
  const command = useCommand(runId);
  const answer = (allow: boolean, reason: string | null, onSettled?: () => void) =>
    command.mutate(
      (api, options) => api.answerApproval(runId, approvalId, { allow, reason }, options),
      onSettled ? { onSettled } : {},
    );
  return { answer, isPending: command.isPending };
}

/** Allow, or deny with a reason that the agent is told; `hasKeys`: also by `a` and `d`. */
export function AnswerButtons({
  runId,
  approval,
  isWide = false,
  hasKeys = false,
}: {
  runId: string;
  approval: ApprovalInfo;
  isWide?: boolean;
  hasKeys?: boolean;
}) {
  const { answer, isPending } = useAnswer(runId, approval.id);
  const [isDenied, deny] = useState(false);
  const [reason, setReason] = useState('');
  const send = (allow: boolean) => answer(allow, reason.trim() || null, () => deny(false));
  const group = 'Approvals';
  useShortcuts(
    hasKeys
      ? [
          { keys: 'a', label: 'Allow the selected question', group, act: () => send(true), isDisabled: isPending },
          { keys: 'd', label: 'Deny it, with a reason', group, act: () => deny(true), isDisabled: isPending },
        ]
      : [],
  );
  return (
    <div className={`flex gap-2 ${isWide ? 'w-full [&>button]:flex-1' : ''}`}>
      <Button
        look="primary"
        icon={<Check size={16} aria-hidden="true" />}
        isBusy={isPending}
        aria-label={`Allow what task ${approval.task_id} asks`}
        onClick={() => send(true)}
      >
        Allow
      </Button>
      <Button
        look="danger"
        icon={<X size={16} aria-hidden="true" />}
        disabled={isPending}
        aria-label={`Deny what task ${approval.task_id} asks`}
        onClick={() => deny(true)}
      >
        Deny
      </Button>
      <Dialog
        isOpen={isDenied}
        onClose={() => deny(false)}
        title={`Deny what task ${approval.task_id} asks?`}
        description={approval.question}
      >
        <form
          className="grid gap-4"
          onSubmit={(event) => {
            event.preventDefault();
            send(false);
          }}
        >
          <Field label="Reason" hint="Told to the agent and kept in the log; you may leave it empty.">
            {(props) => (
              <input
                {...props}
                className={inputClass}
                value={reason}
                onChange={(event) => setReason(event.target.value)}
              />
            )}
          </Field>
          <div className="flex justify-end gap-2">
            <Button onClick={() => deny(false)}>Cancel</Button>
            <Button type="submit" look="danger" isBusy={isPending}>
              Deny
            </Button>
          </div>
        </form>
      </Dialog>
    </div>
  );
}
