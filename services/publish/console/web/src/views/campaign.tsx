import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import { Link, useLocation } from 'wouter-preact';
import type { CampaignGraph, CampaignPage, Indicator, SearchAnswer } from '../api';
import { ApiError, post, session, useResource } from '../api';
import { Ago, Bars, Empty, Panel, Tile, Tlp, Waiting } from '../parts/basics';
import { CampaignTable } from '../parts/campaign_table';
import { CampaignGraphView } from '../parts/graph';
import { IndicatorDetail } from '../parts/indicator_detail';
import { MemberTable } from '../parts/member_table';
import type { Member } from '../parts/members';
import { membersOf, tiesOf } from '../parts/members';
import { Referral } from '../parts/referral';
import { TieTables } from '../parts/tie_tables';
import { Timeline } from '../parts/timeline';
import { campaignTitle, count, countryWord, day, money, scamWord } from '../words';
import { TypeBars } from './overview';

// The selected member in full: from the page, which has the best, else asked for.
function useIndicator(member: Member | undefined, known: Indicator[]): Indicator | null {
  const [asked, setAsked] = useState<Indicator | null>(null);
  const held = member && known.find((one) => one.type === member.type && one.value === member.value);
  useEffect(() => {
    setAsked(null);
    if (!member || held) return undefined;
    const abort = new AbortController();
    post<SearchAnswer>('lookup', { text: member.value, type: member.type }, abort.signal)
      .then((answer) => setAsked(answer.results?.[0]?.readings?.[0]?.result?.indicator ?? null), () => undefined);
    return () => abort.abort();
  }, [member?.type, member?.value, held !== undefined]);
  return held ?? asked;
}

function selectedValue(): string | null { return new URLSearchParams(location.hash.slice(1)).get('i'); }

function Losses({ losses = [] }: { losses?: { currency: string; amount: string }[] }) {
  if (losses.length === 0) return <Empty title="No settled loss is known" />;
  const sorted = [...losses].sort((a, b) => Number(b.amount) - Number(a.amount));
  return (
    <table class="nested">
      <thead><tr><th scope="col">Currency</th><th scope="col" class="number">Settled loss</th></tr></thead>
      <tbody>
        {sorted.map((loss) => (
          <tr key={loss.currency}><td>{loss.currency}</td><td class="number">{money(loss.amount, loss.currency)}</td></tr>
        ))}
      </tbody>
    </table>
  );
}

