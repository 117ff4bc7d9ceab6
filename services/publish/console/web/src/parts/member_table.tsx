// All members as a table: only the rows in sight exist, so that ten thousand are no matter.
import { useMemo, useRef, useState } from 'preact/hooks';
import type { Action } from '../words';
import { count, dayOfNumber, kActionWords, typeWord } from '../words';
import { ActionBadge, Panel } from './basics';
import type { Member } from './members';

const kRowHeight = 36;
const kAround = 12;
const kColumns = [
  { key: 'value', words: 'Value', numeric: false }, { key: 'type', words: 'Type', numeric: false },
  { key: 'action', words: 'Action', numeric: false }, { key: 'score', words: 'Score', numeric: true },
  { key: 'incidents', words: 'Incidents', numeric: true }, { key: 'organisations', words: 'Org.', numeric: true },
  { key: 'firstDay', words: 'First seen', numeric: true }, { key: 'lastDay', words: 'Last seen', numeric: true },
] as const;
type Key = (typeof kColumns)[number]['key'];
const kWidths = ['30%', '13%', '11%', '8%', '9%', '7%', '11%', '11%'];
const kActionOrder: Record<Action, number> = { block: 2, challenge: 1, monitor: 0 };

function compare(a: Member, b: Member, key: Key): number {
  if (key === 'value') return a.value < b.value ? -1 : a.value > b.value ? 1 : 0;
  if (key === 'type') return typeWord(a.type) < typeWord(b.type) ? -1 : typeWord(a.type) > typeWord(b.type) ? 1 : 0;
  if (key === 'action') return kActionOrder[a.action] - kActionOrder[b.action];
  return a[key] - b[key];
}

export function MemberTable(props: {
  members: Member[]; leftOut: number; selected: number | null; onSelect: (index: number) => void;
}) {
  const [text, setText] = useState('');
  const [type, setType] = useState('');
  const [action, setAction] = useState('');
  const [sort, setSort] = useState<{ key: Key; down: boolean }>({ key: 'score', down: true });
  const [top, setTop] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const types = useMemo(() => [...new Set(props.members.map((member) => member.type))].sort(), [props.members]);
  const rows = useMemo(() => {
    const wanted = text.trim().toLowerCase();
    const kept = props.members.filter((member) =>
      (type === '' || member.type === type) && (action === '' || member.action === action) &&
      (wanted === '' || member.value.toLowerCase().includes(wanted)));
    const sign = sort.down ? -1 : 1;
    return kept.sort((a, b) => sign * compare(a, b, sort.key) || a.index - b.index);
  }, [props.members, text, type, action, sort]);
  const from = Math.max(0, Math.floor(top / kRowHeight) - kAround);
  const until = Math.min(rows.length, from + Math.ceil(520 / kRowHeight) + 2 * kAround);
  const restart = () => { box.current?.scrollTo(0, 0); setTop(0); };
  return (
    <Panel title="Indicators" bare
      note={`${count(rows.length)} of ${count(props.members.length)}${props.leftOut > 0 ? `; ${count(props.leftOut)} more are not shown` : ''}`}
      aside={
        <div class="filters">
          <input class="field" type="search" aria-label="Filter by value" placeholder="Filter by value"
            onInput={(event) => { setText(event.currentTarget.value); restart(); }} />
          <select class="field" aria-label="Type" onChange={(event) => { setType(event.currentTarget.value); restart(); }}>
            <option value="">All types</option>
            {types.map((one) => <option key={one} value={one}>{typeWord(one)}</option>)}
          </select>
          <select class="field" aria-label="Action" onChange={(event) => { setAction(event.currentTarget.value); restart(); }}>
            <option value="">All actions</option>
            {(['block', 'challenge', 'monitor'] as const).map((one) => <option key={one} value={one}>{kActionWords[one]}</option>)}
          </select>
        </div>
      }>
      <div class="rows" ref={box} tabIndex={0} role="region" aria-label="Indicators of the campaign"
        onScroll={(event) => setTop(event.currentTarget.scrollTop)}>
        <table aria-rowcount={rows.length + 1}>
          <colgroup>{kWidths.map((width, i) => <col key={i} width={width} />)}</colgroup>
          <thead>
            <tr aria-rowindex={1}>
              {kColumns.map(({ key, words, numeric }) => (
                <th key={key} scope="col" class={numeric ? 'number' : ''}
                  aria-sort={sort.key === key ? (sort.down ? 'descending' : 'ascending') : undefined}>
                  <button type="button" class="sorter"
                    onClick={() => { setSort({ key, down: sort.key === key ? !sort.down : numeric }); restart(); }}>
                    {words}{sort.key === key && <span aria-hidden="true">{sort.down ? ' ↓' : ' ↑'}</span>}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {from > 0 && <tr class="filler" aria-hidden="true"><td colSpan={8} style={{ height: `${from * kRowHeight}px` }} /></tr>}
            {rows.slice(from, until).map((member, i) => (
              <tr key={member.index} class="row" aria-rowindex={from + i + 2} aria-selected={props.selected === member.index}>
                <td><button type="button" class="pick value" title={member.value} onClick={() => props.onSelect(member.index)}>{member.value}</button></td>
                <td>{typeWord(member.type)}</td>
                <td><ActionBadge action={`ACTION_${member.action.toUpperCase()}`} /></td>
                <td class="number">{count(member.score)}</td>
                <td class="number">{count(member.incidents)}</td>
                <td class="number">{count(member.organisations)}</td>
                <td class="number">{dayOfNumber(member.firstDay)}</td>
                <td class="number">{dayOfNumber(member.lastDay)}</td>
              </tr>
            ))}
            {until < rows.length && <tr class="filler" aria-hidden="true"><td colSpan={8} style={{ height: `${(rows.length - until) * kRowHeight}px` }} /></tr>}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
