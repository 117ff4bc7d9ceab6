// Reports beyond their partner's quota: who waits, since when; operators release or drop them.
import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { HeldReports, Resource } from '../api';
import { post, session } from '../api';
import { count } from '../words';
import { Ago, Panel, Waiting } from './basics';

export interface Held { partners?: HeldReports[] }
// Without a partner the operator names it.
interface Asked { partner?: string; drop: boolean }

const kTitle = 'Held, beyond the quota';

export function waiting(one: HeldReports): number { return Number(one.waiting ?? 0); }
function dropped(one: HeldReports): number { return Number(one.dropped ?? 0); }
function reports(n: number): string { return n === 1 ? '1 report' : `${count(n)} reports`; }

// Of a field for a time in UTC, without a zone.
function timeOf(form: FormData, name: string): string | undefined {
  const text = String(form.get(name) ?? '');
  return text === '' ? undefined : `${text.length === 16 ? `${text}:00` : text}Z`;
}

async function decide(asked: Asked, form: FormData, isCounted: boolean): Promise<string> {
  const partner = asked.partner ?? String(form.get('partner')).trim();
  const answer = await post<{ reports?: string }>('held', {
    partner, drop: asked.drop, reason: String(form.get('reason')).trim(),
    receivedFrom: timeOf(form, 'from'), receivedUntil: timeOf(form, 'until'),
  });
  const done = asked.drop ? 'dropped' : 'released';
  if (!isCounted) return `What is held of ${partner} is ${done}.`;
  const decided = Number(answer.reports ?? 0);
  return decided === 0 ? `Nothing of ${partner} that arrived then is held.` : `${reports(decided)} of ${partner} ${done}.`;
}

function Decide(props: { asked: Asked; isCounted: boolean; onDone: (said: string) => void; onClose: () => void }) {
  const { asked } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const [state, setState] = useState<{ busy?: boolean; problem?: string }>({});
  useEffect(() => { dialog.current?.showModal(); }, []);
  const submit = async (form: HTMLFormElement) => {
    setState({ busy: true });
    try {
      const said = await decide(asked, new FormData(form), props.isCounted);
      dialog.current?.close();
      props.onDone(said);
    } catch (failure) {
      setState({ problem: (failure as Error).message });
    }
  };
  const whose = asked.partner ? `reports of ${asked.partner}` : 'a partner\u2019s reports';
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="held-title" onClose={props.onClose}>
      <h2 id="held-title">{asked.drop ? 'Drop' : 'Release'} {whose}</h2>
      <p class="soft">{asked.drop
        ? 'They stay without effect, and wait no longer. They can still be released.'
        : 'They count like any other.'}</p>
      <form class="override-form" onSubmit={(event) => { event.preventDefault(); void submit(event.currentTarget); }}>
        {!asked.partner && (
          <label>Partner
            <input name="partner" class="field" required maxLength={40} spellcheck={false} autocomplete="off" autofocus />
          </label>
        )}
        <label class="whole">Reason<input name="reason" class="field" required maxLength={500} autofocus={!!asked.partner} /></label>
        <label>Arrived from, UTC; empty: all<input name="from" class="field" type="datetime-local" /></label>
        <label>Arrived before, UTC; empty: all<input name="until" class="field" type="datetime-local" /></label>
        {state.problem && <p class="problem whole" role="alert">{state.problem}</p>}
        <div class="whole closing chips">
          <button class="button" type="button" onClick={() => dialog.current?.close()}>Cancel</button>
          <button class="button primary" type="submit" disabled={state.busy}>{asked.drop ? 'Drop them' : 'Release them'}</button>
        </div>
      </form>
    </dialog>
  );
}

