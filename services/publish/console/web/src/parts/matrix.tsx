// How much each pair of organisations has in common.
import { useState } from 'preact/hooks';
import type { Overlap } from '../api';
import { count } from '../words';
import { Empty, Panel } from './basics';

type Shown = 'campaigns' | 'incidents';

export function OverlapMatrix({ overlap }: { overlap: Overlap }) {
  const organisations = overlap.organisations ?? [];
  const pairs = overlap.pairs ?? [];
  const [shown, setShown] = useState<Shown>('campaigns');
  const shared = new Map<string, { campaigns: number; incidents: number }>();
  for (const { first = 0, second = 0, campaigns = 0, incidents = 0 } of pairs) {
    shared.set(`${first} ${second}`, { campaigns, incidents });
    shared.set(`${second} ${first}`, { campaigns, incidents });
  }
  const countsIncidents = pairs.some((pair) => pair.incidents);
  const greatest = Math.max(1, ...pairs.map((pair) => pair[shown] ?? 0));
  const aside = (
    <div class="segmented" role="group" aria-label="What is counted">
      {(['campaigns', 'incidents'] as const).map((what) => (
        <button key={what} type="button" aria-pressed={shown === what} onClick={() => setShown(what)}>
          {what === 'campaigns' ? 'Campaigns' : 'Incidents'}
        </button>
      ))}
    </div>
  );
  return (
    <Panel title="Overlap of organisations" aside={countsIncidents && aside}
      note={overlap.isPartial ? 'the largest only' : undefined} bare>
      {organisations.length === 0 ? (
        <Empty title="No campaign yet">
          <p>Once two organisations report what the same fraudsters use, each pair’s common ground stands here.</p>
        </Empty>
      ) : (
        <div class="body scroll" tabIndex={0} role="region" aria-label="Overlap matrix">
          <table class="matrix">
            <caption class="hidden-text">
              {shown === 'campaigns' ? 'Campaigns that both organisations see' : 'Incidents that both organisations reported'}
            </caption>
            <thead>
              <tr>
                <td class="corner" aria-hidden="true" />
                {organisations.map((o) => <th key={o.organisation} scope="col">{o.organisation}</th>)}
              </tr>
            </thead>
            <tbody>
              {organisations.map((row, i) => (
                <tr key={row.organisation}>
                  <th scope="row">{row.organisation}</th>
                  {organisations.map((column, j) => {
                    if (i === j) {
                      return (
                        <td key={column.organisation} class="own" title={`${row.organisation}: ${count(row.campaigns)} campaigns, ${count(row.alone)} that nobody else sees`}>
                          {count(row.campaigns)}<small>{count(row.alone)} alone</small>
                        </td>
                      );
                    }
                    const value = shared.get(`${i} ${j}`)?.[shown] ?? 0;
                    const share = Math.sqrt(value / greatest);
                    return (
                      <td key={column.organisation} class={value === 0 ? 'none' : ''}
                        style={value > 0 ? { background: `rgb(var(--heat) / ${(0.1 + 0.34 * share).toFixed(2)})` } : undefined}
                        title={`${row.organisation} and ${column.organisation}: ${count(value)} ${shown}`}>
                        {value === 0 ? '·' : count(value)}
                      </td>
                    );
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}
