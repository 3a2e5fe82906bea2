import { Inbox } from 'lucide-react';
import { useState } from 'react';
import { QuestionCard } from '@/attention/question-card';
import { useQuestions } from '@/attention/questions';
import { useOrchestrators } from '@/api/queries';
import { Empty, ErrorPanel, Loading } from '@/components/states';
import { useShortcuts } from '@/keys/keys';
import { PageHead } from '@/shell/page';

/** What agents ask, over all runs. */
export function ApprovalsPage() {
  const orchestrators = useOrchestrators();
  const questions = useQuestions();
  const [selectedKey, select] = useState<string>();
  const found = questions.findIndex(({ need }) => need.key === selectedKey);
  const index = Math.max(0, found);
  const move = (by: number) => {
    const next = questions[index + by];
    if (next) select(next.need.key);
  };
  useShortcuts([
    { keys: 'j', label: 'Next question', group: 'Approvals', act: () => move(1), mayRepeat: true },
    { keys: 'k', label: 'Previous question', group: 'Approvals', act: () => move(-1), mayRepeat: true },
  ]);
  return (
    <div className="mx-auto max-w-3xl">
      <PageHead title="Approvals" titleText="Approvals" />
      {orchestrators.isPending && <Loading label="Loading the questions" rows={2} />}
      {orchestrators.isError && (
        <ErrorPanel
          error={orchestrators.error}
          onRetry={() => void orchestrators.refetch()}
          title="The questions could not be loaded"
        />
      )}
      {orchestrators.isSuccess && questions.length === 0 && (
        <Empty icon={<Inbox size={28} aria-hidden="true" />} title="No open questions">
          With <code>--permissions ask</code>, what an agent may not do by itself is asked here. Settings can notify
          you.
        </Empty>
      )}
      <div className="grid gap-3">
        {questions.map((question, at) => (
          <QuestionCard
            key={question.need.key}
            question={question}
            isSelected={at === index}
            isMarked={at === index && questions.length > 1}
            isChosen={question.need.key === selectedKey}
          />
        ))}
      </div>
    </div>
  );
}