function Page({ page, graph, id }: { page: CampaignPage; graph?: CampaignGraph; id: string }) {
  const campaign = page.campaign;
  const members = useMemo(() => (graph ? membersOf(graph) : []), [graph]);
  const ties = useMemo(() => (graph ? tiesOf(graph) : []), [graph]);
  const [value, setValue] = useState(selectedValue);
  const member = members.find((one) => one.value === value) ?? members[0];
  const indicator = useIndicator(member, page.indicators ?? []);
  const select = useCallback((index: number) => {
    const picked = members[index]!.value;
    setValue(picked);
    history.replaceState(null, '', `#${new URLSearchParams({ i: picked })}`);
  }, [members]);
  const related = graph?.related ?? [];
  const mayRefer = session.value?.operator && session.value.features?.includes('referrals');
  const countries = [...(campaign.victimsByCountry ?? [])].sort((a, b) => b.incidents - a.incidents);
  const organisations = [...(page.organisations ?? [])].sort((a, b) => (b.reports ?? 0) - (a.reports ?? 0));
  return (
    <>
      <div class="page-head">
        <div>
          <h1>{campaignTitle(campaign)}</h1>
          <div class="soft chips">
            <span>{(campaign.scamTypes ?? []).map(scamWord).join(', ') || 'Kind unknown'}</span>
            <Tlp tlp={campaign.tlp} /><code class="small">{campaign.campaignId}</code>
          </div>
        </div>
        <div class="actions">
          <a class="button" href={`/api/v1/campaigns/${id}/indicators.csv`} download>CSV</a>
          <a class="button" href={`/api/v1/campaigns/${id}/stix.json`} download>STIX 2.1</a>
          {mayRefer && <Referral campaign={campaign.campaignId} />}
        </div>
      </div>
      <div class="tiles">
        {campaign.incidents ? (
          <>
            <Tile label="Organisations" figure={count(campaign.organisations)} note="report into it" />
            <Tile label="Incidents" figure={count(campaign.incidents)} note={`in ${count(campaign.reports)} reports`} />
          </>
        ) : <Tile label="Incidents" figure="–" note="counted in another campaign, whose identifier bears them" />}
        <Tile label="Indicators" figure={count(campaign.indicators)} note="members" />
        <Tile label="First seen" figure={<span class="date">{day(campaign.firstSeen)}</span>} />
        <Tile label="Last seen" figure={<span class="date">{day(campaign.lastSeen)}</span>} note={<Ago at={campaign.lastSeen} />} />
      </div>
      <div class="columns wide-left">
        <Panel title="What it is made of" bare
          note={graph && !graph.tiesKnown ? 'ties are not known to this process; the best stand in the middle' : undefined}>
          {graph
            ? <CampaignGraphView members={members} ties={ties}
              selected={value === null ? null : member?.index ?? null} onSelect={select} />
            : <div class="graph"><div class="empty" role="status">Loading…</div></div>}
        </Panel>
        <Panel title="Why it is listed" class="why">
          {indicator ? <IndicatorDetail indicator={indicator} /> : <div class="empty" role="status">Loading…</div>}
        </Panel>
      </div>
      {graph?.tiesKnown && <TieTables members={members} ties={ties} onSelect={select} />}
      <MemberTable members={members} leftOut={graph?.leftOut ?? 0} selected={member?.index ?? null} onSelect={select} />
      <div class="columns even">
        <Panel title="When">{(page.days ?? []).length > 0 ? <Timeline days={page.days!} /> : <Empty title="No days" />}</Panel>
        <Panel title="Indicators by type"><TypeBars types={page.types ?? []} /></Panel>
      </div>
      <div class="columns three">
        <Panel title="Incidents by country">
          {countries.length > 0 ? (
            <Bars label="Incidents by country" bars={countries.map((one) => ({
              key: one.country, label: countryWord(one.country), parts: [{ size: one.incidents, color: 'var(--accent)' }],
            }))} />
          ) : <Empty title="No country is known" />}
        </Panel>
        <Panel title="Loss by currency"><Losses losses={campaign.losses} /></Panel>
        {organisations.length > 0 && (
          <Panel title="Organisations">
            <Bars label="Reports by organisation" bars={organisations.map((one) => ({
              key: one.organisation, label: one.organisation, parts: [{ size: one.reports ?? 0, color: 'var(--accent)' }],
              text: `${count(one.reports)} reports`,
            }))} />
          </Panel>
        )}
      </div>
      {related.length > 0 && (
        <Panel title="Related campaigns" bare note={`ties to them join nothing${
          related.some((one) => one.throughInfrastructure) ? '; some go through shared infrastructure' : ''}`}>
          <CampaignTable campaigns={related.map((one) => one.campaign)} />
        </Panel>
      )}
    </>
  );
}

export function CampaignView({ id }: { id: string }) {
  const [, navigate] = useLocation();
  const page = useResource<CampaignPage>(`campaigns/${encodeURIComponent(id)}`, 2_000);
  const graph = useResource<CampaignGraph>(`campaigns/${encodeURIComponent(id)}/graph`, 5_000);
  const now = page.data?.campaign.campaignId;
  useEffect(() => {
    // It is part of another one by now, or is called after an older member.
    if (now !== undefined && now !== id) navigate(`/campaigns/${now}${location.hash}`, { replace: true });
  }, [now, id]);
  if (page.error instanceof ApiError && page.error.status === 404) {
    return (
      <Empty title="No such campaign">
        <p>It may have fallen apart, or ended. <Link href="/campaigns">All campaigns</Link></p>
      </Empty>
    );
  }
  if (!page.data) return <Waiting of={page} />;
  return <Page page={page.data} graph={graph.data} id={id} />;
}
