import { Link } from '@tanstack/react-router';
import { Check, FilePen } from 'lucide-react';
import { useState } from 'react';
import type { OrchestratorStatus, UnapprovedPart, UnapprovedPlan } from '@/api/client';
import { Button } from '@/components/button';
import { CopyButton } from '@/components/copy-button';
import { Dialog, DialogActions } from '@/components/dialog';
import { plural } from '@/format/format';
import { revealed } from '@/format/revealed';
import { approveCommand, changeText, heldTaskIds } from '@/run/unapproved';
import { useCommand } from '@/run/use-command';

/** One side of a change, whole: what is approved must have been in sight, so it does not scroll in itself. */
function Side({ label, text }: { label: string; text: string | null }) {
  return (
    <div className="min-w-0">
      <p className="text-xs font-medium text-muted">{label}</p>
      {text ? (
        <pre className="rounded-lg bg-ground p-2 font-mono text-sm break-words whitespace-pre-wrap">
          {revealed(text)}
        </pre>
      ) : (
        <p className="p-2 text-sm text-muted">{text === null ? 'not known' : 'nothing'}</p>
      )}
    </div>
  );
}

function Change({ id, part }: { id: string; part: UnapprovedPart }) {
  return (
    <li className="grid gap-1.5">
      <p className="break-words">
        <Link
          to="/orchestrators/$id/tasks/$taskId"
          params={{ id, taskId: part.task_id }}
          className="font-medium text-accent underline"
        >
          {part.task_id} {part.description}
        </Link>
        <br />
        {changeText(part)}
      </p>
      <div className="grid gap-2 lg:grid-cols-2">
        <Side label="Before" text={part.before} />
        <Side label="Now" text={part.after} />
      </div>
      {part.is_cut && (
        <p className="text-sm text-warn">This is only the beginning: read the rest in the plan’s file.</p>
      )}
    </li>
  );
}

function ApproveDialog({
  id,
  unapproved,
  held,
  onClose,
}: {
  id: string;
  unapproved: UnapprovedPlan;
  held: readonly string[];
  onClose: () => void;
}) {
  const command = useCommand(id);
  const send = () =>
    command.mutate((api, options) => api.approvePlan(id, { digest: unapproved.digest }, options), {
      onSettled: onClose,
    });
  return (
    <Dialog
      isOpen
      onClose={onClose}
      title={`Approve ${plural(unapproved.parts.length, 'change')}?`}
      description={
        held.length ? `${held.length === 1 ? 'Task' : 'Tasks'} ${held.join(', ')} may start with what was shown.` : ''
      }
    >
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button look="primary" isBusy={command.isPending} onClick={send}>
          Approve
        </Button>
      </DialogActions>
    </Dialog>
  );
}

/** What attempts have changed in what the plan would run, and the way to approve it; nothing where nothing waits. */
export function UnapprovedCard({ id, status }: { id: string; status: OrchestratorStatus }) {
  // The dialog is about what was shown when it was opened: its digest is refused when more has changed meanwhile.
  const [asked, ask] = useState<UnapprovedPlan | null>(null);
  const { unapproved } = status;
  if (!unapproved) return null;
  const held = heldTaskIds(status);
  const isCut = unapproved.parts.some((part) => part.is_cut);
  const command = approveCommand(status.plan_name);
  return (
    <section aria-label="Changed in the plan" className="card grid gap-3 border-l-4 border-l-warn p-4">
      <div className="flex items-start gap-3">
        <FilePen size={20} aria-hidden="true" className="mt-0.5 shrink-0 text-warn" />
        <div className="min-w-0">
          <h2 className="font-semibold">The plan was changed while agents were at work</h2>
          {unapproved.is_approved ? (
            <p>What is shown below has been approved since. The plan’s next run begins with it.</p>
          ) : (
            <p>
              {held.length > 0 &&
                `${held.length === 1 ? 'Task' : 'Tasks'} ${held.join(', ')} will not start until you approve it. `}
              An agent may have written the changes below, and a task would run them.
            </p>
          )}
        </div>
      </div>
      <ul className="grid gap-4">
        {unapproved.parts.map((part) => (
          <Change key={`${part.task_id}/${part.kind}/${part.digest}`} id={id} part={part} />
        ))}
      </ul>
      {!unapproved.is_approved && (
        <div className="flex flex-wrap items-center gap-2">
          <Button
            look="primary"
            icon={<Check size={16} aria-hidden="true" />}
            disabled={isCut}
            title={isCut ? 'Not all of it can be shown here: approve it on the command line' : undefined}
            onClick={() => ask(unapproved)}
          >
            Approve
          </Button>
          <span className="text-sm text-muted">or on the command line:</span>
          <code className="min-w-0 rounded bg-ground px-1.5 py-0.5 font-mono text-sm break-all">{command}</code>
          <CopyButton text={command} what="The command" />
        </div>
      )}
      {asked && <ApproveDialog id={id} unapproved={asked} held={held} onClose={() => ask(null)} />}
    </section>
  );
}
