import type { ConsumerStatus } from '../api';
import { useResource, useTick } from '../api';
import { Ago, Empty, Panel, Waiting } from '../parts/basics';
import { count, kActionWords, actionOf, tlpWord } from '../words';

const kPhases: Record<string, string> = {
  opening: 'Opening', snapshot: 'Takes the set', catching_up: 'Catches up', live: 'Live',
};

function Wants({ consumer }: { consumer: ConsumerStatus }) {
  const filter = consumer.filter;
  if (!filter) return <span class="faint">–</span>;
  const types = filter.types?.length ? `${filter.types.length} types` : 'all types';
  return <span class="soft small">{kActionWords[actionOf(filter.minAction)]} and above, {types}, up to {tlpWord(filter.maxTlp)}</span>;
}

function Lag({ consumer }: { consumer: ConsumerStatus }) {
  const waiting = Number(consumer.unacknowledgedRevocations ?? 0);
  if (!consumer.acknowledgedAt) return <span class="faint">never acknowledged</span>;
  if (waiting === 0) return <span class="badge plain">all applied</span>;
  return (
    <span class="badge block" title="The first of them was in the log then">
      {count(waiting)}{consumer.moreRevocations ? '+' : ''} since <Ago at={consumer.oldestUnacknowledgedRevocation} />
    </span>
  );
}

export function ConsumersView() {
  const resource = useResource<{ consumers?: ConsumerStatus[] }>('consumers', 2_000, useTick(2_000));
  const consumers = resource.data?.consumers ?? [];
  return (
    <>
      <div class="page-head"><h1>Consumers</h1></div>
      <Panel title="Who takes the set" note="and which revocations are not applied, as this server knows it" bare>
        {!resource.data ? <Waiting of={resource} /> : consumers.length === 0
          ? <Empty title="Nobody has subscribed yet"><p><code>ringfence subscribe --consumer NAME</code></p></Empty>
          : (
            <div class="scroll" tabIndex={0} role="region" aria-label="Consumers">
              <table>
                <thead>
                  <tr>
                    <th scope="col">Consumer</th><th scope="col">Stream</th><th scope="col" class="phone-hide">Takes</th>
                    <th scope="col" class="number phone-hide">Behind</th><th scope="col">Not applied</th>
                    <th scope="col" class="number phone-hide">Acknowledged</th>
                  </tr>
                </thead>
                <tbody>
                  {consumers.map((consumer) => (
                    <tr key={consumer.consumer}>
                      <td><strong>{consumer.consumer}</strong></td>
                      <td>{consumer.streams ? kPhases[consumer.phase ?? ''] ?? consumer.phase
                        : <span class="faint">gone <Ago at={consumer.heardAt} /></span>}</td>
                      <td class="phone-hide"><Wants consumer={consumer} /></td>
                      <td class="number phone-hide">{count(Number(consumer.sentRecordsBehind ?? 0))}</td>
                      <td><Lag consumer={consumer} /></td>
                      <td class="number nowrap phone-hide"><Ago at={consumer.acknowledgedAt} /></td>
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
