import { Dialog } from '@/components/dialog';
import { Kbd } from '@/components/kbd';
import { useShortcutList } from '@/keys/keys';

/** The list of keys that `?` shows. */
export function KeysDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const groups = useShortcutList(isOpen);
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title="Keys">
      <div className="grid gap-5">
        {groups.map(([group, shortcuts]) => (
          <section key={group}>
            <h3 className="mb-1 text-sm font-semibold text-muted">{group}</h3>
            <dl className="grid gap-1">
              {shortcuts.map(({ keys, label }) => (
                <div key={keys + label} className="flex items-center justify-between gap-4">
                  <dt>{label}</dt>
                  <dd>
                    <Kbd keys={keys} />
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
