// What operators decided about values; operators decide here.
import { useRef, useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';
import type { Override } from '../api';
import { post, session, useResource } from '../api';
import { Ago, Empty, Panel, Waiting } from '../parts/basics';
import { day, kEffects, kListedTypes, typeWord } from '../words';

const kDefaultDays = 30;
const kScopes: Record<string, string> = { SCOPE_SUBTREE: 'and all below it', SCOPE_PREFIX: 'the whole range' };

function scopeOf(type: string, value: string, subtree: boolean): string {
  if (type === 'IDENTIFIER_TYPE_DOMAIN') return subtree ? 'SCOPE_SUBTREE' : 'SCOPE_UNSPECIFIED';
  const isRange = (type === 'IDENTIFIER_TYPE_IP' && value.includes('/')) || (type === 'IDENTIFIER_TYPE_PHONE' && value.endsWith('*'));
  return isRange ? 'SCOPE_PREFIX' : 'SCOPE_UNSPECIFIED';
}

function requestOf(form: FormData) {
  const text = (name: string) => String(form.get(name) ?? '').trim();
  const days = Number(form.get('days'));
  const before = text('before');
  const type = text('type');
  const scope = scopeOf(type, text('value'), form.get('subtree') === 'on');
  return { override: {
    type, scope, value: text('value').replace(/\*$/, ''), effect: text('effect'), reason: text('reason'), reference: text('reference'),
    ...(days > 0 && { expiresAt: new Date(Date.now() + days * 86_400_000).toISOString() }),
    ...(before && { disregardBefore: `${before}T00:00:00Z` }),
  } };
}

function PutForm({ onDone }: { onDone: () => void }) {
  const [said, setSaid] = useState<{ problem: boolean; text: string } | null>(null);
  const [effect, setEffect] = useState('EFFECT_ALLOW');
  const form = useRef<HTMLFormElement>(null);
  const asked = new URLSearchParams(location.hash.slice(1));
  const [type, setType] = useState(asked.get('type') ?? 'IDENTIFIER_TYPE_PHONE');
  const submit = async () => {
    try {
      await post('overrides', requestOf(new FormData(form.current!)));
      setSaid({ problem: false, text: 'Decided. It reaches what is listed within seconds.' });
      form.current?.reset();
      onDone();
    } catch (failure) {
      setSaid({ problem: true, text: (failure as Error).message });
    }
  };
  return (
    <Panel title="Decide about a value">
      <form ref={form} class="override-form" onSubmit={(event) => { event.preventDefault(); void submit(); }}>
        <label>Type
          <select name="type" class="field" value={type} onChange={(event) => setType(event.currentTarget.value)}>
            {kListedTypes.map((name) => <option key={name} value={name}>{typeWord(name)}</option>)}
          </select>
        </label>
        <label>Value
          <input name="value" class="field" required defaultValue={asked.get('v') ?? ''} spellcheck={false} autocomplete="off"
            placeholder="Ranges: 198.51.100.0/24, +1800*" />
        </label>
        <label>Effect
          <select name="effect" class="field" value={effect} onChange={(event) => setEffect(event.currentTarget.value)}>
            {Object.entries(kEffects).map(([name, words]) => <option key={name} value={name}>{words}</option>)}
          </select>
        </label>
        {effect === 'EFFECT_DISREGARD' && <label>Void before<input name="before" class="field" type="date" required /></label>}
        <label>Reason<input name="reason" class="field" required maxLength={500} /></label>
        <label>Case or ticket<input name="reference" class="field" maxLength={100} /></label>
        <label>Ends after days; 0: never
          <input name="days" class="field" type="number" min={0} max={3650} defaultValue={String(kDefaultDays)} />
        </label>
        {type === 'IDENTIFIER_TYPE_DOMAIN' && (
          <label class="check"><input name="subtree" type="checkbox" /> With all hosts below it</label>
        )}
        <div><button class="button primary" type="submit">Decide</button></div>
      </form>
      {said && <p class={said.problem ? 'problem' : 'soft'} role={said.problem ? 'alert' : 'status'}>{said.text}</p>}
    </Panel>
  );
}

function End({ one, onDone }: { one: Override; onDone: () => void }) {
  const [asking, setAsking] = useState(false);
  const [problem, setProblem] = useState('');
  const submit = async (reason: string) => {
    try {
      await post('overrides/delete', { type: one.type, value: one.value, reason });
      onDone();
    } catch (failure) {
      setProblem((failure as Error).message);
    }
  };
  if (!asking) {
    return <button class="button" type="button" aria-label={`End the decision about ${one.value}`} onClick={() => setAsking(true)}>End</button>;
  }
  return (
    <form class="inline-form" onSubmit={(event) => {
      event.preventDefault();
      void submit(String(new FormData(event.currentTarget).get('reason')));
    }}>
      <input name="reason" class="field" required maxLength={500} aria-label="Why does it end?" placeholder="Why does it end?" autofocus />
      <button class="button primary" type="submit">End it</button>
      <button class="button" type="button" onClick={() => setAsking(false)}>Keep</button>
      {problem && <span class="problem" role="alert">{problem}</span>}
    </form>
  );
}

function Row({ one, operator, onDone }: { one: Override; operator: boolean; onDone: () => void }) {
  return (
    <tr>
      <td>
        <span class="value">{one.value}</span>
        <div class="faint small">{typeWord(one.type)}{one.scope && kScopes[one.scope] && `, ${kScopes[one.scope]}`}</div>
      </td>
      <td>
        {kEffects[one.effect ?? ''] ?? one.effect}
        {one.disregardBefore && <div class="faint small">void before {day(one.disregardBefore)}</div>}
      </td>
      <td class="phone-hide">{one.reason}{one.reference && <div class="faint small">{one.reference}</div>}</td>
      <td class="number nowrap">{one.expiresAt ? day(one.expiresAt) : 'never'}</td>
      <td class="phone-hide"><span class="small">{one.setBy}</span><div class="faint small"><Ago at={one.setAt} /></div></td>
      {operator && <td><End one={one} onDone={onDone} /></td>}
    </tr>
  );
}

export function OverridesView() {
  const [version, setVersion] = useState(0);
  const [pages, setPages] = useState(['']);
  useLocation();
  const page = pages[pages.length - 1]!;
  const resource = useResource<{ overrides?: Override[]; nextPageToken?: string }>(
    `overrides${page && `?page=${page}`}`, 2_000, version);
  const overrides = resource.data?.overrides ?? [];
  const next = resource.data?.nextPageToken;
  const operator = session.value?.operator ?? false;
  const done = () => setVersion((before) => before + 1);
  return (
    <>
      <div class="page-head"><h1>Overrides</h1></div>
      {operator && <PutForm key={location.hash} onDone={done} />}
      <Panel title="What operators decided" bare>
        {!resource.data ? <Waiting of={resource} /> : overrides.length === 0 ? <Empty title="Nothing is decided by hand" /> : (
          <div class="scroll" tabIndex={0} role="region" aria-label="Overrides">
            <table>
              <thead>
                <tr>
                  <th scope="col">Value</th><th scope="col">Effect</th><th scope="col" class="phone-hide">Reason</th>
                  <th scope="col" class="number">Ends</th><th scope="col" class="phone-hide">By</th>
                  {operator && <th scope="col"><span class="hidden-text">Take back</span></th>}
                </tr>
              </thead>
              <tbody>
                {overrides.map((one) => <Row key={`${one.type} ${one.value}`} one={one} operator={operator} onDone={done} />)}
              </tbody>
            </table>
          </div>
        )}
      </Panel>
      {(pages.length > 1 || next) && (
        <div class="chips">
          <button class="button" type="button" disabled={pages.length === 1} onClick={() => setPages(pages.slice(0, -1))}>Before</button>
          <button class="button" type="button" disabled={!next} onClick={() => setPages([...pages, next!])}>More</button>
        </div>
      )}
    </>
  );
}
