import { Link } from 'wouter-preact';
import type { Campaign } from '../api';
import { campaignTitle, count, countryWord, money, scamWord, shortCount } from '../words';
import { Ago } from './basics';

function Losses({ losses = [] }: { losses?: Campaign['losses'] }) {
  if (losses.length === 0) return <span class="faint">–</span>;
  const sorted = [...losses].sort((a, b) => Number(b.amount) - Number(a.amount));
  const [first] = sorted;
  return (
    <span class="nowrap" title={sorted.map((loss) => money(loss.amount, loss.currency)).join('\n')}>
      {money(first!.amount.split('.')[0]!, first!.currency)}
      {sorted.length > 1 && <span class="faint"> +{sorted.length - 1}</span>}
    </span>
  );
}

// One whose every incident is counted through an identifier of another campaign has none of its own, and so no
// organisations by name.
function Counted({ campaign, figure }: { campaign: Campaign; figure: string }) {
  if (campaign.incidents) return <>{figure}</>;
  return <abbr class="faint" title="Its incidents are counted in another campaign">–</abbr>;
}

export function CampaignTable({ campaigns, fresh }: { campaigns: Campaign[]; fresh?: Set<string> }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Campaigns">
      <table class="campaigns">
        <thead>
          <tr>
            <th scope="col">Campaign</th>
            <th scope="col" class="number"><abbr title="Organisations that see it">Org.</abbr></th>
            <th scope="col" class="number">Incidents</th>
            <th scope="col" class="number phone-hide">Indicators</th>
            <th scope="col" class="phone-hide spare">Countries</th>
            <th scope="col" class="number phone-hide">Loss</th>
            <th scope="col" class="number">Last seen</th>
          </tr>
        </thead>
        <tbody>
          {campaigns.map((campaign) => {
            const countries = [...(campaign.victimsByCountry ?? [])].sort((a, b) => b.incidents - a.incidents);
            return (
              <tr key={campaign.campaignId} class={`row ${fresh?.has(campaign.campaignId) ? 'fresh' : ''}`}>
                <td>
                  <Link class="table-link" href={`/campaigns/${campaign.campaignId}`}>{campaignTitle(campaign)}</Link>
                  <div class="about faint small">
                    <span>{campaign.scamTypes?.[0] ? scamWord(campaign.scamTypes[0]) : 'Kind unknown'}</span>
                    <code>{campaign.campaignId.slice(0, 8)}</code>
                  </div>
                </td>
                <td class="number"><Counted campaign={campaign} figure={count(campaign.organisations)} /></td>
                <td class="number"><Counted campaign={campaign} figure={shortCount(campaign.incidents)} /></td>
                <td class="number phone-hide">{shortCount(campaign.indicators)}</td>
                <td class="phone-hide spare nowrap" title={countries.map((c) => `${countryWord(c.country)}: ${c.incidents}`).join('\n')}>
                  {countries.slice(0, 3).map((c) => c.country).join(' ')}
                  {countries.length > 3 && <span class="faint"> +{countries.length - 3}</span>}
                </td>
                <td class="number phone-hide"><Losses losses={campaign.losses} /></td>
                <td class="number nowrap"><Ago at={campaign.lastSeen} /></td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
