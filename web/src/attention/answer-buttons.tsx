import { Check, X } from 'lucide-react';
import { useState } from 'react';
import type { ApprovalInfo } from '@/api/client';
import { Button } from '@/components/button';
import { Dialog } from '@/components/dialog';
import { Field, inputClass } from '@/components/field';
import { useCommand } from '@/run/use-command';

/** Allow, or deny with a reason that the agent may be told. */
export function AnswerButtons({
  runId,
  approval,
  isWide = false,
}: {
  runId: string;
  approval: ApprovalInfo;
  isWide?: boolean;
}) {
  const command = useCommand(runId);
  const [isDenied, deny] = useState(false);
  const [reason, setReason] = useState('');
  const answer = (allow: boolean) =>
    command.mutate(
      (api, options) => api.answerApproval(runId, approval.id, { allow, reason: reason.trim() || null }, options),
      { onSettled: () => deny(false) },
    );
  return (
    <div className={`flex gap-2 ${isWide ? 'w-full [&>button]:flex-1' : ''}`}>
      <Button
        look="primary"
        icon={<Check size={16} aria-hidden="true" />}
        isBusy={command.isPending}
        aria-label={`Allow what task ${approval.task_id} asks`}
        onClick={() => answer(true)}
      >
        Allow
      </Button>
      <Button
        look="danger"
        icon={<X size={16} aria-hidden="true" />}
        disabled={command.isPending}
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
            answer(false);
          }}
        >
          <Field label="Reason" hint="Kept in the log; you may leave it empty.">
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
            <Button type="submit" look="danger" isBusy={command.isPending}>
              Deny
            </Button>
          </div>
        </form>
      </Dialog>
    </div>
  );
}
