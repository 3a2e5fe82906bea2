import { Bell, BellOff, Keyboard, Monitor, Moon, Settings, Sun } from 'lucide-react';
import { DropdownMenu as Radix } from 'radix-ui';
import { useState, type ReactNode } from 'react';
import { notifiesNow, setNotifies } from '@/attention/attention';
import { IconButton } from '@/components/button';
import { useTell } from '@/components/toasts';
import { chooseTheme, chosenTheme, type Theme } from '@/shell/theme';

const itemClass =
  'flex min-h-9 items-center gap-2 rounded-md px-2 outline-none data-[highlighted]:bg-accent-soft data-[highlighted]:text-accent';
const THEMES: readonly [Theme, string, ReactNode][] = [
  ['system', 'As the system', <Monitor key="s" size={16} aria-hidden="true" />],
  ['light', 'Light', <Sun key="l" size={16} aria-hidden="true" />],
  ['dark', 'Dark', <Moon key="d" size={16} aria-hidden="true" />],
];

/** Theme, notifications, and the list of keys. */
export function SettingsMenu({ onKeys }: { onKeys: () => void }) {
  const [theme, setTheme] = useState(chosenTheme);
  const [notifies, setNotifiesState] = useState(notifiesNow);
  const tell = useTell();
  async function toggleNotifications() {
    const isOn = await setNotifies(!notifies);
    setNotifiesState(isOn);
    if (!notifies && !isOn) tell('bad', 'The browser blocks notifications from this page.');
  }
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>
        <IconButton label="Settings" icon={<Settings size={18} aria-hidden="true" />} />
      </Radix.Trigger>
      <Radix.Portal>
        <Radix.Content align="end" sideOffset={6} className="card z-50 min-w-56 bg-raised p-1.5 shadow-xl">
          <Radix.Label className="px-2 py-1 text-xs font-semibold text-muted">Theme</Radix.Label>
          <Radix.RadioGroup
            value={theme}
            onValueChange={(value) => {
              chooseTheme(value as Theme);
              setTheme(value as Theme);
            }}
          >
            {THEMES.map(([value, label, icon]) => (
              <Radix.RadioItem key={value} value={value} className={itemClass}>
                {icon}
                <span className="flex-1">{label}</span>
                <Radix.ItemIndicator>✓</Radix.ItemIndicator>
              </Radix.RadioItem>
            ))}
          </Radix.RadioGroup>
          <Radix.Separator className="my-1 h-px bg-line" />
          <Radix.CheckboxItem
            checked={notifies}
            onCheckedChange={() => void toggleNotifications()}
            className={itemClass}
          >
            {notifies ? <Bell size={16} aria-hidden="true" /> : <BellOff size={16} aria-hidden="true" />}
            <span className="flex-1">Notify when I am needed</span>
            <Radix.ItemIndicator>✓</Radix.ItemIndicator>
          </Radix.CheckboxItem>
          <Radix.Item className={itemClass} onSelect={onKeys}>
            <Keyboard size={16} aria-hidden="true" />
            <span className="flex-1">Keys</span>
            <span className="text-muted">?</span>
          </Radix.Item>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
