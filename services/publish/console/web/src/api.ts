// What the API gives (proto/ringfence/console/v1, ringfence/v1): protobuf's JSON mapping leaves out
// fields at their default, so all are optional here.
import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';

export interface RoleEvidence { role?: string; incidents?: number; organisations?: number; lastSeen?: string }
export interface Explanation {
  incidents?: number; reports?: number; organisations?: number;
  countries?: string[]; rules?: string[]; byRole?: RoleEvidence[];
}
export interface Indicator {
  indicatorId?: string; type: string; value: string; roles?: string[]; action?: string; score?: number;
  explanation?: Explanation; campaignId?: string; firstSeen?: string; lastSeen?: string;
  expiresAt?: string; tlp?: string; scamTypes?: string[]; sharedInfrastructure?: boolean;
  scope?: string; listedAt?: string; actionSince?: string;
}
export interface Removal { type: string; value: string; reason?: string; removedAt?: string }
export interface Campaign {
  campaignId: string; indicators?: number; incidents?: number; reports?: number; organisations?: number;
  victimsByCountry?: { country: string; incidents: number }[];
  losses?: { currency: string; amount: string }[];
  scamTypes?: string[]; impersonated?: string[]; firstSeen?: string; lastSeen?: string; tlp?: string;
}
export interface TypeCount { type: string; monitored?: number; challenged?: number; blocked?: number }
export interface Counters {
  asOf?: string; changes?: number; monitored?: number; challenged?: number; blocked?: number;
  campaigns?: number; types?: TypeCount[];
}
export interface Change { changedAt: string; indicator?: Indicator; removal?: Removal }
export interface OrganisationTotals { organisation: string; campaigns?: number; reports?: number; alone?: number }
export interface OrganisationPair { first?: number; second?: number; campaigns?: number; incidents?: number }
export interface Overlap { organisations?: OrganisationTotals[]; pairs?: OrganisationPair[]; isPartial?: boolean }
export interface Overview { counters: Counters; news?: Change[]; campaigns?: Campaign[]; overlap?: Overlap }
export interface CampaignPage {
  campaign: Campaign; supersededId?: string; organisations?: OrganisationTotals[]; types?: TypeCount[];
  days?: { day: string; firstSeen?: number; lastSeen?: number }[]; indicators?: Indicator[];
}
export interface Ties {
  first?: number[]; second?: number[]; incidents?: number[]; organisations?: number[]; cut?: boolean[];
  infrastructure?: boolean[]; splitsOff?: number[];
}
export interface RelatedCampaign { campaign: Campaign; ties?: number; throughInfrastructure?: boolean }
export interface CampaignGraph {
  types?: string[]; values?: string[]; actions?: string[]; scores?: number[]; incidents?: number[];
  organisations?: number[]; firstDays?: number[]; lastDays?: number[]; bases?: number[]; shared?: boolean[];
  ties?: Ties; leftOut?: number; tiesKnown?: boolean; tiesLeftOut?: number; related?: RelatedCampaign[];
}
export interface PartnerStatus {
  partner: string; reports?: number; lastHour?: number; lastDay?: number; lastReportAt?: string; rejects?: number;
  rejectsLastDay?: number; problems?: { code: string; count: number }[];
}
export interface HeldReports {
  partner: string; waiting?: string; firstReceived?: string; lastReceived?: string; dropped?: string;
}
export interface StageStatus {
  stage: string; topic: string; partition?: number; logEnd?: string; applied?: string; asOf?: string;
}
export interface Filter { types?: string[]; minAction?: string; minScore?: number; maxTlp?: string }
export interface ConsumerStatus {
  consumer: string; streams?: number; phase?: string; filter?: Filter; sentRecordsBehind?: string; heardAt?: string;
  acknowledgedAt?: string; unacknowledgedRevocations?: number; moreRevocations?: boolean;
  oldestUnacknowledgedRevocation?: string;
}
export interface Override {
  type: string; value: string; effect?: string; reason?: string; expiresAt?: string; setBy?: string; setAt?: string;
  disregardBefore?: string; scope?: string; reference?: string;
}
export interface Reading {
  type: string;
  result?: { indicator?: Indicator; canonicalValue?: string; problemCode?: string };
}
export interface SearchAnswer { results?: { asked: string; readings?: Reading[] }[] }
export interface Session {
  analyst?: boolean; operator?: boolean; clearance?: string; deployment?: string; features?: string[];
}

export class ApiError extends Error {
  constructor(readonly status: number, message: string) { super(message); }
}

async function errorOf(response: Response): Promise<ApiError> {
  let title = `the server answered ${response.status}`;
  try {
    title = (await response.json()).title ?? title;
  } catch { /* no JSON: the status says it */ }
  return new ApiError(response.status, title);
}

async function answerOf<T>(response: Response): Promise<T> {
  if (response.ok) return await response.json() as T;
  throw await errorOf(response);
}

const kAskAgainMax = 3;

