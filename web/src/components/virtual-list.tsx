import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useLayoutEffect, useRef, useState, type ReactNode } from 'react';

/** A list as long as it likes: only what is in sight is drawn. It scrolls with the page. */
export function VirtualList<Row>({
  rows,
  rowHeight,
  rowKey,
  children,
  label,
  shown,
}: {
  rows: readonly Row[];
  /** About how high a row is, in pixels; each is measured when it is drawn. */
  rowHeight: number;
  rowKey: (row: Row) => string;
  children: (row: Row, index: number) => ReactNode;
  label: string;
  /** The row that must be in sight. */
  shown?: number | undefined;
}) {
  const list = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    if (list.current) setTop(list.current.getBoundingClientRect().top + window.scrollY);
  }, [rows.length]);
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => rowHeight,
    overscan: 12,
    scrollMargin: top,
    getItemKey: (index) => rowKey(rows[index]!),
    scrollPaddingStart: 80,
  });
  useLayoutEffect(() => {
    if (shown !== undefined && shown >= 0) virtual.scrollToIndex(shown, { align: 'auto' });
  }, [shown, virtual]);
  return (
    <div ref={list} role="list" aria-label={label} className="relative" style={{ height: virtual.getTotalSize() }}>
      {virtual.getVirtualItems().map((item) => (
        <div
          key={item.key}
          role="listitem"
          aria-setsize={rows.length}
          aria-posinset={item.index + 1}
          data-index={item.index}
          ref={virtual.measureElement}
          className="absolute inset-x-0 top-0"
          style={{ transform: `translateY(${item.start - virtual.options.scrollMargin}px)` }}
        >
          {children(rows[item.index]!, item.index)}
        </div>
      ))}
    </div>
  );
}
