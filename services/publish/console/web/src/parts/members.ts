// A campaign's members, from the columns in which they come.
import type { CampaignGraph } from '../api';
import type { Action } from '../words';
import { actionOf } from '../words';

export interface Member {
  index: number; type: string; value: string; action: Action; score: number; incidents: number;
  organisations: number; firstDay: number; lastDay: number; base: number; shared: boolean;
}

// A tie between the members at these places.
export interface Tie {
  first: number; second: number; incidents: number; organisations: number; cut: boolean; infrastructure: boolean;
  splitsOff: number; sameBase: boolean;
}

export function tiesOf(graph: CampaignGraph): Tie[] {
  const columns = graph.ties ?? {};
  return (columns.first ?? []).map((first, i) => ({
    first, second: columns.second?.[i] ?? 0, incidents: columns.incidents?.[i] ?? 0,
    organisations: columns.organisations?.[i] ?? 0, cut: columns.cut?.[i] ?? false,
    infrastructure: columns.infrastructure?.[i] ?? false, splitsOff: columns.splitsOff?.[i] ?? 0,
    sameBase: columns.incidents?.[i] === 0,
  }));
}

export function membersOf(graph: CampaignGraph): Member[] {
  return (graph.values ?? []).map((value, index) => ({
    index, value, type: graph.types?.[index] ?? '', action: actionOf(graph.actions?.[index]),
    score: graph.scores?.[index] ?? 0, incidents: graph.incidents?.[index] ?? 0,
    organisations: graph.organisations?.[index] ?? 0, firstDay: graph.firstDays?.[index] ?? 0,
    lastDay: graph.lastDays?.[index] ?? 0, base: graph.bases?.[index] ?? 0, shared: graph.shared?.[index] ?? false,
  }));
}
