import { MessageSquare, RotateCcw, SkipForward } from 'lucide-react';
import { useState } from 'react';
import type { TaskInfo } from '@/api/client';
import { Button } from '@/components/button';
import { Dialog, DialogActions } from '@/components/dialog';
import { Field, inputClass } from '@/components/field';
import { useCommand } from '@/run/use-command';

export type TaskAction = 'skip' | 'retry' | 'message';

/** What may be asked of a task now; the server has the last word. */
export function possibleActions(task: TaskInfo): TaskAction[] {
  switch (task.status) {
    case 'pending':
      return ['skip'];
    case 'in_progress':
      return ['message', 'skip'];
    case 'failed':
      return ['retry', 'skip'];
    case 'skipped':
    case 'completed':
      return ['retry'];
  }
}

const WORDS: Record<
  TaskAction,
  { button: string; title: (id: string) => string; field: string; hint: string; Icon: typeof SkipForward }
> = {
  skip: {
    button: 'Skip',
    title: (id) => `Skip task ${id}?`,
    field: 'Reason',
    hint: 'Kept in the log. Tasks that depend on this one go on as if it were done.',
    Icon: SkipForward,
  },
  retry: {
    button: 'Retry',
    title: (id) => `Retry task ${id}`,
    field: 'Note to the agent',
    hint: 'Added to the prompt of the next attempt. Leave it empty to retry without a note.',
    Icon: RotateCcw,
  },
  message: {
    button: 'Message',
    title: (id) => `Tell the agent of task ${id}`,
    field: 'Message',
    hint: 'Delivered to the agent while it works, if it accepts messages.',
    Icon: MessageSquare,
  },
};

/** A button for each action; `small` in rows. */
export function TaskButtons({
  task,
  onAsk,
  isSmall = false,
}: {
  task: TaskInfo;
  onAsk: (action: TaskAction) => void;
  isSmall?: boolean;
}) {
  return (
    <>
      {possibleActions(task).map((action) => {
        const { button, Icon } = WORDS[action];
        return (
          <Button
            key={action}
            size={isSmall ? 'small' : 'normal'}
            look={action === 'retry' && task.status === 'failed' ? 'primary' : 'plain'}
            icon={<Icon size={15} aria-hidden="true" />}
            aria-label={`${button} task ${task.id}`}
            onClick={() => onAsk(action)}
          >
            {button}
          </Button>
        );
      })}
    </>
  );
}

/** Asks for a reason or a note, and sends the command; it closes when the receipt has come. */
export function TaskDialog({
  id,
  task,
  action,
  onClose,
}: {
  id: string;
  task: TaskInfo;
  action: TaskAction | null;
  onClose: () => void;
}) {
  const [text, setText] = useState('');
  const command = useCommand(id);
  if (!action) return null;
  const words = WORDS[action];
  const mayRunAgain = action === 'retry' && task.status === 'completed';
  function send() {
    const given = text.trim() || null;
    command.mutate(
      (api, options) => {
        if (action === 'message') return api.messageTask(id, task.id, { text: text.trim() }, options);
        // The task must still be what the user has seen of it.
        const seen = { ...options, revision: task.revision };
        if (action === 'skip') return api.skipTask(id, { task_id: task.id, reason: given }, seen);
        return api.retryTask(id, { task_id: task.id, note: given, force: mayRunAgain }, seen);
      },
      {
        onSuccess: () => {
          setText('');
          onClose();
        },
      },
    );
  }
  return (
    <Dialog isOpen onClose={onClose} title={words.title(task.id)} description={task.description}>
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        {mayRunAgain && (
          <p className="text-warn">This task is completed. It will run again, and its finding will be replaced.</p>
        )}
        <Field label={words.field} hint={words.hint}>
          {(props) => (
            <textarea
              {...props}
              rows={3}
              className={`${inputClass} py-2`}
              value={text}
              onChange={(event) => setText(event.target.value)}
              onKeyDown={(event) => {
                if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && !event.repeat) send();
              }}
            />
          )}
        </Field>
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            look="primary"
            isBusy={command.isPending}
            disabled={action === 'message' && !text.trim()}
          >
            {words.button}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
