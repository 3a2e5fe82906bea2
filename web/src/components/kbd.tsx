/** A key, or two that are pressed one after the other. */
export function Kbd({ keys }: { keys: string }) {
  return (
    <span className="inline-flex gap-1">
      {keys.split(' ').map((key) => (
        <kbd
          key={key}
          className="min-w-6 rounded border border-line bg-ground px-1.5 text-center font-mono text-xs leading-5"
        >
          {key}
        </kbd>
      ))}
    </span>
  );
}