// What is busy for a moment says when to ask again.
export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  for (let asked = 1; ; ++asked) {
    const response = await fetch(`/api/v1/${path}`, { signal, headers: { Accept: 'application/json' } });
    const seconds = Number(response.headers.get('Retry-After'));
    if (response.status !== 503 || !seconds || asked > kAskAgainMax) return answerOf(response);
    await new Promise((resolve) => { window.setTimeout(resolve, seconds * 1_000); });
    signal?.throwIfAborted();
  }
}

function send(path: string, body: unknown, accept: string, signal?: AbortSignal): Promise<Response> {
  return fetch(`/api/v1/${path}`, {
    method: 'POST', signal, body: JSON.stringify(body), headers: { 'Content-Type': 'application/json', Accept: accept },
  });
}

export async function post<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  return answerOf(await send(path, body, 'application/json', signal));
}

// A referral pack, and what makes the same one again.
export async function postForFile(path: string, body: unknown): Promise<{ blob: Blob; position: string }> {
  const response = await send(path, body, 'application/zip, application/problem+json');
  if (!response.ok) throw await errorOf(response);
  return { blob: await response.blob(), position: response.headers.get('Ringfence-Position') ?? '' };
}

// The set as it is now, told by the server.
export const counters = signal<Counters | null>(null);
export type Connection = 'connecting' | 'live' | 'polling' | 'lost';
export const connection = signal<Connection>('connecting');
export const session = signal<Session | null>(null);

const kPollEvery = 5_000;
const kEventsAgainAfter = 60_000;

async function poll() {
  try {
    counters.value = (await get<Overview>('overview')).counters;
    connection.value = 'polling';
  } catch {
    connection.value = 'lost';
  }
}

// Follows the server for as long as the page is open; asks from time to time where it gives no stream.
export function follow() {
  let polling: number | undefined;
  const stop = () => { clearInterval(polling); polling = undefined; };
  const open = () => {
    const events = new EventSource('/api/v1/events');
    events.addEventListener('state', (event) => {
      stop();
      counters.value = JSON.parse((event as MessageEvent<string>).data) as Counters;
      connection.value = 'live';
    });
    events.onerror = () => {
      connection.value = 'lost';
      // The browser tries again by itself unless it was refused.
      if (events.readyState !== EventSource.CLOSED) return;
      void poll();
      polling ??= window.setInterval(() => void poll(), kPollEvery);
      window.setTimeout(open, kEventsAgainAfter);
    };
  };
  open();
  get<Session>('session').then((answer) => { session.value = answer; }, () => undefined);
}

export interface Resource<T> { data?: T; error?: ApiError | Error; loading: boolean }

// What stands at `path`, asked for again whenever the set or `version` has changed: for the set, at most once in
// `everyMs`.
export function useResource<T>(path: string | null, everyMs = 1_000, version = 0): Resource<T> {
  const [resource, setResource] = useState<Resource<T>>({ loading: true });
  useEffect(() => {
    setResource((before) => ({ ...before, loading: true }));
    if (path === null) return undefined;
    const abort = new AbortController();
    let asked: number | undefined;
    let timer: number | undefined;
    let running = false;
    let askedAt = 0;
    const ask = async () => {
      running = true;
      askedAt = Date.now();
      asked = counters.value?.changes;
      try {
        const data = await get<T>(path, abort.signal);
        setResource({ data, loading: false });
      } catch (error) {
        if (!abort.signal.aborted) setResource((before) => ({ ...before, error: error as Error, loading: false }));
      }
      running = false;
      consider();
    };
    const consider = () => {
      if (abort.signal.aborted || running || timer !== undefined) return;
      if (counters.value === null || counters.value.changes === asked) return;
      timer = window.setTimeout(() => { timer = undefined; void ask(); },
        Math.max(0, askedAt + everyMs - Date.now()));
    };
    void ask();
    const unsubscribe = counters.subscribe(consider);
    return () => { abort.abort(); window.clearTimeout(timer); unsubscribe(); };
  }, [path, everyMs, version]);
  return resource;
}

// What stands at `path`, asked for again and again, each time `everyMs` after the answer: for what takes long to
// find. Rests while nobody looks.
export function usePolled<T>(path: string | null, everyMs: number): Resource<T> {
  const [resource, setResource] = useState<Resource<T>>({ loading: true });
  useEffect(() => {
    if (path === null) return undefined;
    const abort = new AbortController();
    let timer: number | undefined;
    const ask = async () => {
      try {
        if (!document.hidden) {
          const data = await get<T>(path, abort.signal);
          setResource({ data, loading: false });
        }
      } catch (error) {
        if (!abort.signal.aborted) setResource((before) => ({ ...before, error: error as Error, loading: false }));
      }
      if (!abort.signal.aborted) timer = window.setTimeout(() => void ask(), everyMs);
    };
    void ask();
    return () => { abort.abort(); window.clearTimeout(timer); };
  }, [path, everyMs]);
  return resource;
}

// Counts on, for what changes without the set: `useResource(path, ms, useTick(ms))`. Rests while nobody looks.
export function useTick(everyMs: number): number {
  const [tick, setTick] = useState(0);
  useEffect(() => {
    const timer = window.setInterval(() => { if (!document.hidden) setTick((before) => before + 1); }, everyMs);
    return () => window.clearInterval(timer);
  }, [everyMs]);
  return tick;
}
