import { useRef } from 'preact/hooks';
import { Link } from 'wouter-preact';
import type { Change, Overview, TypeCount } from '../api';
import { counters, useResource } from '../api';
import { ActionBadge, Ago, Bars, Empty, Panel, Tile, Waiting } from '../parts/basics';
import { CampaignTable } from '../parts/campaign_table';
import { OverlapMatrix } from '../parts/matrix';
import { searchAddress } from '../parts/shell';
import { count, reasonWord, typeWord } from '../words';

function NewsLine({ change }: { change: Change }) {
  const of = change.indicator ?? change.removal!;
  const indicator = change.indicator;
  const why = indicator?.explanation;
  return (
    <li>
      <div class="line">
        {indicator ? <ActionBadge action={indicator.action} /> : <span class="badge gone">Removed</span>}
        <Link class="value" href={searchAddress(of.value)}>{of.value}</Link>
      </div>
      <span class="when"><Ago at={change.changedAt} /></span>
      <div class="about">
        {typeWord(of.type)}
        {indicator
          ? <> · {count(why?.incidents)} incidents, {count(why?.organisations)} organisations
            {indicator.campaignId && <> · <Link href={`/campaigns/${indicator.campaignId}`}>campaign</Link></>}</>
          : <> · {reasonWord(change.removal?.reason)}</>}
      </div>
    </li>
  );
}

export function TypeBars({ types }: { types: TypeCount[] }) {
  const total = (t: TypeCount) => (t.blocked ?? 0) + (t.challenged ?? 0) + (t.monitored ?? 0);
  const sorted = [...types].sort((a, b) => total(b) - total(a));
  return (
    <>
      <Bars label="Indicators by type" bars={sorted.map((type) => ({
        key: type.type, label: typeWord(type.type),
        parts: [
          { size: type.blocked ?? 0, color: 'var(--block)' },
          { size: type.challenged ?? 0, color: 'var(--challenge)' },
          { size: type.monitored ?? 0, color: 'var(--line-strong)' },
        ],
      }))} />
      <p class="legend type-legend">
        <span><i class="swatch block" />Block</span><span><i class="swatch challenge" />Challenge</span>
        <span><i class="swatch monitor" />Monitor</span>
      </p>
    </>
  );
}

export function OverviewView() {
  const overview = useResource<Overview>('overview');
  const known = useRef<Set<string> | null>(null);
  if (!overview.data) return <><h1>Overview</h1><Waiting of={overview} /></>;
  const { news = [], campaigns = [], overlap } = overview.data;
  const now = counters.value ?? overview.data.counters;
  const fresh = new Set(campaigns.map((c) => c.campaignId).filter((id) => known.current && !known.current.has(id)));
  known.current = new Set([...(known.current ?? []), ...campaigns.map((c) => c.campaignId)]);
  return (
    <>
      <div class="page-head"><h1>Overview</h1></div>
      <div class="tiles">
        <Tile label="Campaigns" figure={count(now.campaigns)} note="two or more bases in common" />
        <Tile label={<><i class="swatch block" />Block</>} figure={count(now.blocked)} note="indicators to block on" />
        <Tile label={<><i class="swatch challenge" />Challenge</>} figure={count(now.challenged)} note="to warn about or ask on" />
        <Tile label={<><i class="swatch monitor" />Monitor</>} figure={count(now.monitored)} note="watched, told to nobody" />
        {overlap && <Tile label="Organisations" figure={count(overlap.organisations?.length)} note="that report into campaigns" />}
      </div>
      <div class="columns wide-left">
        <Panel title="Campaigns that most organisations see" aside={<Link href="/campaigns">All campaigns</Link>} bare>
          {campaigns.length > 0 ? <CampaignTable campaigns={campaigns} fresh={fresh} /> : (
            <Empty title="No campaign yet">
              <p>A campaign begins when reports name two identifiers together. Send some:
                {' '}<code>ringfence ingest --partner NAME FILE</code></p>
            </Empty>
          )}
        </Panel>
        <Panel title="What is new" note="to challenge or block, and what went" bare class="news">
          {news.length > 0
            ? <ol class="feed scroll" aria-label="Latest changes">{news.map((change, i) => <NewsLine key={i} change={change} />)}</ol>
            : <Empty title="Nothing yet"><p>What two organisations agree on appears here within seconds.</p></Empty>}
        </Panel>
      </div>
      <div class="columns wide-left">
        {overlap && <OverlapMatrix overlap={overlap} />}
        <Panel title="Indicators by type">
          {(now.types ?? []).length > 0 ? <TypeBars types={now.types!} /> : <Empty title="The set is empty" />}
        </Panel>
      </div>
    </>
  );
}
