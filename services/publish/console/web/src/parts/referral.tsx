// A pack for a referral to law enforcement, for operators.
import { useRef, useState } from 'preact/hooks';
import { postForFile } from '../api';

interface Made { position: string; url: string; name: string; sha256: string }

async function sha256(bytes: ArrayBuffer): Promise<string> {
  // Browsers give it to pages of this machine, or over TLS, only.
  if (!window.crypto?.subtle) return '';
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

async function make(campaign: string, form: FormData): Promise<Made> {
  const text = (name: string) => String(form.get(name) ?? '').trim();
  const file = await postForFile('referrals', {
    campaignId: campaign, addressee: text('addressee'), reference: text('reference'), legalBasis: text('legalBasis'),
  });
  const bytes = await file.blob.arrayBuffer();
  return { position: file.position, url: URL.createObjectURL(file.blob), name: `referral-${campaign}.zip`, sha256: await sha256(bytes) };
}

function Done({ made }: { made: Made }) {
  return (
    <div class="made" role="status">
      <p><a class="button primary" href={made.url} download={made.name}>Save the pack</a></p>
      <dl class="facts">
        <dt>Position</dt><dd><code class="breaks">{made.position}</code></dd>
        {made.sha256 && <><dt>SHA-256</dt><dd><code class="breaks">{made.sha256}</code></dd></>}
      </dl>
      <p class="soft small">The position makes the same pack again. A legal hold keeps the evidence behind it until it is
        lifted: <code>ringfence hold lift</code>.</p>
    </div>
  );
}

export function Referral({ campaign }: { campaign: string }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [state, setState] = useState<{ busy?: boolean; problem?: string; made?: Made }>({});
  const submit = async (form: HTMLFormElement) => {
    setState({ busy: true });
    try {
      setState({ made: await make(campaign, new FormData(form)) });
    } catch (failure) {
      setState({ problem: (failure as Error).message });
    }
  };
  const open = () => { setState({}); dialog.current?.showModal(); };
  return (
    <>
      <button class="button" type="button" onClick={open}>Referral</button>
      <dialog ref={dialog} class="dialog" aria-labelledby="referral-title">
        <h2 id="referral-title">Referral to law enforcement</h2>
        <p class="soft">Freezes what is known of this campaign as a pack: figures, indicators, source reports under aliases,
          hashes. Nothing of victims is in it.</p>
        {state.made ? <Done made={state.made} /> : (
          <form class="override-form" onSubmit={(event) => { event.preventDefault(); void submit(event.currentTarget); }}>
            <label>Addressee<input name="addressee" class="field" maxLength={200} autofocus /></label>
            <label>Reference<input name="reference" class="field" maxLength={200} /></label>
            <label>Legal basis<input name="legalBasis" class="field" maxLength={200} /></label>
            <div><button class="button primary" type="submit" disabled={state.busy}>{state.busy ? 'Making…' : 'Make the pack'}</button></div>
          </form>
        )}
        {state.problem && <p class="problem" role="alert">{state.problem}</p>}
        <form method="dialog" class="closing"><button class="button">Close</button></form>
      </dialog>
    </>
  );
}
