import type { StageStatus } from '../api';
import { useResource, useTick } from '../api';
import { Ago, Panel, Waiting } from '../parts/basics';
import { count } from '../words';

export function PipelineView() {
  const resource = useResource<{ stages?: StageStatus[]; quiet?: boolean }>('status', 2_000, useTick(2_000));
  const stages = resource.data?.stages ?? [];
  return (
    <>
      <div class="page-head"><h1>Pipeline</h1></div>
      <Panel title="How far each stage is" note={resource.data && (resource.data.quiet ? 'all that came is applied' : 'at work')} bare>
        {!resource.data ? <Waiting of={resource} /> : (
          <div class="scroll" tabIndex={0} role="region" aria-label="Stages">
            <table class="stages">
              <thead>
                <tr>
                  <th scope="col">Stage</th><th scope="col">Reads</th><th scope="col" class="number">Behind</th>
                  <th scope="col" class="number phone-hide">Applied</th><th scope="col" class="number phone-hide">Its time</th>
                </tr>
              </thead>
              <tbody>
                {stages.map((stage) => (
                  <tr key={`${stage.topic} ${stage.partition ?? 0} ${stage.stage}`}>
                    <td><strong>{stage.stage}</strong></td>
                    <td><code>{stage.topic}</code> <span class="faint">{stage.partition ?? 0}</span></td>
                    <td class="number">{count(Math.max(0, Number(stage.logEnd ?? 0) - Number(stage.applied ?? 0)))}</td>
                    <td class="number phone-hide">{count(Number(stage.applied ?? 0))}</td>
                    <td class="number phone-hide nowrap"><Ago at={stage.asOf} /></td>
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
