// How much each pair of organisations has in common.
import type { Overlap, OrganisationTotals } from '../api';
import { count } from '../words';
import { Empty, Panel } from './basics';

interface Shared { campaigns: number; incidents: number }
const kNothing: Shared = { campaigns: 0, incidents: 0 };

function Pair({ row, column, shared, greatest }: {
  row: OrganisationTotals; column: OrganisationTotals; shared: Shared; greatest: number;
}) {
  const says = `${row.organisation} and ${column.organisation}: ${count(shared.campaigns)} campaigns, ${count(shared.incidents)} incidents`;
  if (shared.campaigns === 0) return <td class="none" title={says}>·</td>;
  const share = Math.sqrt(shared.campaigns / greatest);
  return (
    <td title={says} style={{ background: `rgb(var(--heat) / ${(0.1 + 0.34 * share).toFixed(2)})` }}>
      {count(shared.campaigns)}<small>{count(shared.incidents)} inc.</small>
    </td>
  );
}

export function OverlapMatrix({ overlap }: { overlap: Overlap }) {
  const organisations = overlap.organisations ?? [];
  const shared = new Map<string, Shared>();
  for (const { first = 0, second = 0, campaigns = 0, incidents = 0 } of overlap.pairs ?? []) {
    shared.set(`${first} ${second}`, { campaigns, incidents });
    shared.set(`${second} ${first}`, { campaigns, incidents });
  }
  const greatest = Math.max(1, ...[...shared.values()].map((pair) => pair.campaigns));
  return (
    <Panel title="Overlap of organisations" bare
      note={`campaigns that both see; below, their incidents that both reported${overlap.isPartial ? '; the largest only' : ''}`}>
      {organisations.length === 0 ? (
        <Empty title="No campaign yet">
          <p>Once two organisations report what the same fraudsters use, each pair’s common ground stands here.</p>
        </Empty>
      ) : (
        <div class="body scroll" tabIndex={0} role="region" aria-label="Overlap matrix">
          <table class="matrix">
            <caption class="hidden-text">
              Campaigns that both organisations see, and incidents of these that both reported
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
                  {organisations.map((column, j) => (i === j ? (
                    <td key={column.organisation} class="own" title={`${row.organisation}: ${count(row.campaigns)} campaigns, ${count(row.alone)} that nobody else sees`}>
                      {count(row.campaigns)}<small>{count(row.alone)} alone</small>
                    </td>
                  ) : (
                    <Pair key={column.organisation} row={row} column={column} greatest={greatest}
                      shared={shared.get(`${i} ${j}`) ?? kNothing} />
                  )))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}
