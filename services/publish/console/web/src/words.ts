// What people read: words for the API's, numbers, times.

const kNames: Record<string, string> = {
  IDENTIFIER_TYPE_PHONE: 'Phone', IDENTIFIER_TYPE_SENDER_ID: 'Sender ID', IDENTIFIER_TYPE_IP: 'IP address',
  IDENTIFIER_TYPE_DOMAIN: 'Domain', IDENTIFIER_TYPE_URL: 'URL', IDENTIFIER_TYPE_EMAIL: 'E-mail',
  IDENTIFIER_TYPE_REMOTE_ACCESS_ID: 'Remote access ID', IDENTIFIER_TYPE_IBAN: 'IBAN',
  IDENTIFIER_TYPE_BANK_ACCOUNT: 'Bank account', IDENTIFIER_TYPE_UPI: 'UPI', IDENTIFIER_TYPE_WALLET: 'Wallet',
  IDENTIFIER_TYPE_PAYMENT_REFERENCE: 'Payment reference', IDENTIFIER_TYPE_GIFT_CARD: 'Gift card',
  IDENTIFIER_TYPE_PAYMENT_CARD: 'Payment card', IDENTIFIER_TYPE_SOCIAL_HANDLE: 'Social handle',
  IDENTIFIER_TYPE_APP: 'App', IDENTIFIER_TYPE_PAYMENT_HANDLE: 'Payment handle',
  IDENTIFIER_ROLE_CALLER_ID: 'Shown as caller', IDENTIFIER_ROLE_CALLBACK: 'Number to call back',
  IDENTIFIER_ROLE_MESSAGE_SENDER: 'Sender of a message', IDENTIFIER_ROLE_REMOTE_HOST: 'Host that connected',
  IDENTIFIER_ROLE_WEB_HOST: 'Web host', IDENTIFIER_ROLE_CONTACT: 'Contact', IDENTIFIER_ROLE_BENEFICIARY: 'Was paid',
  IDENTIFIER_ROLE_TRANSACTION: 'Transaction', IDENTIFIER_ROLE_REMOTE_CONTROLLER: 'Controlled the victim\u2019s device',
  IDENTIFIER_ROLE_VICTIM_SIDE: 'Victim\u2019s side',
};

// Cards and references of payments are never listed: there is nothing to decide about them.
export const kListedTypes = Object.keys(kNames).filter((name) => name.startsWith('IDENTIFIER_TYPE_')
  && !/_(GIFT_CARD|PAYMENT_CARD|PAYMENT_REFERENCE)$/.test(name));
export const kEffects: Record<string, string> = {
  EFFECT_ALLOW: 'Allow: never listed', EFFECT_APPEAL: 'Appeal: watched at most', EFFECT_CONFIRMED: 'Confirmed by its custodian',
  EFFECT_SHARED_INFRASTRUCTURE: 'Shared infrastructure: merges nothing', EFFECT_CANARY: 'Canary: planted',
  EFFECT_WITHHOLD: 'Withhold: counts, never leaves', EFFECT_DISREGARD: 'Void before a date',
};

export function typeWord(type: string): string { return kNames[type] ?? plain(type, 'IDENTIFIER_TYPE_'); }
export function roleWord(role = ''): string { return kNames[role] ?? plain(role, 'IDENTIFIER_ROLE_'); }
export function scamWord(type: string): string { return plain(type, 'SCAM_TYPE_'); }
export function tlpWord(tlp = ''): string {
  return `TLP:${tlp.replace('TLP_', '').replace('AMBER_STRICT', 'AMBER+STRICT') || 'RED'}`;
}