function Buttons({ one, onAsk }: { one?: HeldReports; onAsk: (asked: Asked) => void }) {
  const partner = one?.partner;
  const label = (verb: string) => `${verb} ${partner ? `reports of ${partner}` : 'a partner\u2019s reports'}`;
  return (
    <div class="chips decisions">
      <button class="button" type="button" aria-label={label('Release')} onClick={() => onAsk({ partner, drop: false })}>Release</button>
      {(!one || waiting(one) > 0) && (
        <button class="button" type="button" aria-label={label('Drop')} onClick={() => onAsk({ partner, drop: true })}>Drop</button>
      )}
    </div>
  );
}

function Row({ one, onAsk }: { one: HeldReports; onAsk?: (asked: Asked) => void }) {
  return (
    <tr>
      <td>
        <strong>{one.partner}</strong>
        {one.firstReceived && <div class="phone-only small faint">since <Ago at={one.firstReceived} /></div>}
        {dropped(one) > 0 && <div class="phone-only small faint">{count(dropped(one))} dropped</div>}
      </td>
      <td class="number">{count(waiting(one))}</td>
      <td class="number nowrap phone-hide"><Ago at={one.firstReceived} /></td>
      <td class="number nowrap phone-hide"><Ago at={one.lastReceived} /></td>
      <td class="number phone-hide">{count(dropped(one))}</td>
      {onAsk && <td><Buttons one={one} onAsk={onAsk} /></td>}
    </tr>
  );
}

function Table({ partners, onAsk }: { partners: HeldReports[]; onAsk?: (asked: Asked) => void }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Held reports">
      <table class="held">
        <thead>
          <tr>
            <th scope="col">Partner</th><th scope="col" class="number">Waiting</th>
            <th scope="col" class="number phone-hide">First arrived</th><th scope="col" class="number phone-hide">Last arrived</th>
            <th scope="col" class="number phone-hide">Dropped</th>
            {onAsk && <th scope="col"><span class="hidden-text">Decide</span></th>}
          </tr>
        </thead>
        <tbody>{partners.map((one) => <Row key={one.partner} one={one} onAsk={onAsk} />)}</tbody>
      </table>
    </div>
  );
}

// A process without dedupe knows who is decided about, not who waits.
function Unlisted({ onAsk }: { onAsk?: (asked: Asked) => void }) {
  return (
    <Panel title={kTitle} aside={onAsk && <Buttons onAsk={onAsk} />}>
      <p class="soft">What is held cannot be listed here: this process does not run dedupe. The metric
        {' '}<code>ringfence_reports_total</code> with <code>outcome="held"</code> tells whose reports wait.</p>
    </Panel>
  );
}

function Listed({ held, onAsk }: { held: Resource<Held>; onAsk?: (asked: Asked) => void }) {
  const partners = held.data?.partners ?? [];
  if (held.error && !held.data) return <Panel title={kTitle} bare><Waiting of={held} /></Panel>;
  if (partners.length === 0) return null;
  return <Panel title={kTitle} note="without effect until they are released" bare><Table partners={partners} onAsk={onAsk} /></Panel>;
}

function Said({ text, at }: { text: string; at: RefObject<HTMLParagraphElement> }) {
  return <p ref={at} class="soft said" role="status" tabIndex={-1}>{text}</p>;
}

export function HeldPanel({ held }: { held: Resource<Held> }) {
  const [asked, setAsked] = useState<Asked | null>(null);
  const [said, setSaid] = useState('');
  const line = useRef<HTMLParagraphElement>(null);
  const features = session.value?.features ?? [];
  const lists = features.includes('held');
  if (!lists && !features.includes('overrides')) return null;
  const onAsk = session.value?.operator ? setAsked : undefined;
  return (
    <>
      {lists ? <Listed held={held} onAsk={onAsk} /> : <Unlisted onAsk={onAsk} />}
      <Said text={said} at={line} />
      {asked && (
        <Decide asked={asked} isCounted={lists} onClose={() => setAsked(null)}
          onDone={(text) => { setSaid(text); line.current?.focus(); }} />
      )}
    </>
  );
}
