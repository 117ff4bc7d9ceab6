// One indicator, and why it is what it is.
import { Link } from 'wouter-preact';
import type { Indicator } from '../api';
import { session } from '../api';
import { count, countryWord, day, roleWord, ruleWord, scamWord, typeWord } from '../words';
import { ActionBadge, Ago, overrideAddress, Tlp } from './basics';

// `wide`: beside each other where there is room.
export function IndicatorDetail({ indicator, wide = false }: { indicator: Indicator; wide?: boolean }) {
  const why = indicator.explanation ?? {};
  const score = indicator.score ?? 0;
  return (
    <div class={`detail ${wide ? 'wide' : ''}`}>
      <div class="detail-main">
        <div class="head">
          <div class="chips">
            <ActionBadge action={indicator.action} />
            <span class="badge plain">{typeWord(indicator.type)}</span>
            <Tlp tlp={indicator.tlp} />
            {indicator.sharedInfrastructure && <span class="badge plain">Shared infrastructure</span>}
          </div>
          <div class="value">{indicator.value}{indicator.scope === 'SCOPE_SUBTREE' && <span class="soft"> and all below it</span>}</div>
        </div>
        <div class="score">
          <span class="soft">Score</span>
          <svg viewBox="0 0 1000 8" preserveAspectRatio="none" aria-hidden="true">
            <rect width={score} height="8" fill="var(--accent)" />
          </svg>
          <strong>{score}</strong><span class="faint">of 1,000</span>
        </div>
        {session.value?.operator && session.value.features?.includes('overrides') && (
          <div><Link class="button" href={overrideAddress(indicator.type, indicator.value)}>Decide about it…</Link></div>
        )}
        <div>
          <h3>Why</h3>
          <ul class="reasons">
            <li>
              {count(why.incidents)} {why.incidents === 1 ? 'incident' : 'incidents'} in {count(why.reports)}{' '}
              {why.reports === 1 ? 'report' : 'reports'} of {count(why.organisations)}{' '}
              {why.organisations === 1 ? 'organisation' : 'organisations'} count.
            </li>
            {(why.rules ?? []).map((rule) => <li key={rule} title={rule}>{ruleWord(rule)}</li>)}
          </ul>
        </div>
      </div>
      <div>
        {(why.byRole ?? []).length > 0 && (
          <table class="nested">
            <thead>
              <tr>
                <th scope="col">Seen as</th><th scope="col" class="number">Incidents</th>
                <th scope="col" class="number">Org.</th><th scope="col" class="number">Last</th>
              </tr>
            </thead>
            <tbody>
              {why.byRole!.map((row) => (
                <tr key={row.role}>
                  <td>{roleWord(row.role)}</td><td class="number">{count(row.incidents)}</td>
                  <td class="number">{count(row.organisations)}</td>
                  <td class="number nowrap"><Ago at={row.lastSeen} /></td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
      <dl class="facts">
        <dt>First seen</dt><dd>{day(indicator.firstSeen)}</dd>
        <dt>Last seen</dt><dd>{day(indicator.lastSeen)}</dd>
        <dt>Ends unless seen</dt><dd>{day(indicator.expiresAt)}</dd>
        {(why.countries ?? []).length > 0 && <><dt>Victims in</dt><dd>{why.countries!.map(countryWord).join(', ')}</dd></>}
        {(indicator.scamTypes ?? []).length > 0 && <><dt>Kind</dt><dd>{indicator.scamTypes!.map(scamWord).join(', ')}</dd></>}
        {wide && indicator.campaignId && (
          <><dt>Campaign</dt><dd><Link href={`/campaigns/${indicator.campaignId}`}>{indicator.campaignId}</Link></dd></>
        )}
      </dl>
    </div>
  );
}
