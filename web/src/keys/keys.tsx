/** Keyboard shortcuts: what the page shows now may be steered by, and a list of it under `?`. */
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';

export interface Shortcut {
  /** A key as in KeyboardEvent.key (`?`, `j`, `Enter`), or two pressed one after the other (`g o`). */
  keys: string;
  label: string;
  /** Under which head the list shows it. */
  group: string;
  act: () => void;
  isDisabled?: boolean;
  /** Holding the key goes on: only for what moves about and changes nothing. */
  mayRepeat?: boolean;
}

interface Keys {
  add: (shortcuts: () => readonly Shortcut[]) => () => void;
  all: () => Shortcut[];
}

const KeysContext = createContext<Keys | null>(null);
const SEQUENCE_MS = 1_200;

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/**
 * A key that is held down acts once. Enter would press a button again and again, and a key that has opened a dialog
 * would go on into its field.
 */
function useHeldKeys(): (key: string) => void {
  const acted = useRef<string | null>(null);
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent) {
      if (!event.repeat) acted.current = null;
      else if (event.key === acted.current || (event.key === 'Enter' && !(event.target instanceof HTMLTextAreaElement)))
        event.preventDefault();
    }
    document.addEventListener('keydown', onKeyDown, true);
    return () => document.removeEventListener('keydown', onKeyDown, true);
  }, []);
  return useCallback((key) => (acted.current = key), []);
}

/** Whether a dialog or a menu is open, which then has the keyboard to itself. */
function isModal(): boolean {
  return document.querySelector('[role="dialog"], [role="alertdialog"], [role="menu"]') !== null;
}

export function KeysProvider({ children }: { children: ReactNode }) {
  const sources = useRef(new Set<() => readonly Shortcut[]>());
  const keys = useMemo<Keys>(
    () => ({
      add(source) {
        sources.current.add(source);
        return () => sources.current.delete(source);
      },
      all: () => [...sources.current].flatMap((source) => [...source()]),
    }),
    [],
  );
  const hold = useHeldKeys();
  useEffect(() => {
    let first: { key: string; at: number } | null = null;
    function onKeyDown(event: KeyboardEvent) {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTyping(event.target)) {
        if (event.key === 'Escape') (event.target as HTMLElement).blur();
        return;
      }
      if (isModal()) return;
      const pressed = first && Date.now() - first.at < SEQUENCE_MS ? `${first.key} ${event.key}` : event.key;
      // The innermost page was added last and wins.
      const shortcuts = keys
        .all()
        .filter(({ isDisabled }) => !isDisabled)
        .reverse();
      const found = shortcuts.find((shortcut) => shortcut.keys === pressed);
      if (event.repeat && !found?.mayRepeat) return;
      if (found) {
        first = null;
        event.preventDefault();
        if (!found.mayRepeat) hold(event.key);
        found.act();
      } else {
        first = shortcuts.some((shortcut) => shortcut.keys.startsWith(`${event.key} `))
          ? { key: event.key, at: Date.now() }
          : null;
      }
    }
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, [keys, hold]);
  return <KeysContext value={keys}>{children}</KeysContext>;
}

function useKeys(): Keys {
  const keys = useContext(KeysContext);
  if (!keys) throw new Error('useKeys outside of a KeysProvider');
  return keys;
}

/** Offer these shortcuts as long as the component is shown. */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  const keys = useKeys();
  const latest = useRef(shortcuts);
  useEffect(() => {
    latest.current = shortcuts;
  });
  useEffect(() => keys.add(() => latest.current), [keys]);
}

/** All that is offered now, by group, read when the list is opened. */
export function useShortcutList(isOpen: boolean): [string, Shortcut[]][] {
  const keys = useKeys();
  const [groups, setGroups] = useState<[string, Shortcut[]][]>([]);
  useEffect(() => {
    if (!isOpen) return;
    const byGroup = new Map<string, Shortcut[]>();
    for (const shortcut of keys.all()) byGroup.set(shortcut.group, [...(byGroup.get(shortcut.group) ?? []), shortcut]);
    setGroups([...byGroup]);
  }, [keys, isOpen]);
  return groups;
}
