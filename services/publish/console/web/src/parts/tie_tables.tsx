// Which ties hold a campaign together, and which were not let.
import { count } from '../words';
import { Empty, Panel } from './basics';
import type { Member, Tie } from './members';

const kShown = 8;

function TieTable(props: { ties: Tie[]; members: Member[]; last: string; says: (tie: Tie) => string; onSelect: (index: number) => void }) {
  const end = (index: number) => (
    <button type="button" class="pick value" title={props.members[index]?.value} onClick={() => props.onSelect(index)}>{props.members[index]?.value}</button>
  );
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Ties">
      <table class="ties">
        <thead>
          <tr>
            <th scope="col">Between</th><th scope="col" class="number">Incidents</th>
            <th scope="col" class="number phone-hide">Org.</th>
            <th scope="col">{props.last}</th>
          </tr>
        </thead>
        <tbody>
          {props.ties.slice(0, kShown).map((tie) => (
            <tr key={`${tie.first} ${tie.second}`}>
              <td><div class="ends">{end(tie.first)}{end(tie.second)}</div></td>
              <td class="number">{count(tie.incidents)}</td><td class="number phone-hide">{count(tie.organisations)}</td>
              <td>{props.says(tie)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function TieTables({ members, ties, onSelect }: { members: Member[]; ties: Tie[]; onSelect: (index: number) => void }) {
  const joining = ties.filter((tie) => !tie.cut && !tie.sameBase);
  // What holds most on least, first.
  const thinnest = [...joining].sort((a, b) =>
    Number(b.splitsOff > 1) - Number(a.splitsOff > 1) || a.incidents - b.incidents || b.splitsOff - a.splitsOff);
  const cut = ties.filter((tie) => tie.cut).sort((a, b) => b.incidents - a.incidents);
  return (
    <div class="columns even">
      <Panel title="Thinnest ties" bare note={`${count(joining.length)} ties join`}>
        {thinnest.length > 0 ? (
          <TieTable members={members} ties={thinnest} onSelect={onSelect} last="Without it"
            says={(tie) => (tie.splitsOff === 0 ? 'others hold' : `${count(tie.splitsOff)} ${tie.splitsOff === 1 ? 'member falls' : 'members fall'} off`)} />
        ) : <Empty title="Nothing but a common base joins it" />}
      </Panel>
      <Panel title="What was cut" bare note={cut.length > kShown ? `${count(cut.length)} ties, the strongest first` : 'they stand, but join nothing'}>
        {cut.length > 0 ? (
          <TieTable members={members} ties={cut} onSelect={onSelect} last="Why"
            says={(tie) => (tie.infrastructure ? 'shared infrastructure' : 'each has a better home')} />
        ) : <Empty title="Nothing within it was cut" />}
      </Panel>
    </div>
  );
}
