import { useRef, useState } from 'preact/hooks';
import type { Override } from '../api';
import { post, session, useResource } from '../api';
import { Ago, Empty, Panel, Waiting } from '../parts/basics';
import { day, kEffects, kTypeNames, typeWord } from '../words';

function PutForm({ onDone }: { onDone: () => void }) {
  const [said, setSaid] = useState<{ problem: boolean; text: string } | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const parameters = new URLSearchParams(location.hash.slice(1));
  const submit = async () => {
    const data = new FormData(form.current!);
    const days = Number(data.get('days'));
    try {
      await post('overrides', { override: {
        type: data.get('type'), value: data.get('value'), effect: data.get('effect'), reason: data.get('reason'),
        reference: data.get('reference'),
        ...(days > 0 && { expiresAt: new Date(Date.now() + days * 86_400_000).toISOString() }),
      } });
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
          <select name="type" class="field" defaultValue={parameters.get('type') ?? 'IDENTIFIER_TYPE_PHONE'}>
            {kTypeNames.map((type) => <option key={type} value={type}>{typeWord(type)}</option>)}
          </select>
        </label>
        <label>Value<input name="value" class="field" required defaultValue={parameters.get('v') ?? ''} spellcheck={false} autocomplete="off" /></label>
        <label>Effect
          <select name="effect" class="field">
            {Object.entries(kEffects).map(([effect, words]) => <option key={effect} value={effect}>{words}</option>)}
          </select>
        </label>
        <label>Reason<input name="reason" class="field" required maxLength={500} /></label>
        <label>Case or ticket<input name="reference" class="field" maxLength={100} /></label>
        <label>Ends after days, 0: never<input name="days" class="field" type="number" min={0} max={3650} defaultValue="30" /></label>
        <div><button class="button primary" type="submit">Decide</button></div>
      </form>
      {said && <p class={said.problem ? 'problem' : 'soft'} role={said.problem ? 'alert' : 'status'}>{said.text}</p>}
    </Panel>
  );
}

export function OverridesView() {
  const [round, setRound] = useState(0);
  const resource = useResource<{ overrides?: Override[]; nextPageToken?: string }>(`overrides?round=${round}`, 2_000);
  const overrides = resource.data?.overrides ?? [];
  const operator = session.value?.operator ?? false;
  const [problem, setProblem] = useState('');
  const remove = async (one: Override) => {
    const reason = prompt(`Why does the decision about ${one.value} end?`);
    if (!reason) return;
    try {
      await post('overrides/delete', { type: one.type, value: one.value, reason });
      setProblem('');
      setRound(round + 1);
    } catch (failure) {
      setProblem((failure as Error).message);
    }
  };
  return (
    <>
      <div class="page-head"><h1>Overrides</h1></div>
      {operator && <PutForm onDone={() => setRound(round + 1)} />}
      {problem && <p class="problem" role="alert">{problem}</p>}
      <Panel title="What operators decided" bare>
        {!resource.data ? <Waiting of={resource} /> : overrides.length === 0 ? <Empty title="Nothing is decided by hand" /> : (
          <div class="scroll">
            <table>
              <thead>
                <tr>
                  <th scope="col">Value</th><th scope="col">Effect</th><th scope="col" class="phone-hide">Reason</th>
                  <th scope="col" class="number">Ends</th><th scope="col" class="phone-hide">By</th>
                  {operator && <th scope="col"><span class="hidden-text">Take back</span></th>}
                </tr>
              </thead>
              <tbody>
                {overrides.map((one) => (
                  <tr key={`${one.type} ${one.value}`}>
                    <td><span class="value">{one.value}</span><div class="faint small">{typeWord(one.type)}</div></td>
                    <td>{kEffects[one.effect ?? ''] ?? one.effect}</td>
                    <td class="phone-hide">{one.reason}{one.reference && <div class="faint small">{one.reference}</div>}</td>
                    <td class="number nowrap">{one.expiresAt ? day(one.expiresAt) : 'never'}</td>
                    <td class="phone-hide">{one.setBy}<div class="faint small"><Ago at={one.setAt} /></div></td>
                    {operator && <td><button class="button" type="button" onClick={() => void remove(one)}>End</button></td>}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Panel>
    </>
  );
}
