/** A text as it is, under its name: what a call was given, what it printed. A long one scrolls in itself. */
export function LabelledText({ label, text }: { label: string; text: string }) {
  return (
    <div className="min-w-0">
      <p className="text-xs font-medium text-muted">{label}</p>
      <pre
        tabIndex={0}
        aria-label={label}
        className="max-h-96 overflow-auto rounded-lg bg-ground p-2 font-mono text-sm break-words whitespace-pre-wrap"
      >
        {text}
      </pre>
    </div>
  );
}