function plain(word: string, prefix: string): string {
  const text = word.replace(prefix, '').replaceAll('_', ' ').toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export type Action = 'block' | 'challenge' | 'monitor';
export function actionOf(action = ''): Action {
  return action === 'ACTION_BLOCK' ? 'block' : action === 'ACTION_CHALLENGE' ? 'challenge' : 'monitor';
}
export const kActionWords: Record<Action, string> = { block: 'Block', challenge: 'Challenge', monitor: 'Monitor' };

// By what an identifier is good for; four groups, so that colours can be told apart.
export type Group = 'contact' | 'web' | 'money' | 'device';
const kGroups: Record<string, Group> = {
  IDENTIFIER_TYPE_DOMAIN: 'web', IDENTIFIER_TYPE_URL: 'web', IDENTIFIER_TYPE_IP: 'web',
  IDENTIFIER_TYPE_IBAN: 'money', IDENTIFIER_TYPE_BANK_ACCOUNT: 'money', IDENTIFIER_TYPE_UPI: 'money',
  IDENTIFIER_TYPE_WALLET: 'money', IDENTIFIER_TYPE_PAYMENT_HANDLE: 'money',
  IDENTIFIER_TYPE_PAYMENT_REFERENCE: 'money', IDENTIFIER_TYPE_PAYMENT_CARD: 'money', IDENTIFIER_TYPE_GIFT_CARD: 'money',
  IDENTIFIER_TYPE_REMOTE_ACCESS_ID: 'device', IDENTIFIER_TYPE_APP: 'device',
};
export function groupOf(type: string): Group { return kGroups[type] ?? 'contact'; }
export const kGroupWords: Record<Group, string> = {
  contact: 'Phone, e-mail, handle', web: 'Domain, URL, IP', money: 'Account, wallet', device: 'Remote access, app',
};

const kRules: Record<string, string> = {
  'quorum.not_reached': 'Fewer than two organisations and two incidents speak for it: only watched.',
  'quorum.two_organisations': 'Two organisations and two incidents speak for it.',
  'quorum.two_organisations_two_incidents_each': 'Two organisations have two incidents each.',
  'quorum.three_organisations': 'Three organisations or more speak for it.',
  'ceiling.custodian_unconfirmed': 'An account is challenged at most until its bank confirms.',
  'ceiling.few_urls': 'A host that was named only through fewer than three URLs is challenged at most.',
  'ceiling.phone_not_seen_lately': 'Not seen for 30 days: a phone number is challenged at most then.',
  'ceiling.untagged_wallet': 'A wallet that serves many by tag, and comes without one, is only watched.',
  'ceiling.ip': 'An IP address is challenged at most.',
  'ceiling.sender_id': 'A sender ID can be anyone\u2019s: only watched.',
  'custodian.confirmed': 'Its custodian confirmed that it served fraud.',
  'list.appeal': 'An operator looks into an appeal: only watched.',
  'weight.canary': 'An organisation that named a canary counts half.',
  'weight.none': 'An organisation that is not listed does not count.',
  'hub.many_contacts': 'Many contacts that do not know each other: shared infrastructure, merges nothing.',
  'hub.shared_infrastructure': 'Declared shared infrastructure: merges nothing.',
  'basis.feed_only': 'Only passed on from feeds: does not count.',
  'role.caller_id_only': 'Seen only as the number shown by a caller, which anyone can forge.',
  'role.spoofable_only': 'Seen only in roles that can be forged.',
  'scope.three_hosts': 'Three hosts below it were named: the whole domain is listed.',
  'list.allowed': 'An operator allowed it.',
};
export function ruleWord(rule: string): string { return kRules[rule] ?? rule; }

const kReasons: Record<string, string> = {
  expired: 'expired', retracted: 'no live report names it any more', allowed: 'allowed by an operator',
  withheld: 'withheld by an operator', below_filter: 'fell below the filter', replaced: 'replaced by a new epoch',
};
export function reasonWord(reason = ''): string { return kReasons[reason] ?? reason; }

const kProblems: Record<string, string> = {
  'phone.no_region': 'a phone number without a country: choose one, or write it with +',
  'phone.not_a_number': 'no phone number', 'phone.not_valid': 'no such phone number can exist',
  'gift_card.raw_refused': 'gift cards are known by their token only',
  'payment_card.raw_refused': 'payment cards are known by their token only',
  'domain.public_suffix': 'a public suffix, below which anyone can register', 'ip.not_public': 'not a public address',
};
export function problemWord(code = ''): string { return kProblems[code] ?? `cannot be read (${code})`; }

const kCounts = new Intl.NumberFormat('en-GB');
export function count(n = 0): string { return kCounts.format(n); }
const kShort = new Intl.NumberFormat('en-GB', { notation: 'compact', maximumFractionDigits: 1 });
export function shortCount(n = 0): string { return n < 10_000 ? count(n) : kShort.format(n); }

// Exact up to the sum's own digits; the amount is a plain decimal.
export function money(amount: string, currency: string): string {
  const [whole = '0', part = ''] = amount.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  const cents = part === '' ? '' : `.${part.padEnd(2, '0')}`;
  return `${currency}\u00a0${grouped}${cents}`;
}

let regions: Intl.DisplayNames | undefined;
export function countryWord(code: string): string {
  regions ??= new Intl.DisplayNames('en', { type: 'region' });
  try {
    return regions.of(code) ?? code;
  } catch {
    return code;
  }
}

// "2026-03-01 09:30", UTC.
export function time(iso?: string): string { return iso ? iso.slice(0, 16).replace('T', ' ') : '\u2013'; }
export function day(iso?: string): string { return iso ? iso.slice(0, 10) : '\u2013'; }
export function dayOfNumber(days: number): string { return new Date(days * 86_400_000).toISOString().slice(0, 10); }

// "4 min ago"; the day where it is long ago.
export function ago(iso: string | undefined, now: number): string {
  if (!iso) return '\u2013';
  const seconds = Math.round((now - Date.parse(iso)) / 1_000);
  if (seconds < 5) return 'now';
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  return seconds < 30 * 86_400 ? `${Math.floor(seconds / 86_400)} d ago` : day(iso);
}

// What an analyst calls it: whom it impersonates, else what kind of fraud it is.
export function campaignTitle(campaign: {
  impersonated?: string[]; scamTypes?: string[]; campaignId: string;
}): string {
  const brands = campaign.impersonated ?? [];
  if (brands.length > 2) return `${brands.slice(0, 2).join(', ')} +${brands.length - 2}`;
  if (brands.length > 0) return brands.join(', ');
  const kinds = campaign.scamTypes ?? [];
  return kinds.length > 0 ? kinds.slice(0, 2).map(scamWord).join(', ') : `Campaign ${campaign.campaignId.slice(0, 8)}`;
}
