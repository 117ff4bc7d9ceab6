import type { PartnerStatus } from '../api';
import { session, usePolled, useResource, useTick } from '../api';
import { Ago, Empty, Panel, Waiting } from '../parts/basics';
import type { Held } from '../parts/held';
import { HeldPanel, waiting } from '../parts/held';
import { count } from '../words';

function Problems({ partner }: { partner: PartnerStatus }) {
  const problems = partner.problems ?? [];
  if (problems.length === 0) return <span class="faint">none</span>;
  return (
    <ul class="chips">
      {problems.slice(0, 6).map((problem) => (
        <li key={problem.code} class="badge plain"><code>{problem.code}</code> {count(problem.count)}</li>
      ))}
      {problems.length > 6 && <li class="faint small">+{problems.length - 6}</li>}
    </ul>
  );
}

function HeldBadge({ reports }: { reports: number }) {
  return reports === 0 ? null : <> <span class="badge challenge" title="Beyond its quota">{count(reports)} held</span></>;
}

export function PartnersView() {
  const resource = useResource<{ partners?: PartnerStatus[]; isPartial?: boolean }>('partners', 5_000, useTick(5_000));
  const partners = resource.data?.partners ?? [];
  const held = usePolled<Held>(session.value?.features?.includes('held') ? 'held' : null, 1_000);
  const waits = new Map((held.data?.partners ?? []).map((one) => [one.partner, waiting(one)]));
  return (
    <>
      <div class="page-head"><h1>Partners</h1></div>
      <HeldPanel held={held} />
      <Panel title="What they send" note={resource.data?.isPartial ? 'the first by name only' : 'and what of it could not be used whole'} bare>
        {!resource.data ? <Waiting of={resource} /> : partners.length === 0
          ? <Empty title="Nobody has sent anything yet" />
          : (
            <div class="scroll" tabIndex={0} role="region" aria-label="Partners">
              <table>
                <thead>
                  <tr>
                    <th scope="col">Partner</th><th scope="col" class="number phone-hide">Last hour</th>
                    <th scope="col" class="number">24 hours</th><th scope="col" class="number phone-hide">In all</th>
                    <th scope="col" class="number">Rejects<span class="phone-hide">, 24 hours</span></th>
                    <th scope="col" class="phone-hide">Problems, of the latest rejects</th>
                    <th scope="col" class="number phone-hide">Last report</th>
                  </tr>
                </thead>
                <tbody>
                  {partners.map((partner) => (
                    <tr key={partner.partner}>
                      <td>
                        <strong>{partner.partner}</strong>
                        <HeldBadge reports={waits.get(partner.partner) ?? 0} />
                        <div class="phone-only small faint">last report <Ago at={partner.lastReportAt} /></div>
                        <div class="phone-only"><Problems partner={partner} /></div>
                      </td>
                      <td class="number phone-hide">{count(partner.lastHour)}</td><td class="number">{count(partner.lastDay)}</td>
                      <td class="number phone-hide">{count(partner.reports)}</td>
                      <td class="number">{count(partner.rejectsLastDay)}</td>
                      <td class="phone-hide"><Problems partner={partner} /></td>
                      <td class="number nowrap phone-hide"><Ago at={partner.lastReportAt} /></td>
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
