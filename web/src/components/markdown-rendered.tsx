import ReactMarkdown, { type Components } from 'react-markdown';
import remarkGfm from 'remark-gfm';

const components: Components = {
  // A picture from elsewhere would tell its server who reads this: its address is shown instead.
  img: ({ alt, src }) => <span className="text-muted">[picture: {alt || src}]</span>,
  a: ({ children, href }) => (
    <a href={href} target="_blank" rel="noreferrer noopener" className="text-accent underline">
      {children}
    </a>
  ),
  // One heading of the page is enough: those of the text come below it.
  h1: ({ children }) => <h3 className="text-lg font-semibold">{children}</h3>,
  h2: ({ children }) => <h4 className="text-base font-semibold">{children}</h4>,
  h3: ({ children }) => <h5 className="font-semibold">{children}</h5>,
  h4: ({ children }) => <h6 className="font-semibold">{children}</h6>,
  pre: ({ children }) => (
    <pre tabIndex={0} className="overflow-x-auto rounded-lg bg-ground p-3 text-sm">
      {children}
    </pre>
  ),
  table: ({ children }) => (
    <div tabIndex={0} role="region" aria-label="Table" className="overflow-x-auto">
      <table className="text-sm">{children}</table>
    </div>
  ),
};

export default function MarkdownRendered({ text }: { text: string }) {
  return (
    <div className="grid gap-3 break-words [&_code]:font-mono [&_code]:text-[0.9em] [&_li]:ml-5 [&_ol]:list-decimal [&_td]:border [&_td]:border-line [&_td]:px-2 [&_th]:border [&_th]:border-line [&_th]:px-2 [&_ul]:list-disc">
      <ReactMarkdown remarkPlugins={[remarkGfm]} components={components}>
        {text}
      </ReactMarkdown>
    </div>
  );
}
