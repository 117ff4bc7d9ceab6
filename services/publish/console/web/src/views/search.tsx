import { useEffect, useRef, useState } from 'preact/hooks';
import type { SearchAnswer } from '../api';
import { counters, post } from '../api';
import { Panel } from '../parts/basics';
import { IndicatorDetail } from '../parts/indicator_detail';
import { searchAddress } from '../parts/shell';
import { count, problemWord, typeWord } from '../words';

const kRegions = ['', 'US', 'GB', 'IN', 'CA', 'AU', 'DE', 'FR', 'JP', 'SG'];

function asked(): { text: string; region: string } {
  const parameters = new URLSearchParams(location.hash.slice(1));
  return { text: parameters.get('v') ?? '', region: parameters.get('region') ?? '' };
}

type Result = NonNullable<SearchAnswer['results']>[number];

function ResultPanel({ result }: { result: Result }) {
  const readings = result.readings ?? [];
  const found = readings.filter((reading) => reading.result?.indicator);
  const problem = readings.find((reading) => reading.result?.problemCode);
  return (
    <Panel title={result.asked} note={found.length === 0 ? (problem ? 'cannot be read' : 'not listed') : undefined}>
      {found.map((reading) => <IndicatorDetail key={reading.type} indicator={reading.result!.indicator!} wide />)}
      {found.length === 0 && (
        problem
          ? <p>Not read as {typeWord(problem.type).toLowerCase()}: {problemWord(problem.result?.problemCode)}.</p>
          : <p class="soft">Nobody has reported it, or it has expired. Read as{' '}
            {readings.map((reading, i) => (
              <span key={reading.type}>{i > 0 && ' or as '}{typeWord(reading.type).toLowerCase()}{' '}
                <code>{reading.result?.canonicalValue}</code></span>
            ))}.</p>
      )}
    </Panel>
  );
}

export function SearchView() {
  const [question, setQuestion] = useState(asked);
  const [answer, setAnswer] = useState<SearchAnswer | null>(null);
  const [error, setError] = useState('');
  const text = useRef<HTMLTextAreaElement>(null);
  const changes = counters.value?.changes;
  useEffect(() => {
    const onHash = () => setQuestion(asked());
    addEventListener('hashchange', onHash);
    return () => removeEventListener('hashchange', onHash);
  }, []);
  useEffect(() => {
    if (text.current && text.current.value.trim() !== question.text) text.current.value = question.text;
    if (question.text === '') { setAnswer(null); return undefined; }
    const abort = new AbortController();
    post<SearchAnswer>('lookup', question, abort.signal)
      .then((got) => { setAnswer(got); setError(''); },
        (failure: Error) => { if (!abort.signal.aborted) { setError(failure.message); setAnswer(null); } });
    return () => abort.abort();
  }, [question, changes]);
  const results = answer?.results ?? [];
  const listed = results.filter((r) => r.readings?.some((reading) => reading.result?.indicator)).length;
  const submit = (form: HTMLFormElement) => {
    const data = new FormData(form);
    const words = String(data.get('text')).trim();
    const region = String(data.get('region'));
    history.replaceState(null, '', `/console${searchAddress(words, region)}`);
    setQuestion({ text: words, region });
  };
  return (
    <>
      <div class="page-head"><h1>Search</h1></div>
      <Panel title="Values as people write them" note="one a line, at most 100">
        <form class="search-form" onSubmit={(event) => { event.preventDefault(); submit(event.currentTarget); }}>
          <textarea ref={text} name="text" class="field" rows={Math.min(10, Math.max(3, question.text.split('\n').length))} aria-label="Values, one a line" spellcheck={false}
            autofocus placeholder={'(212) 555-0142\nhxxps://help[.]refund-desk[.]example/start\nbc1q…'}
            defaultValue={question.text} onKeyDown={(event) => {
              if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) event.currentTarget.form?.requestSubmit();
            }} />
          <div class="filters">
            <button class="button primary" type="submit">Search</button>
            <label class="soft small" for="region">Country of bare phone numbers</label>
            <select id="region" name="region" class="field" defaultValue={question.region}>
              {kRegions.map((region) => <option key={region} value={region}>{region || 'none'}</option>)}
            </select>
            <span class="faint small phone-hide">Ctrl+Enter searches. What is asked is not logged.</span>
          </div>
        </form>
      </Panel>
      <div role="status" class="soft">
        {results.length > 0 && `${count(listed)} of ${count(results.length)} listed`}
      </div>
      {error && <p class="problem" role="alert">{error}</p>}
      {results.map((result, i) => <ResultPanel key={i} result={result} />)}
    </>
  );
}
