import { useState } from 'preact/hooks';
import { useSearchParams } from 'wouter-preact';
import type { Campaign } from '../api';
import { get, useResource } from '../api';
import { Empty, Panel, Waiting } from '../parts/basics';
import { CampaignTable } from '../parts/campaign_table';

interface Page { campaigns?: Campaign[]; nextPageToken?: string }
const kOrders = [
  { order: 'organisations', words: 'Most organisations' },
  { order: 'incidents', words: 'Most incidents' },
  { order: 'last_seen', words: 'Seen last' },
];

export function CampaignsView() {
  const [parameters, setParameters] = useSearchParams();
  const order = parameters.get('order') ?? 'organisations';
  const first = useResource<Page>(`campaigns?order=${encodeURIComponent(order)}`, 3_000);
  const [more, setMore] = useState<{ order: string; campaigns: Campaign[]; next?: string } | null>(null);
  const further = more?.order === order ? more : null;
  const next = further ? further.next : first.data?.nextPageToken;
  const load = async () => {
    const page = await get<Page>(`campaigns?order=${order}&page=${encodeURIComponent(next!)}`);
    setMore({ order, campaigns: [...(further?.campaigns ?? []), ...(page.campaigns ?? [])], next: page.nextPageToken });
  };
  const seen = new Set<string>();
  // A campaign that moved up meanwhile is on two pages.
  const all = [...(first.data?.campaigns ?? []), ...(further?.campaigns ?? [])]
    .filter((campaign) => !seen.has(campaign.campaignId) && seen.add(campaign.campaignId));
  return (
    <>
      <div class="page-head"><h1>Campaigns</h1></div>
      <Panel title="Those with" bare aside={
        <div class="segmented" role="group" aria-label="Order">
          {kOrders.map((one) => (
            <button key={one.order} type="button" aria-pressed={order === one.order}
              onClick={() => setParameters({ order: one.order })}>{one.words}</button>
          ))}
        </div>
      }>
        {!first.data ? <Waiting of={first} /> : all.length === 0
          ? <Empty title="No campaign yet" />
          : <CampaignTable campaigns={all} />}
        {next && <div class="body"><button class="button" type="button" onClick={() => void load()}>More</button></div>}
      </Panel>
    </>
  );
}
