// The frame: navigation, search, whether what is shown is live.
import { signal, useSignalEffect } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Link, useLocation } from 'wouter-preact';
import { connection, counters, session } from '../api';
import { time, tlpWord } from '../words';
import { Icon, kIcons } from './basics';

const kViews = [
  { path: '/', words: 'Overview', icon: kIcons.overview },
  { path: '/campaigns', words: 'Campaigns', icon: kIcons.campaigns },
  { path: '/search', words: 'Search', icon: kIcons.search },
  { path: '/partners', words: 'Partners', icon: kIcons.partners, feature: 'partners' },
  { path: '/consumers', words: 'Consumers', icon: kIcons.consumers, feature: 'consumers' },
  { path: '/overrides', words: 'Overrides', icon: kIcons.overrides, feature: 'overrides' },
  { path: '/pipeline', words: 'Pipeline', icon: kIcons.status, feature: 'pipeline' },
];

type Theme = 'light' | 'dark';
function remembered(): Theme | null {
  try {
    const theme = localStorage.getItem('theme');
    return theme === 'light' || theme === 'dark' ? theme : null;
  } catch {
    return null;
  }
}
const prefersDark = matchMedia('(prefers-color-scheme: dark)');
export const theme = signal<Theme>(remembered() ?? (prefersDark.matches ? 'dark' : 'light'));
prefersDark.addEventListener('change', () => {
  if (remembered() === null) theme.value = prefersDark.matches ? 'dark' : 'light';
});
theme.subscribe((value) => { document.documentElement.dataset.theme = value; });

function ThemeButton() {
  const other = theme.value === 'dark' ? 'light' : 'dark';
  return (
    <button class="icon-button" type="button" aria-label={`Use the ${other} theme`} title={`Use the ${other} theme`}
      onClick={() => {
        theme.value = other;
        try { localStorage.setItem('theme', other); } catch { /* not kept, then */ }
      }}>
      <Icon path={other === 'dark' ? kIcons.moon : kIcons.sun} />
    </button>
  );
}

const kConnectionWords = {
  connecting: 'Connecting', live: 'Live', polling: 'Every 5 s', lost: 'Not connected',
};

function Live() {
  const state = connection.value;
  const asOf = counters.value?.asOf;
  return (
    <span class="live" title={asOf ? `As of ${time(asOf)} UTC` : undefined}>
      <span class={`dot ${state === 'live' ? 'live-on' : state === 'lost' ? 'lost' : ''}`} aria-hidden="true" />
      <span class="words" role="status">{kConnectionWords[state]}</span>
    </span>
  );
}

// Searched values stand behind '#': browsers do not send that, so no server or proxy logs it.
export function searchAddress(text: string, region = ''): string {
  return `/search#${new URLSearchParams({ v: text, ...(region && { region }) })}`;
}

function QuickSearch() {
  const [, navigate] = useLocation();
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.key !== '/' || event.ctrlKey || event.metaKey || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return;
      event.preventDefault();
      input.current?.focus();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  return (
    <form role="search" onSubmit={(event) => {
      event.preventDefault();
      const text = input.current?.value.trim();
      if (!text) return;
      navigate(searchAddress(text));
      dispatchEvent(new HashChangeEvent('hashchange'));
    }}>
      <Icon path={kIcons.search} />
      <input ref={input} class="field" type="search" aria-label="Search for a value" autocomplete="off" spellcheck={false}
        placeholder="Number, host, account, wallet…" />
      <kbd aria-hidden="true">/</kbd>
    </form>
  );
}

export function Shell({ children }: { children: ComponentChildren }) {
  const [path] = useLocation();
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  // A screen reader begins to read at the new view, and the keyboard goes on from there.
  useEffect(() => {
    if (!first.current) { main.current?.focus({ preventScroll: true }); scrollTo(0, 0); }
    first.current = false;
  }, [path]);
  const features = session.value?.features ?? [];
  useSignalEffect(() => { void theme.value; });
  return (
    <>
      <a class="button skip" href="#main" onClick={(event) => { event.preventDefault(); main.current?.focus(); }}>
        Skip to content
      </a>
      <div class="shell">
        <div class="side">
          <Link href="/" class="brand" aria-label="Ringfence">
            <svg viewBox="0 0 32 32" aria-hidden="true">
              <circle cx="16" cy="16" r="11" fill="none" stroke="var(--accent)" stroke-width="3" stroke-dasharray="17 6.04" />
              <circle cx="16" cy="16" r="4" fill="var(--text)" />
            </svg>
            <span>Ringfence</span>
          </Link>
          <nav class="nav" aria-label="Views">
            {kViews.filter((view) => !view.feature || features.includes(view.feature)).map((view) => {
              const here = view.path === '/' ? path === '/' : path.startsWith(view.path);
              return (
                <Link key={view.path} href={view.path} aria-current={here ? 'page' : undefined}>
                  <Icon path={view.icon} />{view.words}
                </Link>
              );
            })}
          </nav>
          {session.value && (
            <div class="side-foot small faint">
              <span>{session.value.operator ? 'Operator' : session.value.analyst ? 'Analyst' : 'Reader'},
                up to {tlpWord(session.value.clearance)}</span>
              <span>Deployment {session.value.deployment}</span>
            </div>
          )}
        </div>
        <div>
          <div class="top"><QuickSearch /><Live /><ThemeButton /></div>
          <main id="main" ref={main} tabIndex={-1}>{children}</main>
        </div>
      </div>
    </>
  );
}
