import { useState } from 'react';
import type { QuestionNeed } from '@/attention/questions';
import { Button } from '@/components/button';
import { Dialog, DialogActions } from '@/components/dialog';
import { Field, inputClass } from '@/components/field';
import { revealed } from '@/format/revealed';

/** Asks why: the agent is told the reason. */
export function DenyDialog({
  isOpen,
  need,
  onClose,
  onDeny,
}: {
  isOpen: boolean;
  need: QuestionNeed;
  onClose: () => void;
  onDeny: (reason: string | null) => void;
}) {
  const [reason, setReason] = useState('');
  const { approval } = need;
  return (
    <Dialog
      isOpen={isOpen}
      onClose={onClose}
      title={`Deny what task ${approval.task_id} asks?`}
      description={
        <span className="line-clamp-4 font-mono text-sm break-words whitespace-pre-wrap">
          {revealed(approval.command ?? approval.question)}
        </span>
      }
    >
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          onDeny(reason.trim() || null);
        }}
      >
        <Field label="Reason" hint="The agent receives it, and it is kept in the log. You may leave it empty.">
          {(props) => (
            <input
              {...props}
              className={inputClass}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          )}
        </Field>
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="danger">
            Deny
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
