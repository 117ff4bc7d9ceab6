// Small things that all views use.
import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import type { Resource } from '../api';
import { ApiError } from '../api';
import { kActionWords, actionOf, ago, count, time, tlpWord } from '../words';

// Every 15 s, for what is said relative to now.
export const now = signal(Date.now());
setInterval(() => { now.value = Date.now(); }, 15_000);

export function ActionBadge({ action }: { action?: string }) {
  const word = actionOf(action);
  return <span class={`badge ${word}`}><Shape action={word} />{kActionWords[word]}</span>;
}

// Told apart without colours too.
function Shape({ action }: { action: 'block' | 'challenge' | 'monitor' }) {
  return (
    <svg viewBox="0 0 10 10" width="9" height="9" aria-hidden="true" fill="currentColor">
      {action === 'block' && <path d="M3 0h4l3 3v4l-3 3H3L0 7V3z" />}
      {action === 'challenge' && <path d="M5 .6 10 9.4H0z" />}
      {action === 'monitor' && <circle cx="5" cy="5" r="3.6" fill="none" stroke="currentColor" stroke-width="1.8" />}
    </svg>
  );
}

export function Tlp({ tlp }: { tlp?: string }) { return <span class="tlp">{tlpWord(tlp)}</span>; }

export function Ago({ at }: { at?: string }) {
  return <time dateTime={at} title={at && `${time(at)} UTC`}>{ago(at, Math.max(now.value, Date.now() - 15_000))}</time>;
}

export function Panel(props: {
  title: string; note?: ComponentChildren; aside?: ComponentChildren; bare?: boolean; class?: string;
  children: ComponentChildren;
}) {
  const id = useId();
  return (
    <section class={`panel ${props.class ?? ''}`} aria-labelledby={id}>
      <header>
        <h2 id={id}>{props.title}</h2>
        {props.note && <span class="faint small">{props.note}</span>}
        {props.aside && <div class="aside">{props.aside}</div>}
      </header>
      {props.bare ? props.children : <div class="body">{props.children}</div>}
    </section>
  );
}

export function Tile(props: { label: ComponentChildren; figure: ComponentChildren; note?: ComponentChildren }) {
  return (
    <div class="tile">
      <div class="label">{props.label}</div>
      <div class="figure">{props.figure}</div>
      {props.note && <div class="note">{props.note}</div>}
    </div>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return <div class="empty"><strong>{title}</strong>{children}</div>;
}

// What a resource has to say as long as it has no data.
export function Waiting({ of }: { of: Resource<unknown> }) {
  if (!of.error) return <div class="empty" role="status">Loading…</div>;
  if (of.error instanceof ApiError && of.error.status === 503) {
    return <div class="empty" role="status"><strong>Not ready yet</strong><p>{of.error.message}</p></div>;
  }
  return <p class="problem" role="alert">Cannot be shown: {of.error.message}</p>;
}

export interface Bar { key: string; label: ComponentChildren; parts: { size: number; color: string }[]; text?: string }

// Amounts beside each other; the text says the number, the bar only shows it.
export function Bars({ bars, label }: { bars: Bar[]; label: string }) {
  const total = (bar: Bar) => bar.parts.reduce((sum, part) => sum + part.size, 0);
  const greatest = Math.max(1, ...bars.map(total));
  return (
    <ul class="bars" aria-label={label}>
      {bars.map((bar) => {
        let x = 0;
        return (
          <li key={bar.key}>
            <span>{bar.label}</span>
            <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
              {bar.parts.map((part, i) => {
                const width = (100 * part.size) / greatest;
                const rect = <rect key={i} x={x} y="0" width={width} height="8" fill={part.color} />;
                x += width;
                return rect;
              })}
            </svg>
            <span class="number">{bar.text ?? count(total(bar))}</span>
          </li>
        );
      })}
    </ul>
  );
}

// What is decided about stands behind '#', as in a search: no server logs it.
export function overrideAddress(type: string, value: string): string {
  return `/overrides#${new URLSearchParams({ type, v: value })}`;
}

export function Icon({ path }: { path: string }) {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"
      stroke-linejoin="round" aria-hidden="true"><path d={path} /></svg>
  );
}
export const kIcons = {
  overview: 'M4 13h6V4H4zM14 20h6v-9h-6zM4 20h6v-4H4zM14 8h6V4h-6z',
  campaigns: 'M6 7a2 2 0 1 0 0-4 2 2 0 0 0 0 4M18 9a2 2 0 1 0 0-4 2 2 0 0 0 0 4M12 21a2 2 0 1 0 0-4 2 2 0 0 0 0 4M7.6 6 16 7M7 6.8l4 10.4M17 8.8l-4 8.4',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14M16 16l5 5',
  partners: 'M4 20V9l8-5 8 5v11M9 20v-6h6v6M2 20h20',
  consumers: 'M12 12a3 3 0 1 0 0-6 3 3 0 0 0 0 6M4 18c2-3 5-4 8-4s6 1 8 4M4 4a11 11 0 0 0-2 6M20 4a11 11 0 0 1 2 6',
  overrides: 'M12 3l7 3v5c0 5-3 8-7 10-4-2-7-5-7-10V6zM9 12l2 2 4-4',
  status: 'M3 12h4l3-8 4 16 3-8h4',
  sun: 'M12 17a5 5 0 1 0 0-10 5 5 0 0 0 0 10M12 1v2M12 21v2M4.2 4.2l1.4 1.4M18.4 18.4l1.4 1.4M1 12h2M21 12h2M4.2 19.8l1.4-1.4M18.4 5.6l1.4-1.4',
  moon: 'M21 13A9 9 0 1 1 11 3a7 7 0 0 0 10 10',
  plus: 'M12 5v14M5 12h14',
  minus: 'M5 12h14',
  whole: 'M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5',
};
